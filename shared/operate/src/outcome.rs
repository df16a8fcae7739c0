//! What became of a run that somebody acted on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::code;

/// What became of a run, or of an event without one.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A message was sent that sets it going.
    Sent,
    /// It was set aside.
    Dismissed,
    /// It is dead again.
    Restored,
    /// It was sent, and its job is done.
    Done,
    /// It was sent, and there was nothing to do.
    Ignored,
    /// It was sent, and something newer had been done.
    Superseded,
    /// It was sent, and waits for what holds it back.
    Waiting,
    /// It was sent, and its first attempt failed; others will follow.
    FailedOnce,
    /// It was sent, and is dead again.
    Dead,
    /// Somebody changed it meanwhile, and nothing was done.
    Changed,
    /// A worker had it, and nothing was done.
    Running,
    /// Its delivery is not stored any more, and nothing was done.
    BodyGone,
    /// The stored body is not the one that was received, and nothing was done.
    Altered,
}

impl Outcome {
    /// Its name.
    #[must_use]
    pub fn name(self) -> String {
        code(&self)
    }

    /// Whether a run that was set going has failed.
    pub(crate) fn is_failed(self) -> bool {
        matches!(self, Self::Dead | Self::FailedOnce)
    }

    /// Whether nobody has to look at it any more.
    #[must_use]
    pub fn is_settled(self) -> bool {
        matches!(
            self,
            Self::Sent
                | Self::Dismissed
                | Self::Restored
                | Self::Done
                | Self::Ignored
                | Self::Superseded
        )
    }
}

/// Why an event cannot be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsendable {
    BodyGone,
    Altered,
}

impl From<Unsendable> for Outcome {
    fn from(why: Unsendable) -> Self {
        match why {
            Unsendable::BodyGone => Self::BodyGone,
            Unsendable::Altered => Self::Altered,
        }
    }
}

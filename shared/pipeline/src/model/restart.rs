//! What a person asks of a run that is set going again.

use serde::{Deserialize, Serialize};

use crate::model::names::OperationId;

/// Which operation sets a run going again, and how. It counts where the reference's generation is
/// higher than the run's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// The operation.
    pub operation: OperationId,
    /// From where on.
    #[serde(default)]
    pub mode: Mode,
    /// Under which effect keys.
    #[serde(default)]
    pub effects: Effects,
}

/// From where on a run goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// From the first step that is not saved.
    #[default]
    Resume,
    /// From its first step; saved results are dropped.
    StartOver,
    /// The same for a run that is done or was ignored, too.
    Again,
}

/// Under which effect keys a run's steps go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effects {
    /// The same as before: a target that honours keys does nothing twice.
    #[default]
    Same,
    /// New ones: everything happens again, on purpose.
    New,
}

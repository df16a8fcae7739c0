//! The state of a run, and how an attempt ends.

use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::model::failure::{ErrorClass, Failure};
use crate::model::names::{CellName, CodeVersion, StepName};

/// The cause of a run that waits for its job to be registered again, and the reason of one that
/// waited for it in vain.
pub const JOB_UNREGISTERED: &str = "job_unregistered";

/// The state of a run, with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, IntoStaticStr, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RunState {
    /// A worker has it.
    Running {
        /// Until when nobody else may claim it.
        #[serde(rename = "lease_until_ms")]
        lease_until: EpochMillis,
    },
    /// An attempt failed; another will follow.
    Retrying {
        /// Not before this time.
        #[serde(rename = "not_before_ms")]
        not_before: EpochMillis,
    },
    /// The job was put off; nothing went wrong, and the attempt does not count.
    Waiting {
        /// Not before this time.
        #[serde(rename = "not_before_ms")]
        not_before: EpochMillis,
        /// What it waits for.
        cause: String,
    },
    /// The job has done its work.
    Done,
    /// The job decided that there is nothing to do.
    Ignored {
        /// Why.
        cause: String,
    },
    /// No further attempt is made.
    Dead {
        /// Why.
        reason: DeadReason,
        /// Whether the dead letter has been sent.
        dead_lettered: bool,
    },
    /// Dead, and set aside by a person: no message claims it.
    Dismissed {
        /// Why no further attempt was made.
        reason: DeadReason,
        /// Who set it aside.
        #[serde(rename = "dismissed_by")]
        by: String,
        /// Why, in that person's words.
        #[serde(rename = "dismissed_why")]
        why: String,
    },
}

/// Why no further attempt is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum DeadReason {
    /// The failure cannot go away by itself.
    Permanent,
    /// The last attempt that the policy grants failed.
    AttemptsExhausted,
    /// The workers that had the last attempts never reported.
    WorkerDied,
    /// The next attempt would come after the stored delivery, or the run's record, is deleted.
    WaitTooLong,
    /// Its job was not registered for as long as it could wait.
    JobUnregistered,
}

/// One try of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// The version of the code that made it.
    pub code: CodeVersion,
    /// When it began.
    #[serde(rename = "started_at_ms")]
    pub started_at: EpochMillis,
    /// How it ended. `None`: it is under way, or its worker died.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ending>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// When.
    #[serde(rename = "at_ms")]
    pub at: EpochMillis,
    /// The step it got to, if it has begun one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepName>,
    /// What came of it.
    pub result: AttemptResult,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum AttemptResult {
    /// The work is done.
    Done,
    /// There was nothing to do.
    Ignored,
    /// It was put off.
    Deferred,
    /// Something went wrong.
    Failed(AttemptFailure),
}

/// What went wrong in an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptFailure {
    /// The class.
    pub class: ErrorClass,
    /// A short message.
    pub message: String,
}

/// How a run that was claimed goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// It is done.
    Done,
    /// There was nothing to do.
    Ignored(String),
    /// It was put off until that time, for this cause.
    Defer(EpochMillis, String),
    /// It was put off likewise, by this breaker.
    HeldBack(EpochMillis, String, CellName),
    /// It failed and is tried again at that time.
    Retry(EpochMillis, Failure),
    /// It failed permanently.
    Dead(DeadReason, Failure),
}

impl Settlement {
    /// When the next attempt is made at the earliest, if one follows.
    #[must_use]
    pub fn not_before(&self) -> Option<EpochMillis> {
        match self {
            Self::Defer(time, _) | Self::HeldBack(time, ..) | Self::Retry(time, _) => Some(*time),
            Self::Done | Self::Ignored(_) | Self::Dead(..) => None,
        }
    }
}

impl RunState {
    /// The state's name, as recorded.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.into()
    }
}

impl DeadReason {
    /// A stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.into()
    }
}

impl Attempt {
    pub(super) fn started(number: u32, code: CodeVersion, started_at: EpochMillis) -> Self {
        Self { number, code, started_at, ended: None }
    }
}

impl Ending {
    /// What went wrong, if something did.
    #[must_use]
    pub fn failure(&self) -> Option<&AttemptFailure> {
        match &self.result {
            AttemptResult::Failed(failure) => Some(failure),
            AttemptResult::Done | AttemptResult::Ignored | AttemptResult::Deferred => None,
        }
    }
}

impl AttemptResult {
    pub(super) fn of(settlement: &Settlement) -> Self {
        match settlement {
            Settlement::Done => Self::Done,
            Settlement::Ignored(_) => Self::Ignored,
            Settlement::Defer(..) | Settlement::HeldBack(..) => Self::Deferred,
            Settlement::Retry(_, failure) | Settlement::Dead(_, failure) => {
                Self::Failed(failure.into())
            }
        }
    }

    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.into()
    }
}

impl From<&Failure> for AttemptFailure {
    fn from(failure: &Failure) -> Self {
        Self { class: failure.class(), message: failure.message().to_owned() }
    }
}

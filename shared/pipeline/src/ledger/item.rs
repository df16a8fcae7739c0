//! The stored forms of runs and events: flat, versioned, readable in a database console.

use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};

use crate::ledger::event::EventRef;
use crate::ledger::run::{Run, RunId};
use crate::ledger::state::{Attempt, AttemptFailure, AttemptResult, DeadReason, Ending, RunState};
use crate::ledger::step::{Saved, StepRecord, StepResult};
use crate::ledger::stored::{UnreadableItem, VERSION};
use crate::model::failure::ErrorClass;
use crate::model::names::{
    BodyDigest, CodeVersion, EndpointId, EventKey, JobName, Owner, StepName,
};

/// A stored run. Times are milliseconds since the epoch, but for `expires_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunItem {
    /// The version of this form.
    pub version: u32,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// The event key.
    pub event_key: EventKey,
    /// The job.
    pub job: JobName,
    /// The name of the state.
    pub state: String,
    /// While running: until when nobody else may claim the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_until_ms: Option<i64>,
    /// While retrying or waiting: when the next attempt is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before_ms: Option<i64>,
    /// When ignored or waiting: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// When dead: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When dead: whether the dead letter has been sent.
    #[serde(default)]
    pub dead_lettered: bool,
    /// The worker that claimed the run last.
    pub owner: Owner,
    /// How often the run was claimed.
    pub attempt: u32,
    /// How often it was set going again by hand.
    pub generation: u32,
    /// How many of its attempts do not count.
    pub uncounted_attempts: u32,
    /// How many of the others it is granted besides what its policy grants.
    pub excused_attempts: u32,
    /// How often the present claim has written.
    pub writes: u32,
    /// The last attempts, oldest first.
    pub attempts: Vec<AttemptItem>,
    /// The steps, in the order in which they were first begun.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepItem>,
    /// When the run was first claimed.
    pub opened_at_ms: i64,
    /// When it last changed.
    pub updated_at_ms: i64,
    /// When the record may be cleaned up, in seconds since the epoch.
    pub expires_at: i64,
}

/// A stored attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptItem {
    /// Its number.
    pub number: u32,
    /// The version of the code that made it.
    pub code: CodeVersion,
    /// When it began.
    pub started_at_ms: i64,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at_ms: Option<i64>,
    /// The step it got to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepName>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// What went wrong: the class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_class: Option<String>,
    /// What went wrong: the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

/// A stored step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepItem {
    /// Its name.
    pub name: StepName,
    /// The attempt that began it last.
    pub attempt: u32,
    /// When that was.
    pub started_at_ms: i64,
    /// When its result was saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_at_ms: Option<i64>,
    /// Its result, if that is in the run: JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// The digest of its result, if that is kept as a document. Code that does not know this field
    /// finds a saved step without a result, and leaves the run to code that does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_sha256: Option<BodyDigest>,
    /// The size of that document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_bytes: Option<u64>,
}

impl From<&Run> for RunItem {
    fn from(run: &Run) -> Self {
        let mut item = Self {
            version: VERSION,
            endpoint: run.id.event.endpoint.clone(),
            event_key: run.id.event.key.clone(),
            job: run.id.job.clone(),
            state: run.state.name().to_owned(),
            lease_until_ms: None,
            not_before_ms: None,
            cause: None,
            reason: None,
            dead_lettered: false,
            owner: run.owner.clone(),
            attempt: run.attempt,
            generation: run.generation,
            uncounted_attempts: run.uncounted_attempts,
            excused_attempts: run.excused_attempts,
            writes: run.writes,
            attempts: run.attempts.iter().map(AttemptItem::from).collect(),
            steps: run.steps.iter().map(StepItem::from).collect(),
            opened_at_ms: run.opened_at.get(),
            updated_at_ms: run.updated_at.get(),
            expires_at: run.expires_at().to_seconds().get(),
        };
        match &run.state {
            RunState::Running { lease_until } => item.lease_until_ms = Some(lease_until.get()),
            RunState::Retrying { not_before } => item.not_before_ms = Some(not_before.get()),
            RunState::Waiting { not_before, cause } => {
                item.not_before_ms = Some(not_before.get());
                item.cause = Some(cause.clone());
            }
            RunState::Done => {}
            RunState::Ignored { cause } => item.cause = Some(cause.clone()),
            RunState::Dead { reason, dead_lettered } => {
                item.reason = Some(reason.code().to_owned());
                item.dead_lettered = *dead_lettered;
            }
        }
        item
    }
}

impl TryFrom<RunItem> for Run {
    type Error = UnreadableItem;

    fn try_from(item: RunItem) -> Result<Self, UnreadableItem> {
        if item.version != VERSION {
            return Err(UnreadableItem::Version(item.version));
        }
        Ok(Self {
            state: item.run_state()?,
            id: RunId {
                event: EventRef { endpoint: item.endpoint, key: item.event_key },
                job: item.job,
            },
            owner: item.owner,
            attempt: item.attempt,
            generation: item.generation,
            uncounted_attempts: item.uncounted_attempts,
            excused_attempts: item.excused_attempts,
            writes: item.writes,
            attempts: item.attempts.into_iter().map(Attempt::try_from).collect::<Result<_, _>>()?,
            steps: item.steps.into_iter().map(StepRecord::try_from).collect::<Result<_, _>>()?,
            opened_at: EpochMillis::new(item.opened_at_ms),
            updated_at: EpochMillis::new(item.updated_at_ms),
        })
    }
}

impl RunItem {
    fn run_state(&self) -> Result<RunState, UnreadableItem> {
        let time = |millis: Option<i64>, field| {
            millis.map(EpochMillis::new).ok_or(UnreadableItem::Field(field))
        };
        match self.state.as_str() {
            "running" => {
                Ok(RunState::Running { lease_until: time(self.lease_until_ms, "lease_until_ms")? })
            }
            "retrying" => {
                Ok(RunState::Retrying { not_before: time(self.not_before_ms, "not_before_ms")? })
            }
            "waiting" => Ok(RunState::Waiting {
                not_before: time(self.not_before_ms, "not_before_ms")?,
                cause: self.cause.clone().unwrap_or_default(),
            }),
            "done" => Ok(RunState::Done),
            "ignored" => Ok(RunState::Ignored { cause: self.cause.clone().unwrap_or_default() }),
            "dead" => {
                let reason = self.reason.as_deref().and_then(DeadReason::from_code);
                let reason = reason.ok_or(UnreadableItem::Field("reason"))?;
                Ok(RunState::Dead { reason, dead_lettered: self.dead_lettered })
            }
            _ => Err(UnreadableItem::Field("state")),
        }
    }
}

impl From<&Attempt> for AttemptItem {
    fn from(attempt: &Attempt) -> Self {
        let ended = attempt.ended.as_ref();
        let failure = ended.and_then(Ending::failure);
        Self {
            number: attempt.number,
            code: attempt.code.clone(),
            started_at_ms: attempt.started_at.get(),
            ended_at_ms: ended.map(|ending| ending.at.get()),
            step: ended.and_then(|ending| ending.step.clone()),
            result: ended.map(|ending| ending.result.code().to_owned()),
            error_class: failure.map(|failure| failure.class.code().to_owned()),
            error_message: failure.map(|failure| failure.message.clone()),
        }
    }
}

impl TryFrom<AttemptItem> for Attempt {
    type Error = UnreadableItem;

    fn try_from(mut item: AttemptItem) -> Result<Self, UnreadableItem> {
        let ended = match item.ended_at_ms {
            None => None,
            Some(at) => Some(Ending {
                at: EpochMillis::new(at),
                step: item.step.take(),
                result: item.attempt_result()?,
            }),
        };
        Ok(Self {
            number: item.number,
            code: item.code,
            started_at: EpochMillis::new(item.started_at_ms),
            ended,
        })
    }
}

impl AttemptItem {
    fn attempt_result(&mut self) -> Result<AttemptResult, UnreadableItem> {
        match self.result.as_deref() {
            Some("done") => Ok(AttemptResult::Done),
            Some("ignored") => Ok(AttemptResult::Ignored),
            Some("deferred") => Ok(AttemptResult::Deferred),
            Some("failed") => {
                let class = self.error_class.as_deref().and_then(ErrorClass::from_code);
                let class = class.ok_or(UnreadableItem::Field("error_class"))?;
                let message = self.error_message.take().unwrap_or_default();
                Ok(AttemptResult::Failed(AttemptFailure { class, message }))
            }
            _ => Err(UnreadableItem::Field("result")),
        }
    }
}

impl From<&StepRecord> for StepItem {
    fn from(step: &StepRecord) -> Self {
        let mut item = Self {
            name: step.name.clone(),
            attempt: step.attempt,
            started_at_ms: step.started_at.get(),
            saved_at_ms: step.saved.as_ref().map(|saved| saved.at.get()),
            result: None,
            result_sha256: None,
            result_bytes: None,
        };
        match step.saved.as_ref().map(|saved| &saved.result) {
            Some(StepResult::Inline(json)) => item.result = Some(json.clone()),
            Some(StepResult::Kept { sha256, bytes }) => {
                item.result_sha256 = Some(sha256.clone());
                item.result_bytes = Some(*bytes);
            }
            None => {}
        }
        item
    }
}

impl TryFrom<StepItem> for StepRecord {
    type Error = UnreadableItem;

    fn try_from(item: StepItem) -> Result<Self, UnreadableItem> {
        let result = match (item.result, item.result_sha256, item.result_bytes) {
            (Some(json), None, None) => Some(StepResult::Inline(json)),
            (None, Some(sha256), Some(bytes)) => Some(StepResult::Kept { sha256, bytes }),
            (None, None, None) => None,
            _ => return Err(UnreadableItem::Field("result")),
        };
        let saved = match (item.saved_at_ms, result) {
            (Some(at), Some(result)) => Some(Saved { at: EpochMillis::new(at), result }),
            (None, None) => None,
            _ => return Err(UnreadableItem::Field("result")),
        };
        Ok(Self {
            name: item.name,
            attempt: item.attempt,
            started_at: EpochMillis::new(item.started_at_ms),
            saved,
        })
    }
}

//! The stored form of a run: versioned, and flat where a store compares or sorts by a field.

use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};

use crate::ledger::event::EventRef;
use crate::ledger::run::{Run, RunId};
use crate::ledger::state::{Attempt, DeadReason, RunState};
use crate::ledger::step::StepRecord;
use crate::ledger::stored::{UnreadableItem, VERSION};
use crate::ledger::wake::Wake;
use crate::model::names::{EndpointId, EventKey, JobName, OperationId, Owner};

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
    pub reason: Option<DeadReason>,
    /// When dead: whether the dead letter has been sent.
    #[serde(default)]
    pub dead_lettered: bool,
    /// When dismissed: who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissed_by: Option<String>,
    /// When dismissed: why, in that person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissed_why: Option<String>,
    /// The worker that claimed the run last.
    pub owner: Owner,
    /// How often the run was claimed.
    pub attempt: u32,
    /// How often it was set going again by hand.
    pub generation: u32,
    /// The operation that set it going last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// The generation that its effect keys carry.
    pub effects_of: u32,
    /// How many of its attempts do not count.
    pub uncounted_attempts: u32,
    /// How many of the others it is granted besides what its policy grants.
    pub excused_attempts: u32,
    /// How often the present claim has written.
    pub writes: u32,
    /// The last attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// The steps, in the order in which they were first begun.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepRecord>,
    /// What wakes the run, if it waits in the ledger alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake: Option<Box<Wake>>,
    /// When the run was first claimed.
    pub opened_at_ms: i64,
    /// When it last changed.
    pub updated_at_ms: i64,
    /// When the record may be cleaned up, in seconds since the epoch.
    pub expires_at: i64,
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
            dismissed_by: None,
            dismissed_why: None,
            owner: run.owner.clone(),
            attempt: run.attempt,
            generation: run.generation,
            operation: run.operation.clone(),
            effects_of: run.effects_of,
            uncounted_attempts: run.uncounted_attempts,
            excused_attempts: run.excused_attempts,
            writes: run.writes,
            attempts: run.attempts.clone(),
            steps: run.steps.clone(),
            wake: run.wake.clone(),
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
                item.reason = Some(*reason);
                item.dead_lettered = *dead_lettered;
            }
            RunState::Dismissed { reason, by, why } => {
                item.reason = Some(*reason);
                item.dismissed_by = Some(by.clone());
                item.dismissed_why = Some(why.clone());
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
            operation: item.operation,
            effects_of: item.effects_of,
            uncounted_attempts: item.uncounted_attempts,
            excused_attempts: item.excused_attempts,
            writes: item.writes,
            attempts: item.attempts,
            steps: item.steps,
            wake: item.wake,
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
                let reason = self.reason.ok_or(UnreadableItem::Field("reason"))?;
                Ok(RunState::Dead { reason, dead_lettered: self.dead_lettered })
            }
            "dismissed" => Ok(RunState::Dismissed {
                reason: self.reason.ok_or(UnreadableItem::Field("reason"))?,
                by: self.dismissed_by.clone().unwrap_or_default(),
                why: self.dismissed_why.clone().unwrap_or_default(),
            }),
            _ => Err(UnreadableItem::Field("state")),
        }
    }
}

//! Runs and their moves.

use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};

use crate::ledger::event::EventRef;
use crate::ledger::state::{
    Attempt, AttemptFailure, AttemptResult, DeadReason, Ending, RunState, Settlement,
};
use crate::ledger::step::StepRecord;
use crate::ledger::stored::RECORD_LIFE;
use crate::ledger::wake::Wake;
use crate::model::failure::recorded;
use crate::model::names::{CodeVersion, JobName, OperationId, Owner};
use crate::model::restart::Restart;

/// One job for one event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunId {
    /// The event.
    #[serde(flatten)]
    pub event: EventRef,
    /// The job.
    pub job: JobName,
}

/// What a worker brings along to claim a run.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The token only this worker knows.
    pub owner: Owner,
    /// The version of the code it runs.
    pub code: CodeVersion,
    /// The time of the claim.
    pub now: EpochMillis,
    /// Until when nobody else may claim.
    pub lease_until: EpochMillis,
    /// The generation of the message.
    pub generation: u32,
    /// How the message sets the run going again, if a person has said so.
    pub restart: Option<Restart>,
}

/// What a stored run must still carry for a write to succeed: nobody has claimed or settled it
/// since it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The last worker that claimed the run.
    pub owner: Owner,
    /// The number of that claim.
    pub attempt: u32,
    /// The state that claim was left in.
    pub state: &'static str,
    /// How often that claim has written since.
    pub writes: u32,
}

/// One job for one event, as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Which one.
    #[serde(flatten)]
    pub id: RunId,
    /// Its state.
    #[serde(flatten)]
    pub state: RunState,
    /// The worker that claimed it last.
    pub owner: Owner,
    /// How often it was claimed, over all generations.
    pub attempt: u32,
    /// How often it was set going again by hand.
    pub generation: u32,
    /// The operation that set it going last, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// The generation that its effect keys carry: 0, or that from which on everything happens again.
    pub effects_of: u32,
    /// How many of its attempts do not count: those of earlier generations, and those that were
    /// put off.
    pub uncounted_attempts: u32,
    /// How many of the others it is granted besides what its policy grants: those whose worker
    /// died beside other runs.
    pub excused_attempts: u32,
    /// How often the present claim has written.
    pub writes: u32,
    /// The last attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// Its steps, in the order in which they were first begun.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepRecord>,
    /// What wakes it, if it was ever left to the ledger. It has that until it ends: its message may
    /// have been deleted, by whoever met it as it waited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake: Option<Box<Wake>>,
    /// When it was first claimed.
    #[serde(rename = "opened_at_ms")]
    pub opened_at: EpochMillis,
    /// When it last changed.
    #[serde(rename = "updated_at_ms")]
    pub updated_at: EpochMillis,
}

/// Why a run cannot be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unclaimable {
    /// Not before this time: a worker has it, or it waits for its next attempt.
    Until {
        /// That time.
        time: EpochMillis,
        /// Whether it waits in the ledger alone, and needs no message.
        has_wake: bool,
    },
    /// It has ended.
    Ended,
    /// It is dead, and its dead letter may not have been sent.
    NotDeadLettered(Box<Run>),
}

impl Run {
    /// A run that did not exist, claimed.
    #[must_use]
    pub fn opened(id: RunId, claim: &Claim) -> Self {
        Self {
            id,
            state: RunState::Running { lease_until: claim.lease_until },
            owner: claim.owner.clone(),
            attempt: 1,
            generation: claim.generation,
            operation: claim.restart.as_ref().map(|restart| restart.operation.clone()),
            effects_of: 0,
            uncounted_attempts: 0,
            excused_attempts: 0,
            writes: 0,
            attempts: vec![Attempt::started(1, claim.code.clone(), claim.now)],
            steps: Vec::new(),
            wake: None,
            opened_at: claim.now,
            updated_at: claim.now,
        }
    }

    /// A run that did not exist and that waits before its first claim.
    pub(crate) fn never_claimed(id: RunId, claim: &Claim) -> Self {
        Self { attempt: 0, attempts: Vec::new(), ..Self::opened(id, claim) }
    }

    /// The run while its job is not registered, or somebody holds it: it waits, and no attempt is
    /// made of that.
    #[must_use]
    pub fn waiting_unclaimed(
        &self,
        not_before: EpochMillis,
        cause: &str,
        wake: Option<Wake>,
        at: EpochMillis,
    ) -> Self {
        let cause = recorded(cause.to_owned());
        let waiting = self.moved(RunState::Waiting { not_before, cause }, at);
        Self { wake: wake.map(Box::new), ..waiting }
    }

    /// The run that has waited like that for as long as it could.
    #[must_use]
    pub fn given_up_unclaimed(&self, reason: DeadReason, at: EpochMillis) -> Self {
        self.moved(RunState::Dead { reason, dead_lettered: false }, at)
    }

    /// A move that no claim makes, so it counts as a write of the last one.
    fn moved(&self, state: RunState, at: EpochMillis) -> Self {
        let (wake, writes) = (self.wake_after(at), self.writes.saturating_add(1));
        Self { state, wake, writes, updated_at: at, ..self.clone() }
    }

    /// The run after its attempt ended. With something to wake it, it waits without a message.
    #[must_use]
    pub fn settled(&self, settlement: Settlement, wake: Option<Wake>, at: EpochMillis) -> Self {
        let mut next = Self { updated_at: at, ..self.clone() };
        if let Some(attempt) = next.attempts.last_mut() {
            let step = self.step_reached().cloned();
            attempt.ended = Some(Ending { at, step, result: AttemptResult::of(&settlement) });
        }
        next.wake = match settlement {
            Settlement::Done | Settlement::Ignored(_) => None,
            Settlement::Dead(..) => self.wake_after(at),
            Settlement::Retry(..) | Settlement::Defer(..) | Settlement::HeldBack(..) => {
                wake.map(Box::new)
            }
        };
        next.state = match settlement {
            Settlement::Done => RunState::Done,
            Settlement::Ignored(cause) => RunState::Ignored { cause: recorded(cause) },
            Settlement::Retry(not_before, _) => RunState::Retrying { not_before },
            Settlement::Defer(not_before, cause) | Settlement::HeldBack(not_before, cause, _) => {
                next.uncounted_attempts = next.uncounted_attempts.saturating_add(1);
                RunState::Waiting { not_before, cause: recorded(cause) }
            }
            Settlement::Dead(reason, _) => RunState::Dead { reason, dead_lettered: false },
        };
        next
    }

    /// A dead run whose dead letter has been sent. Other runs stay as they are.
    #[must_use]
    pub fn dead_lettered(&self) -> Self {
        match self.state {
            RunState::Dead { reason, .. } => {
                let state = RunState::Dead { reason, dead_lettered: true };
                Self { state, wake: None, ..self.clone() }
            }
            _ => self.clone(),
        }
    }

    /// What the stored run must still carry for the next write.
    #[must_use]
    pub fn fence(&self) -> Fence {
        Fence {
            owner: self.owner.clone(),
            attempt: self.attempt,
            state: self.state.name(),
            writes: self.writes,
        }
    }

    /// Whether the worker that claimed `claimed` still holds this run.
    #[must_use]
    pub fn is_held_like(&self, claimed: &Self) -> bool {
        self.owner == claimed.owner
            && self.attempt == claimed.attempt
            && matches!(self.state, RunState::Running { .. })
    }

    /// Whether the worker that claimed the run last is known to be dead: its lease is over, and it
    /// has not said how its attempt ended.
    #[must_use]
    pub fn is_abandoned(&self, now: EpochMillis) -> bool {
        matches!(self.state, RunState::Running { lease_until } if lease_until <= now)
    }

    /// The run whose worker is known to be dead before its lease is over: from now on it is
    /// abandoned. It counts as a write, so that whoever has read the run before writes in vain.
    #[must_use]
    pub fn abandoned(&self, at: EpochMillis) -> Self {
        match self.state {
            RunState::Running { lease_until } if at < lease_until => {
                self.moved(RunState::Running { lease_until: at }, at)
            }
            _ => self.clone(),
        }
    }

    /// How many attempts it has had since it began or was set going again, without those that were
    /// put off.
    #[must_use]
    pub fn counted_attempts(&self) -> u32 {
        self.attempt.saturating_sub(self.uncounted_attempts)
    }

    /// How many of the attempts that its policy grants are used up.
    #[must_use]
    pub fn spent_attempts(&self) -> u32 {
        self.counted_attempts().saturating_sub(self.excused_attempts)
    }

    /// What went wrong last, if anything is known of it.
    #[must_use]
    pub fn last_failure(&self) -> Option<&AttemptFailure> {
        self.attempts.iter().rev().find_map(|attempt| attempt.ended.as_ref()?.failure())
    }

    /// When the record's life ends. Until the store has cleaned it up, a claim treats it as gone.
    #[must_use]
    pub fn expires_at(&self) -> EpochMillis {
        self.updated_at.plus(RECORD_LIFE)
    }
}

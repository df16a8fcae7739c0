//! The jobs of an event, as the account shows them.

use hookdock_pipeline::job::result_document;
use hookdock_pipeline::ledger::{Attempt, Run, RunState, StepRecord, StepResult};
use hookdock_signature::EpochMillis;
use jiff::Timestamp;
use serde::Serialize;

/// One job for the event.
#[derive(Debug, Serialize)]
pub(super) struct RunAccount {
    pub(super) job: String,
    pub(super) state: &'static str,
    /// Why, where the state has a reason.
    pub(super) cause: Option<String>,
    pub(super) attempts_counted: u32,
    pub(super) attempts: Vec<AttemptAccount>,
    pub(super) steps: Vec<StepAccount>,
    pub(super) next: Next,
}

/// One try.
#[derive(Debug, Serialize)]
pub(super) struct AttemptAccount {
    pub(super) number: u32,
    pub(super) code: String,
    pub(super) started_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) result: Option<&'static str>,
    pub(super) step: Option<String>,
    pub(super) error_class: Option<&'static str>,
    pub(super) error_message: Option<String>,
}

/// One step. What it yielded is business, and stays out.
#[derive(Debug, Serialize)]
pub(super) struct StepAccount {
    pub(super) name: String,
    pub(super) state: StepState,
    pub(super) attempt: u32,
    pub(super) started_at: Timestamp,
    pub(super) saved_at: Option<Timestamp>,
    /// Where its result is, if it is too large for the ledger.
    pub(super) document: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StepState {
    /// Its result is saved.
    Saved,
    /// The attempt that began it is under way.
    Running,
    /// The attempt that began it failed there, and said so.
    Failed,
    /// It began, and nothing is known of it: the worker died, or the attempt ended elsewhere.
    Unknown,
}

/// What will happen without anybody's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub(super) enum Next {
    /// Nothing: the run has ended.
    Nothing,
    /// A worker has it; should it die, another takes over from then on.
    TakeOver { from: Timestamp },
    /// The next attempt.
    Attempt { not_before: Timestamp },
    /// Nothing, until a person moves the dead letter back.
    DeadLetter { sent: bool },
}

impl RunAccount {
    pub(super) fn of(run: &Run) -> Self {
        Self {
            job: run.id.job.to_string(),
            state: run.state.name(),
            cause: match &run.state {
                RunState::Ignored { cause } | RunState::Waiting { cause, .. } => {
                    Some(cause.clone())
                }
                RunState::Dead { reason, .. } => Some(reason.code().to_owned()),
                RunState::Running { .. } | RunState::Retrying { .. } | RunState::Done => None,
            },
            attempts_counted: run.counted_attempts(),
            attempts: run.attempts.iter().map(AttemptAccount::of).collect(),
            steps: run.steps.iter().map(|step| StepAccount::of(step, run)).collect(),
            next: Next::of(&run.state),
        }
    }
}

impl AttemptAccount {
    fn of(attempt: &Attempt) -> Self {
        let ended = attempt.ended.as_ref();
        let failure = ended.and_then(|ending| ending.failure());
        Self {
            number: attempt.number,
            code: attempt.code.to_string(),
            started_at: time(attempt.started_at),
            ended_at: ended.map(|ending| time(ending.at)),
            result: ended.map(|ending| ending.result.code()),
            step: ended.and_then(|ending| ending.step.as_ref()).map(ToString::to_string),
            error_class: failure.map(|failure| failure.class.code()),
            error_message: failure.map(|failure| failure.message.clone()),
        }
    }
}

impl StepAccount {
    fn of(step: &StepRecord, run: &Run) -> Self {
        Self {
            name: step.name.to_string(),
            state: StepState::of(step, run),
            attempt: step.attempt,
            started_at: time(step.started_at),
            saved_at: step.saved.as_ref().map(|saved| time(saved.at)),
            document: step.saved.as_ref().and_then(|saved| match &saved.result {
                StepResult::Inline(_) => None,
                StepResult::Kept { sha256, .. } => {
                    Some(format!("documents/{}", result_document(&run.id, &step.name, sha256)))
                }
            }),
        }
    }
}

impl StepState {
    fn of(step: &StepRecord, run: &Run) -> Self {
        let attempt = run.attempts.iter().find(|attempt| attempt.number == step.attempt);
        let ended = attempt.and_then(|attempt| attempt.ended.as_ref());
        let failed = ended.filter(|ending| ending.failure().is_some());
        if step.saved.is_some() {
            Self::Saved
        } else if matches!(run.state, RunState::Running { .. }) && step.attempt == run.attempt {
            Self::Running
        } else if failed.is_some_and(|ending| ending.step.as_ref() == Some(&step.name)) {
            Self::Failed
        } else {
            Self::Unknown
        }
    }
}

impl Next {
    fn of(state: &RunState) -> Self {
        match state {
            RunState::Running { lease_until } => Self::TakeOver { from: time(*lease_until) },
            RunState::Retrying { not_before } | RunState::Waiting { not_before, .. } => {
                Self::Attempt { not_before: time(*not_before) }
            }
            RunState::Done | RunState::Ignored { .. } => Self::Nothing,
            RunState::Dead { dead_lettered, .. } => Self::DeadLetter { sent: *dead_lettered },
        }
    }
}

fn time(at: EpochMillis) -> Timestamp {
    Timestamp::from_millisecond(at.get()).unwrap_or_default()
}

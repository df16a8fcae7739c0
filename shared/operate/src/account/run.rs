//! The jobs of an event, as they are answered.

use std::time::Duration;

use hookdock_pipeline::job::result_document;
use hookdock_pipeline::ledger::{Attempt, AttemptResult, Run, RunState, StepRecord, StepResult};
use hookdock_signature::EpochMillis;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::state::State;
use super::written::time;

/// One job for the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunAccount {
    /// The job.
    pub job: String,
    /// Its state.
    pub state: State,
    /// Why, where the state has a reason.
    pub cause: Option<String>,
    /// When dismissed: who did it, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissed: Option<String>,
    /// How often it was set going again by hand, or set aside.
    pub generation: u32,
    /// How many attempts count.
    pub attempts_counted: u32,
    /// The version of the code that made the last attempt.
    pub code: Option<String>,
    /// What went wrong last, where something did.
    pub error_class: Option<String>,
    /// The same in words.
    pub error_message: Option<String>,
    /// When the run last changed.
    pub changed_at: Timestamp,
    /// The last attempts, oldest first; not in a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<AttemptAccount>,
    /// The steps; not in a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepAccount>,
    /// What will happen without anybody's doing.
    pub next: Next,
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptAccount {
    /// Its number, from 1.
    pub number: u32,
    /// The version of the code that made it.
    pub code: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What came of it.
    pub result: Option<String>,
    /// The step it got to.
    pub step: Option<String>,
    /// The class of what went wrong.
    pub error_class: Option<String>,
    /// The same in words.
    pub error_message: Option<String>,
}

/// One step. What it yielded is business, and stays out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepAccount {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: StepState,
    /// The attempt that began it last.
    pub attempt: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When its result was saved.
    pub saved_at: Option<Timestamp>,
    /// Where its result is, if it is too large for the ledger.
    pub document: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
/// The state of a step.
pub enum StepState {
    /// Its result is saved.
    Saved,
    /// The attempt that began it is under way.
    Running,
    /// The attempt that began it failed there, and said so.
    Failed,
    /// The attempt that began it was put off there, and said so.
    PutOff,
    /// The attempt that began it ended, and said so, but not of this step.
    Unfinished,
    /// The attempt that began it is not on record any more.
    Unlisted,
    /// It began, and nothing was reported: the worker died.
    Unknown,
}

/// What will happen without anybody's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Next {
    /// Nothing: the run has ended.
    Nothing,
    /// A worker has it; should it die, another takes over when the lease is over and the message
    /// is visible again.
    TakeOver {
        /// From when on; where `hookdock dev` is started again, at once.
        from: Timestamp,
    },
    /// The next attempt.
    Attempt {
        /// Not before this time.
        not_before: Timestamp,
    },
    /// Nothing, until a person restores it.
    Restored,
    /// Nothing, until a person moves the dead letter back.
    DeadLetter {
        /// Whether its dead letter was sent.
        sent: bool,
    },
}

/// The times that `template.yaml` gives a worker, in seconds.
const WORK_TIMES: [u64; 9] = [5, 10, 15, 30, 60, 120, 300, 600, 900];

/// The lease ends two seconds after the worker's time. The template hides a message for six times
/// that and twenty seconds, from the receipt on.
fn visible_again(began: EpochMillis, lease_until: EpochMillis) -> EpochMillis {
    let left = began.until(lease_until).saturating_sub(Duration::from_secs(2));
    let fits = |seconds: &u64| left <= Duration::from_secs(*seconds);
    let work_time = WORK_TIMES.into_iter().find(fits).unwrap_or(900);
    lease_until.plus(Duration::from_secs(work_time.saturating_mul(5).saturating_add(18)))
}

impl RunAccount {
    pub(crate) fn of(run: &Run, now: EpochMillis) -> Self {
        let last = run.last_failure();
        Self {
            job: run.id.job.to_string(),
            state: State::of_run(run, now),
            cause: match &run.state {
                RunState::Ignored { cause } | RunState::Waiting { cause, .. } => {
                    Some(cause.clone())
                }
                RunState::Dead { reason, .. } | RunState::Dismissed { reason, .. } => {
                    Some(reason.code().to_owned())
                }
                RunState::Running { .. } | RunState::Retrying { .. } | RunState::Done => None,
            },
            dismissed: match &run.state {
                RunState::Dismissed { by, why, .. } => Some(format!("{by}: {why}")),
                _ => None,
            },
            generation: run.generation,
            attempts_counted: run.counted_attempts(),
            code: run.attempts.last().map(|attempt| attempt.code.to_string()),
            error_class: last.map(|failure| failure.class.code().to_owned()),
            error_message: last.map(|failure| failure.message.clone()),
            changed_at: time(run.updated_at),
            attempts: run.attempts.iter().map(AttemptAccount::of).collect(),
            steps: run.steps.iter().map(|step| StepAccount::of(step, run)).collect(),
            next: Next::of(run),
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
            result: ended.map(|ending| ending.result.code().to_owned()),
            step: ended.and_then(|ending| ending.step.as_ref()).map(ToString::to_string),
            error_class: failure.map(|failure| failure.class.code().to_owned()),
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
        if step.saved.is_some() {
            return Self::Saved;
        }
        if matches!(run.state, RunState::Running { .. }) && step.attempt == run.attempt {
            return Self::Running;
        }
        let attempt = run.attempts.iter().find(|attempt| attempt.number == step.attempt);
        match attempt.map(|attempt| attempt.ended.as_ref()) {
            None => Self::Unlisted,
            Some(None) => Self::Unknown,
            Some(Some(ending)) if ending.step.as_ref() != Some(&step.name) => Self::Unfinished,
            Some(Some(ending)) => match ending.result {
                AttemptResult::Failed(_) => Self::Failed,
                AttemptResult::Deferred => Self::PutOff,
                AttemptResult::Done | AttemptResult::Ignored => Self::Unfinished,
            },
        }
    }
}

impl Next {
    fn of(run: &Run) -> Self {
        match &run.state {
            RunState::Running { lease_until } => {
                let began = run.attempts.last().map_or(run.updated_at, |last| last.started_at);
                Self::TakeOver { from: time(visible_again(began, *lease_until)) }
            }
            RunState::Retrying { not_before } | RunState::Waiting { not_before, .. } => {
                Self::Attempt { not_before: time(*not_before) }
            }
            RunState::Done | RunState::Ignored { .. } => Self::Nothing,
            RunState::Dismissed { .. } => Self::Restored,
            RunState::Dead { dead_lettered, .. } => Self::DeadLetter { sent: *dead_lettered },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_worker_takes_over_when_the_message_is_visible_again() {
        // Received at 0 s with a minute to work; the lease ends at 62 s, and SQS hides the message
        // for 380 s.
        let at = |seconds: u64| EpochMillis::new(0).plus(Duration::from_secs(seconds));
        for began in [0, 1, 29] {
            assert_eq!(visible_again(at(began), at(62)), at(380), "{began}");
        }
        assert_eq!(visible_again(at(0), at(902)), at(5_420));
    }

    #[test]
    fn the_template_hides_messages_for_as_long_as_is_told() {
        let template = include_str!("../../../../template.yaml");
        for seconds in WORK_TIMES {
            let hidden = format!("\"{seconds}\": {{ Seconds: {} }}", seconds * 6 + 20);
            assert!(template.contains(&hidden), "{hidden}");
        }
    }
}

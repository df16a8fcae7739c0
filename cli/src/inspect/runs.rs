//! The jobs of an event, as the account shows them.

use std::time::Duration;

use hookdock_pipeline::job::result_document;
use hookdock_pipeline::ledger::{Attempt, AttemptResult, Run, RunState, StepRecord, StepResult};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub(super) enum Next {
    /// Nothing: the run has ended.
    Nothing,
    /// A worker has it; should it die, another takes over from then on, when the lease is over and
    /// the message is visible again. Nothing: as soon as the process is started again.
    TakeOver { from: Option<Timestamp> },
    /// The next attempt.
    Attempt { not_before: Timestamp },
    /// Nothing, until a person moves the dead letter back.
    DeadLetter { sent: bool },
}

/// Who goes on with the work of a worker that died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Successor {
    /// The next process that is started with the data.
    NextStart,
    /// Another worker of a deployed stack.
    #[cfg_attr(
        not(feature = "aws"),
        expect(dead_code, reason = "without the SDK no stack is looked into")
    )]
    Deployed,
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
    pub(super) fn of(run: &Run, successor: Successor) -> Self {
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
            next: Next::of(run, successor),
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
    fn of(run: &Run, successor: Successor) -> Self {
        match &run.state {
            RunState::Running { lease_until } => {
                let began = run.attempts.last().map_or(run.updated_at, |last| last.started_at);
                let from = match successor {
                    Successor::NextStart => None,
                    Successor::Deployed => Some(time(visible_again(began, *lease_until))),
                };
                Self::TakeOver { from }
            }
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
        let template = include_str!("../../../template.yaml");
        for seconds in WORK_TIMES {
            let hidden = format!("\"{seconds}\": {{ Seconds: {} }}", seconds * 6 + 20);
            assert!(template.contains(&hidden), "{hidden}");
        }
    }
}

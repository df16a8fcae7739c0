//! The state of an event: that of its worst run.

use hookdock_pipeline::ledger::{History, RECORD_LIFE, Run, RunState};
use hookdock_pipeline::model::names::JobName;
use hookdock_signature::EpochMillis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::beginning::Beginning;

/// A state, the worst first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No further attempt is made, until someone acts.
    Dead,
    /// A worker had it and is gone; another takes over.
    LeaseOver,
    /// An attempt failed; another will follow.
    Retrying,
    /// It is held back.
    Waiting,
    /// A worker has it.
    Running,
    /// It waits for a worker.
    Queued,
    /// Dead, and set aside by a person.
    Dismissed,
    /// The work is done.
    Done,
    /// There was nothing to do.
    Ignored,
    /// An event of a direct endpoint, which has no runs.
    Direct,
    /// The life of its record is over: whether it ran is not known.
    Forgotten,
}

/// The names of all states, in the order of their worth for a person.
const NAMES: [(State, &str); 11] = [
    (State::Dead, "dead"),
    (State::LeaseOver, "lease_over"),
    (State::Retrying, "retrying"),
    (State::Waiting, "waiting"),
    (State::Running, "running"),
    (State::Queued, "queued"),
    (State::Dismissed, "dismissed"),
    (State::Done, "done"),
    (State::Ignored, "ignored"),
    (State::Direct, "direct"),
    (State::Forgotten, "forgotten"),
];

impl State {
    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }

    /// The state of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, own)| *own == name).map(|(state, _)| *state)
    }

    /// All names, for a message.
    #[must_use]
    pub fn names() -> String {
        NAMES.map(|(_, name)| name).join(", ")
    }

    pub(crate) fn of_run(run: &Run, now: EpochMillis) -> Self {
        match &run.state {
            RunState::Running { .. } if run.is_abandoned(now) => Self::LeaseOver,
            RunState::Running { .. } => Self::Running,
            RunState::Retrying { .. } => Self::Retrying,
            RunState::Waiting { .. } => Self::Waiting,
            RunState::Done => Self::Done,
            RunState::Ignored { .. } => Self::Ignored,
            RunState::Dead { .. } => Self::Dead,
            RunState::Dismissed { .. } => Self::Dismissed,
        }
    }

    pub(crate) fn of(history: &History, now: EpochMillis) -> Self {
        let record = &history.event;
        let begun = |job: &JobName| history.runs.iter().any(|run| run.id.job == *job);
        let missing = record.jobs.iter().any(|job| !begun(job));
        let nothing = if record.ignored.is_some() { Self::Ignored } else { Self::Queued };
        let runs = history.runs.iter().map(|run| Self::of_run(run, now));
        let queued = missing.then_some(Self::Queued);
        runs.chain(queued).min().unwrap_or(nothing)
    }

    pub(super) fn without_record(beginning: &Beginning, now: EpochMillis) -> Self {
        let received = EpochMillis::new(beginning.received_at.as_millisecond());
        if beginning.direct.is_some() {
            Self::Direct
        } else if received.plus(RECORD_LIFE) <= now {
            Self::Forgotten
        } else {
            Self::Queued
        }
    }
}

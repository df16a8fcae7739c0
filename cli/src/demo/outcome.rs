//! What can become of a webhook, and what must become of one.

use hookdock_pipeline::ledger::{EventRecord, Run};
use serde::Serialize;

/// How a webhook was answered, and what became of its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct CaseResult {
    pub(crate) answer: u16,
    pub(crate) state: State,
    pub(crate) deliveries: u64,
    pub(crate) attempts: u32,
}

/// What a person wants to know of an event's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, derive_more::Display, Serialize)]
#[serde(rename_all = "lowercase")]
#[display(rename_all = "lowercase")]
pub(crate) enum State {
    /// The signature was refused; nothing was stored and nothing runs.
    Refused,
    /// Not ended yet.
    Open,
    /// The job ran.
    Done,
    /// There was nothing to run.
    Ignored,
    /// It failed permanently, and is in the dead-letter queue.
    Dead,
}

impl CaseResult {
    pub(crate) const fn done(deliveries: u64) -> Self {
        Self { answer: 200, state: State::Done, deliveries, attempts: 1 }
    }

    pub(crate) const fn dead(attempts: u32) -> Self {
        Self { answer: 200, state: State::Dead, deliveries: 1, attempts }
    }

    pub(crate) const fn refused() -> Self {
        Self::unknown(401)
    }

    /// Nothing is known of the event yet, and of a refused one nothing will be.
    pub(crate) const fn unknown(answer: u16) -> Self {
        let state = if answer < 400 { State::Open } else { State::Refused };
        Self { answer, state, deliveries: 0, attempts: 0 }
    }
}

impl State {
    /// The state of an event with these runs.
    pub(crate) fn of(record: &EventRecord, runs: &[Run]) -> Self {
        match (record.ignored, runs.first().map(|run| run.state.name())) {
            (Some(_), _) | (None, Some("ignored")) => Self::Ignored,
            (None, Some("done")) => Self::Done,
            (None, Some("dead")) => Self::Dead,
            (None, _) => Self::Open,
        }
    }
}

//! An event and all its runs, for people who ask what became of it.

use crate::ledger::event::EventRecord;
use crate::ledger::run::Run;

/// An event and all its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The event.
    pub event: EventRecord,
    /// Its runs, in the order of their jobs' names.
    pub runs: Vec<Run>,
}

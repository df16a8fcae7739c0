//! The keys of the ledger's items.

use hookdock_pipeline::ledger::{EventRef, RunId};

/// The sort key of an event.
pub(super) const EVENT_SORT: &str = "event";

/// The partition key of an event and of its runs.
pub(super) fn partition(event: &EventRef) -> String {
    format!("event#{}#{}", event.endpoint, event.key)
}

/// The sort key of a run.
pub(super) fn run_sort(id: &RunId) -> String {
    format!("run#{}", id.job)
}

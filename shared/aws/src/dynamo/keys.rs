//! The keys of the ledger's items.

use hookdock_pipeline::ledger::{EventRef, RunId, Shard};

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

/// The key of a shard in the index of the runs that have a wake.
pub(super) fn due_key(shard: Shard) -> String {
    format!("due#{:x}", shard.number())
}

/// The run that lies under these keys, if one does.
pub(super) fn parse_run_id(pk: &str, sk: &str) -> Option<RunId> {
    let (endpoint, key) = pk.strip_prefix("event#")?.split_once('#')?;
    let event = EventRef { endpoint: endpoint.parse().ok()?, key: key.parse().ok()? };
    Some(RunId { event, job: sk.strip_prefix("run#")?.parse().ok()? })
}

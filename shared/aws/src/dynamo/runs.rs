//! Runs as items, and the condition that fences a write of one.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use hookdock_pipeline::ledger::{Fence, Run, RunItem, RunState, Shard};
use hookdock_pipeline::model::names::EventKey;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::Conditional;

use super::condition::{Conflict, conditional};
use super::item::{Item, from_item, names, number, text, to_item, values};
use super::keys::{due_key, partition, run_sort};
use super::table::Table;

/// The stored run is as it was when it was read.
pub(super) const FENCED: &str =
    "#owner = :owner AND #attempt = :attempt AND #state = :state AND #writes = :writes";

/// The names in [`FENCED`].
pub(super) fn fence_names() -> Option<HashMap<String, String>> {
    names(["owner", "attempt", "state", "writes"])
}

/// The values in [`FENCED`].
pub(super) fn fence_values(fence: &Fence) -> Option<HashMap<String, AttributeValue>> {
    values([
        ("owner", text(fence.owner.as_str())),
        ("attempt", number(fence.attempt)),
        ("state", text(fence.state)),
        ("writes", number(fence.writes)),
    ])
}

pub(super) fn run_item(action: &'static str, run: &Run) -> Result<Item, PortError> {
    let mut item = to_item(action, &RunItem::from(run))?;
    item.insert("pk".to_owned(), text(partition(&run.id.event)));
    item.insert("sk".to_owned(), text(run_sort(&run.id)));
    if let Some(key) = state_key(&run.state, &run.id.event.key) {
        item.insert("state_key".to_owned(), text(key));
    }
    if let Some(at) = run.wakes_at() {
        item.insert("due_key".to_owned(), text(due_key(Shard::of(&run.id.event.key))));
        item.insert("due_at_ms".to_owned(), number(at.get()));
    }
    Ok(item)
}

/// A run that goes straight from its claim to its end is in no index, and costs no write to one.
fn state_key(state: &RunState, key: &EventKey) -> Option<String> {
    match state {
        RunState::Retrying { .. }
        | RunState::Waiting { .. }
        | RunState::Dead { .. }
        | RunState::Dismissed { .. } => {
            let shard = key.as_str().chars().next()?;
            Some(format!("{}#{shard}", state.name()))
        }
        RunState::Running { .. } | RunState::Done | RunState::Ignored { .. } => None,
    }
}

/// The stored run that refused the write, unless it is the one that was to be written: then an
/// earlier try of the same call has succeeded, and its answer was lost.
pub(super) fn other_than(
    action: &'static str,
    written: &Run,
    conflict: Conflict,
) -> Result<Conditional<Run>, PortError> {
    let Conflict(Some(item)) = conflict else {
        return Err(PortError::invalid(action)("the run is not recorded any more"));
    };
    Ok(match stored_run(action, item)? {
        stored if stored == *written => Conditional::Written,
        stored => Conditional::Refused(stored),
    })
}

/// Writes the run's next state if the stored run still has this fence.
pub(super) async fn swap(
    table: &Table,
    action: &'static str,
    from: &Fence,
    to: &Run,
) -> Result<Conditional<Run>, PortError> {
    let put = table
        .put(run_item(action, to)?)
        .condition_expression(FENCED)
        .set_expression_attribute_names(fence_names())
        .set_expression_attribute_values(fence_values(from));
    match conditional(action, put.send().await)? {
        Ok(_) => Ok(Conditional::Written),
        Err(conflict) => other_than(action, to, conflict),
    }
}

/// The run that an item holds.
pub(super) fn stored_run(action: &'static str, item: Item) -> Result<Run, PortError> {
    let item: RunItem = from_item(action, item)?;
    item.known().map_err(PortError::invalid(action))
}

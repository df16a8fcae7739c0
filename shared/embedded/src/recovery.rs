//! What dead workers had in hand, given to the next ones at once.

use hookdock_pipeline::ledger::{EventRef, RunItem};
use hookdock_pipeline::lookup;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::model::system::System;
use hookdock_signature::EpochMillis;
use redb::{ReadableTable as _, WriteTransaction};

use crate::Embedded;
use crate::ledger::write;
use crate::queue::show_in_flight;
use crate::store::{RUNS, StoreError, from_bytes};

impl<S: System> Embedded<S> {
    /// Shows the messages that were handed out, and ends the leases of their events' runs; how many
    /// messages there were. Only for a process that has no workers yet: the lock of the file says
    /// that no other process has any, so what is in hand is in the hands of the dead.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub async fn recover(&self) -> Result<usize, PortError> {
        let now = self.system.now();
        let recovered = self.store.write("give up the work of dead workers", move |transaction| {
            let messages = show_in_flight(transaction, now)?;
            for event in messages.iter().filter_map(|body| lookup::queued(body)) {
                end_leases(transaction, &event.event, now)?;
            }
            Ok(messages.len())
        });
        recovered.await
    }
}

fn end_leases(
    transaction: &WriteTransaction,
    event: &EventRef,
    now: EpochMillis,
) -> Result<(), StoreError> {
    let (endpoint, key) = (event.endpoint.as_str(), event.key.as_str());
    let runs = transaction.open_table(RUNS)?;
    let of_event = runs.range((endpoint, key, "")..=(endpoint, key, "\u{7f}"))?;
    let items: Vec<RunItem> =
        of_event.map(|entry| from_bytes(entry?.1.value())).collect::<Result<_, StoreError>>()?;
    drop(runs);
    for item in items {
        // One of another version is left to the code that knows it.
        if let Ok(run) = item.clone().known() {
            write(transaction, Some(&item), &run.abandoned(now))?;
        }
    }
    Ok(())
}

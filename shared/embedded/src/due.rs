//! Runs that wait in the ledger alone, by the time at which they are to be woken.

use hookdock_pipeline::ledger::{EventRef, RunId, RunItem, Shard};
use hookdock_pipeline::model::names::InvalidName;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::DueRuns;
use hookdock_signature::EpochMillis;

use crate::Embedded;
use crate::order::run_key;
use crate::store::{DUE, StoreError};

impl<S: System> DueRuns for Embedded<S> {
    async fn due_runs(
        &self,
        shard: Shard,
        by: EpochMillis,
        most: usize,
    ) -> Result<Vec<RunId>, PortError> {
        const ACTION: &str = "list the runs that are due";
        let number = shard.number();
        let keys: Vec<_> = self.store.read(ACTION, |snapshot| {
            let due = snapshot.open_table(DUE)?;
            let by = (number, by.get().saturating_add(1), "", "", "");
            let of_shard = due.range((number, i64::MIN, "", "", "")..by)?;
            let named = of_shard.take(most).map(|entry| {
                let entry = entry?;
                let (_, _, endpoint, key, job) = entry.0.value();
                Ok([endpoint.to_owned(), key.to_owned(), job.to_owned()])
            });
            named.collect()
        })?;
        keys.into_iter().map(|key| run_id(ACTION, key)).collect()
    }
}

impl<S: System> Embedded<S> {
    /// When the first run is to be woken that waits in the ledger alone.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub fn next_wake(&self) -> Result<Option<EpochMillis>, PortError> {
        self.store.read("look for runs that are due", |snapshot| {
            let due = snapshot.open_table(DUE)?;
            let first = |shard: Shard| {
                let of_shard = (shard.number(), i64::MIN, "", "", "")
                    ..(shard.number().saturating_add(1), i64::MIN, "", "", "");
                let first = due.range(of_shard)?.next().transpose()?;
                Ok(first.map(|(key, _)| EpochMillis::new(key.value().1)))
            };
            let firsts: Vec<_> = Shard::all().map(first).collect::<Result<_, StoreError>>()?;
            Ok(firsts.into_iter().flatten().min())
        })
    }
}

fn run_id(action: &'static str, [endpoint, key, job]: [String; 3]) -> Result<RunId, PortError> {
    let named = || -> Result<RunId, InvalidName> {
        let event = EventRef { endpoint: endpoint.parse()?, key: key.parse()? };
        Ok(RunId { event, job: job.parse()? })
    };
    named().map_err(PortError::invalid(action))
}

/// The place of a run that was left to the ledger.
pub(crate) fn place(item: &RunItem) -> Option<(u8, i64, &str, &str, &str)> {
    let at = item.run.wake.as_ref()?.at.get();
    let (endpoint, key, job) = run_key(&item.run.id);
    Some((Shard::of(&item.run.id.event.key).number(), at, endpoint, key, job))
}

//! Events and runs.

use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::ledger::{
    DeliveryRecord, EventRecord, EventRef, Fence, History, Recorded, Run, RunId, RunItem,
};
use hookdock_pipeline::model::names::DeliveryId;
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::{CommitRefused, Conditional, Histories, Ledger, Record};
use redb::{ReadableTable, WriteTransaction};

use crate::order::{move_entry, run_key};
use crate::records::insert;
use crate::store::{DUE, EVENTS, RECORDED, RUNS, RUNS_BY_STATE, StoreError, from_bytes, to_bytes};
use crate::{Embedded, due, operate};

impl<S: System> Ledger for Embedded<S> {
    async fn find_pack(
        &self,
        event: &EventRef,
        delivery: &DeliveryId,
    ) -> Result<Option<ObjectKey>, PortError> {
        let record = self.record(event)?;
        Ok(record.and_then(|record| record.pack_of(delivery).cloned()))
    }

    async fn record_delivery(&self, delivery: &DeliveryRecord) -> Result<Recorded, PortError> {
        const ACTION: &str = "record the delivery";
        let new = delivery.clone();
        let stored = self.store.write(ACTION, move |transaction| record(transaction, &new)).await?;
        Ok(known(ACTION, stored)?.says_of(delivery))
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        const ACTION: &str = "read the run";
        let found = self
            .store
            .read(ACTION, |snapshot| find_run(&snapshot.open_table(RUNS)?, run_key(id)))?;
        found.map(|item| readable(ACTION, item)).transpose()
    }

    async fn create(&self, run: &Run) -> Result<Conditional<Run>, PortError> {
        self.swap("claim the run", run, |existing| existing.is_none()).await
    }

    async fn compare_and_swap(
        &self,
        from: &Fence,
        to: &Run,
    ) -> Result<Conditional<Run>, PortError> {
        let from = from.clone();
        self.swap("write the run", to, move |stored| fits(stored, &from)).await
    }

    async fn commit(
        &self,
        from: &Fence,
        to: &Run,
        record: &Record,
    ) -> Result<Conditional<CommitRefused>, PortError> {
        const ACTION: &str = "write the run and the record";
        let (from, to, record) = (from.clone(), to.clone(), record.clone());
        let swapped = self.store.write(ACTION, move |transaction| {
            let stored = match found(transaction, &to, |run| fits(run, &from))? {
                Found::Expected(stored) => stored,
                met => return Ok(Err(met)),
            };
            let inserted = insert(transaction, &record)?;
            if inserted == Conditional::Written {
                write(transaction, stored.as_deref(), &to)?;
            }
            Ok(Ok(inserted))
        });
        match swapped.await? {
            Ok(inserted) => Ok(inserted.map(CommitRefused::RecordExists)),
            Err(met) => Ok(met.other_run(ACTION)?.map(|run| CommitRefused::Fenced(Box::new(run)))),
        }
    }
}

impl<S: System> Histories for Embedded<S> {
    async fn history(&self, event: &EventRef) -> Result<Option<History>, PortError> {
        let Some(record) = self.record(event)? else {
            return Ok(None);
        };
        Ok(Some(History { event: record, runs: self.runs(event)? }))
    }
}

impl<S: System> Embedded<S> {
    async fn swap(
        &self,
        action: &'static str,
        to: &Run,
        expected: impl FnOnce(Option<&RunItem>) -> bool + Send + 'static,
    ) -> Result<Conditional<Run>, PortError> {
        let to = to.clone();
        let swapped = self.store.write(action, move |transaction| {
            let found = found(transaction, &to, expected)?;
            if let Found::Expected(stored) = &found {
                write(transaction, stored.as_deref(), &to)?;
            }
            Ok(found)
        });
        swapped.await?.other_run(action)
    }

    fn record(&self, event: &EventRef) -> Result<Option<EventRecord>, PortError> {
        const ACTION: &str = "read the event";
        let key = (event.endpoint.as_str(), event.key.as_str());
        let item: Option<EventRecord> = self.store.read(ACTION, |snapshot| {
            let found = snapshot.open_table(EVENTS)?.get(key)?;
            found.map(|item| from_bytes(item.value())).transpose()
        })?;
        item.map(|record| known(ACTION, record)).transpose()
    }

    /// All events, in the order of their keys.
    ///
    /// # Errors
    ///
    /// The database failed, or a stored form is not known.
    pub fn events(&self) -> Result<Vec<EventRecord>, PortError> {
        let items: Vec<EventRecord> = self.store.read("list the events", |snapshot| {
            let events = snapshot.open_table(EVENTS)?;
            events.iter()?.map(|entry| from_bytes(entry?.1.value())).collect()
        })?;
        items.into_iter().map(|record| known("read the event", record)).collect()
    }

    /// The runs of an event, in the order of their jobs' names.
    ///
    /// # Errors
    ///
    /// The database failed, or a stored form is not known.
    pub fn runs(&self, event: &EventRef) -> Result<Vec<Run>, PortError> {
        let (endpoint, key) = (event.endpoint.as_str(), event.key.as_str());
        let items: Vec<RunItem> = self.store.read("list the runs", |snapshot| {
            let runs = snapshot.open_table(RUNS)?;
            let of_event = runs.range((endpoint, key, "")..=(endpoint, key, "\u{7f}"))?;
            of_event.map(|entry| from_bytes(entry?.1.value())).collect()
        })?;
        items.into_iter().map(|item| readable("read the run", item)).collect()
    }
}

fn record(
    transaction: &WriteTransaction,
    delivery: &DeliveryRecord,
) -> Result<EventRecord, StoreError> {
    let mut events = transaction.open_table(EVENTS)?;
    let mut recorded = transaction.open_table(RECORDED)?;
    let reference = &delivery.reference;
    let (endpoint, key) = (reference.endpoint.as_str(), reference.event_key.as_str());
    let stored = events.get((endpoint, key))?.map(|item| from_bytes(item.value())).transpose()?;
    let id = (endpoint, key, reference.delivery_id.as_str());
    let is_repeat = recorded.insert(id, ())?.is_some();
    let record = match stored.filter(|record| !is_over(record, delivery)) {
        None => EventRecord::from(delivery),
        Some(record) if is_repeat => record.with_repeat(delivery),
        Some(record) => record.with_delivery(delivery),
    };
    events.insert((endpoint, key), to_bytes(&record)?.as_slice())?;
    Ok(record)
}

fn is_over(record: &EventRecord, delivery: &DeliveryRecord) -> bool {
    record.expires_at <= delivery.recorded_at.to_seconds().get()
}

fn known(action: &'static str, record: EventRecord) -> Result<EventRecord, PortError> {
    let known = record.known();
    known.map_err(PortError::invalid(action))
}

/// What a write finds in its place.
enum Found {
    /// What it should be.
    Expected(Option<Box<RunItem>>),
    /// What is to be written: it was written before, and the answer got lost.
    Itself,
    /// Something else, or nothing.
    Other(Option<Box<RunItem>>),
}

impl Found {
    fn other_run(self, action: &'static str) -> Result<Conditional<Run>, PortError> {
        match self {
            Self::Expected(_) | Self::Itself => Ok(Conditional::Written),
            Self::Other(Some(item)) => readable(action, *item).map(Conditional::Refused),
            Self::Other(None) => {
                let gone = "the run is not recorded any more";
                Err(PortError::new(action, PortErrorKind::Invalid).with_source(gone))
            }
        }
    }
}

fn found(
    transaction: &WriteTransaction,
    to: &Run,
    expected: impl FnOnce(Option<&RunItem>) -> bool,
) -> Result<Found, StoreError> {
    let stored = find_run(&transaction.open_table(RUNS)?, run_key(&to.id))?;
    Ok(if expected(stored.as_ref()) {
        Found::Expected(stored.map(Box::new))
    } else if stored.as_ref() == Some(&RunItem::from(to)) {
        Found::Itself
    } else {
        Found::Other(stored.map(Box::new))
    })
}

/// Writes a run over what is stored, and keeps the orders of runs in step with it.
pub(crate) fn write(
    transaction: &WriteTransaction,
    stored: Option<&RunItem>,
    run: &Run,
) -> Result<(), StoreError> {
    let item = RunItem::from(run);
    move_entry(transaction, DUE, stored.and_then(due::place), due::place(&item))?;
    move_entry(transaction, RUNS_BY_STATE, stored.and_then(operate::place), operate::place(&item))?;
    let bytes = to_bytes(&item)?;
    transaction.open_table(RUNS)?.insert(run_key(&run.id), bytes.as_slice())?;
    Ok(())
}

fn fits(stored: Option<&RunItem>, fence: &Fence) -> bool {
    stored.is_some_and(|item| item.run.fence() == *fence)
}

fn find_run(
    runs: &impl ReadableTable<(&'static str, &'static str, &'static str), &'static [u8]>,
    key: (&str, &str, &str),
) -> Result<Option<RunItem>, StoreError> {
    runs.get(key)?.map(|item| from_bytes(item.value())).transpose()
}

fn readable(action: &'static str, item: RunItem) -> Result<Run, PortError> {
    let known = item.known();
    known.map_err(PortError::invalid(action))
}

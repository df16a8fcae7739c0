//! Events and runs.

use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::ledger::{
    EventItem, EventRecord, EventRef, Fence, History, Run, RunId, RunItem, Sighting, UnreadableItem,
};
use hookdock_pipeline::model::names::DeliveryId;
use hookdock_pipeline::model::port_error::{FaultKind, PortError};
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::{Committed, Histories, Inserted, Ledger, Record};
use redb::{ReadableTable, WriteTransaction};

use crate::Embedded;
use crate::records::insert;
use crate::store::{EVENTS, RUNS, SIGHTINGS, StoreError, from_bytes, to_bytes};

impl<S: System> Ledger for Embedded<S> {
    async fn place(
        &self,
        event: &EventRef,
        delivery: &DeliveryId,
    ) -> Result<Option<ObjectKey>, PortError> {
        let record = self.record(event)?;
        Ok(record.and_then(|record| record.pack_of(delivery).cloned()))
    }

    async fn sight(&self, sighting: &Sighting) -> Result<EventRecord, PortError> {
        let sighting = sighting.clone();
        let item = self
            .store
            .write("record the event", move |transaction| sight(transaction, &sighting))
            .await?;
        readable("read the event", item)
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        const ACTION: &str = "read the run";
        let found = self
            .store
            .read(ACTION, |snapshot| find_run(&snapshot.open_table(RUNS)?, run_key(id)))?;
        found.map(|item| readable(ACTION, item)).transpose()
    }

    async fn open(&self, run: &Run) -> Result<Option<Run>, PortError> {
        self.swap("claim the run", run, |existing| existing.is_none()).await
    }

    async fn advance(&self, from: &Fence, to: &Run) -> Result<Option<Run>, PortError> {
        let from = from.clone();
        self.swap("write the run", to, move |stored| fits(stored, &from)).await
    }

    async fn commit(
        &self,
        from: &Fence,
        to: &Run,
        record: &Record,
    ) -> Result<Committed, PortError> {
        const ACTION: &str = "write the run and the record";
        let (from, to, record) = (from.clone(), to.clone(), record.clone());
        let swapped = self.store.write(ACTION, move |transaction| {
            let inserted = match found(transaction, &to, |run| fits(run, &from))? {
                Found::Expected => insert(transaction, &record)?,
                met => return Ok(Err(met)),
            };
            if inserted == Inserted::New {
                write(transaction, &to)?;
            }
            Ok(Ok(inserted))
        });
        match swapped.await? {
            Ok(Inserted::Already(body)) => Ok(Committed::Already(body)),
            Ok(Inserted::New) => Ok(Committed::Both),
            Err(met) => Ok(match met.other_run(ACTION)? {
                Some(stored) => Committed::Fenced(Box::new(stored)),
                None => Committed::Both,
            }),
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
    ) -> Result<Option<Run>, PortError> {
        let to = to.clone();
        let swapped = self.store.write(action, move |transaction| {
            let found = found(transaction, &to, expected)?;
            if matches!(found, Found::Expected) {
                write(transaction, &to)?;
            }
            Ok(found)
        });
        swapped.await?.other_run(action)
    }

    fn record(&self, event: &EventRef) -> Result<Option<EventRecord>, PortError> {
        const ACTION: &str = "read the event";
        let key = (event.endpoint.as_str(), event.key.as_str());
        let item: Option<EventItem> = self.store.read(ACTION, |snapshot| {
            let found = snapshot.open_table(EVENTS)?.get(key)?;
            found.map(|item| from_bytes(item.value())).transpose()
        })?;
        item.map(|item| readable(ACTION, item)).transpose()
    }

    /// All events, in the order of their keys.
    ///
    /// # Errors
    ///
    /// The database failed, or a stored form is not known.
    pub fn events(&self) -> Result<Vec<EventRecord>, PortError> {
        let items: Vec<EventItem> = self.store.read("list the events", |snapshot| {
            let events = snapshot.open_table(EVENTS)?;
            events.iter()?.map(|entry| from_bytes(entry?.1.value())).collect()
        })?;
        items.into_iter().map(|item| readable("read the event", item)).collect()
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

fn sight(transaction: &WriteTransaction, sighting: &Sighting) -> Result<EventItem, StoreError> {
    let mut events = transaction.open_table(EVENTS)?;
    let mut sightings = transaction.open_table(SIGHTINGS)?;
    let (endpoint, key) = (sighting.event.endpoint.as_str(), sighting.event.key.as_str());
    let stored = events.get((endpoint, key))?.map(|item| from_bytes(item.value())).transpose()?;
    let known = sightings.insert((endpoint, key, sighting.delivery_id.as_str()), ())?.is_some();
    let item = match stored.filter(|item| !is_over(item, sighting)) {
        None => EventItem::from(sighting),
        Some(item) if known => item.looked_at_again(sighting),
        Some(item) => item.seen_again(sighting),
    };
    events.insert((endpoint, key), to_bytes(&item)?.as_slice())?;
    Ok(item)
}

fn is_over(item: &EventItem, sighting: &Sighting) -> bool {
    item.expires_at <= sighting.seen_at.to_seconds().get()
}

/// What a write finds in its place.
enum Found {
    /// What it should be.
    Expected,
    /// What is to be written: it was written before, and the answer got lost.
    Itself,
    /// Something else, or nothing.
    Other(Option<Box<RunItem>>),
}

impl Found {
    fn other_run(self, action: &'static str) -> Result<Option<Run>, PortError> {
        match self {
            Self::Expected | Self::Itself => Ok(None),
            Self::Other(Some(item)) => readable(action, *item).map(Some),
            Self::Other(None) => {
                let gone = "the run is not recorded any more";
                Err(PortError::new(action, FaultKind::Invalid).because(gone))
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
        Found::Expected
    } else if stored.as_ref() == Some(&RunItem::from(to)) {
        Found::Itself
    } else {
        Found::Other(stored.map(Box::new))
    })
}

fn write(transaction: &WriteTransaction, run: &Run) -> Result<(), StoreError> {
    let item = to_bytes(&RunItem::from(run))?;
    transaction.open_table(RUNS)?.insert(run_key(&run.id), item.as_slice())?;
    Ok(())
}

fn fits(stored: Option<&RunItem>, fence: &Fence) -> bool {
    stored.is_some_and(|run| {
        run.owner == fence.owner
            && run.attempt == fence.attempt
            && run.state == fence.state
            && run.writes == fence.writes
    })
}

fn run_key(id: &RunId) -> (&str, &str, &str) {
    (id.event.endpoint.as_str(), id.event.key.as_str(), id.job.as_str())
}

fn find_run(
    runs: &impl ReadableTable<(&'static str, &'static str, &'static str), &'static [u8]>,
    key: (&str, &str, &str),
) -> Result<Option<RunItem>, StoreError> {
    runs.get(key)?.map(|item| from_bytes(item.value())).transpose()
}

fn readable<I, T: TryFrom<I, Error = UnreadableItem>>(
    action: &'static str,
    item: I,
) -> Result<T, PortError> {
    T::try_from(item).map_err(|error| PortError::new(action, FaultKind::Invalid).because(error))
}

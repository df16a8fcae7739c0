//! Events and runs.

use hookdock_pipeline::fault::{FaultKind, PortError};
use hookdock_pipeline::ledger::{
    EventItem, EventRecord, EventRef, Fence, Run, RunId, RunItem, Sighting, UnreadableItem,
};
use hookdock_pipeline::ports::Ledger;
use redb::{ReadableTable, WriteTransaction};

use crate::Embedded;
use crate::store::{EVENTS, RUNS, SIGHTINGS, StoreError, from_bytes, to_bytes};

impl<S: Send + Sync> Ledger for Embedded<S> {
    async fn sight(&self, sighting: &Sighting) -> Result<EventRecord, PortError> {
        let sighting = sighting.clone();
        let item = self
            .store
            .write("record the event", move |transaction| sight(transaction, &sighting))
            .await?;
        readable("read the event", item)
    }

    async fn open(&self, run: &Run) -> Result<Option<Run>, PortError> {
        self.swap("claim the run", run, |existing| existing.is_none()).await
    }

    async fn advance(&self, from: &Fence, to: &Run) -> Result<Option<Run>, PortError> {
        let from = from.clone();
        self.swap("write the run", to, move |existing| existing.is_some_and(|run| fits(run, &from)))
            .await
    }
}

impl<S: Send + Sync> Embedded<S> {
    /// Writes the run if the stored one is as it should be, else returns the stored one. A write
    /// that meets itself was made before, and its answer got lost.
    async fn swap(
        &self,
        action: &'static str,
        run: &Run,
        expected: impl FnOnce(Option<&RunItem>) -> bool + Send + 'static,
    ) -> Result<Option<Run>, PortError> {
        let (id, item) = (run.id.clone(), RunItem::from(run));
        let existing = self
            .store
            .write(action, move |transaction| {
                let mut runs = transaction.open_table(RUNS)?;
                let existing = find_run(&runs, run_key(&id))?;
                if existing.as_ref() == Some(&item) {
                    return Ok(None);
                }
                if expected(existing.as_ref()) {
                    runs.insert(run_key(&id), to_bytes(&item)?.as_slice())?;
                    return Ok(None);
                }
                Ok(Some(existing))
            })
            .await?;
        let existing = existing.map(|item| item.ok_or_else(|| gone(action))).transpose()?;
        existing.map(|item| readable(action, item)).transpose()
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
        Some(item) if known => return Ok(item),
        Some(item) => EventItem {
            deliveries: item.deliveries.saturating_add(1),
            expires_at: sighting.expires_at().to_seconds().get(),
            ..item
        },
    };
    events.insert((endpoint, key), to_bytes(&item)?.as_slice())?;
    Ok(item)
}

fn is_over(item: &EventItem, sighting: &Sighting) -> bool {
    item.expires_at <= sighting.seen_at.to_seconds().get()
}

fn fits(item: &RunItem, fence: &Fence) -> bool {
    item.owner == fence.owner && item.attempt == fence.attempt && item.state == fence.state
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

fn gone(action: &'static str) -> PortError {
    PortError::new(action, FaultKind::Invalid).because("the run is not recorded any more")
}

fn readable<I, T: TryFrom<I, Error = UnreadableItem>>(
    action: &'static str,
    item: I,
) -> Result<T, PortError> {
    T::try_from(item).map_err(|error| PortError::new(action, FaultKind::Invalid).because(error))
}

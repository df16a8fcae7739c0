//! Lists of events, the newest first.
//!
//! There is no index of all events. Stored deliveries have names that sort by time, but a store
//! lists names forwards only. So a page looks at a window of time that ends where the page begins:
//! if too many names are in it, the window shrinks, and if too few, it grows. States that need
//! somebody's attention have an order of their own, by the time of their last change.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::model::names::{DeliveryId, EndpointId};
use hookdock_pipeline::model::system::System;
use hookdock_signature::EpochMillis;

use crate::account::{Event, VERSION, time};
use crate::beginning::Beginning;
use crate::operator::{Operator, SIDE_BY_SIDE};
use crate::page::{Looked, Page, Paging, Position};
use crate::ports::{Attended, Place, RunAt};
use crate::selection::Selection;
use crate::trouble::Trouble;

/// The first window.
const FIRST_WINDOW: Duration = Duration::from_secs(60);

/// The smallest window; if even that has too many names, they are listed all the same.
const LEAST_WINDOW: Duration = Duration::from_secs(1);

/// How far back a list looks where nothing says how far: as long as bodies are kept by default.
const BODY_LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// More than the clocks of two machines differ.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

/// A delivery in a window: the newest sort first, and those of one time by their endpoints.
type Key = (Reverse<DeliveryId>, EndpointId);

/// Where it is, and what it says, if that is known already.
pub(crate) type Found = BTreeMap<Key, (ObjectKey, Option<Beginning>)>;

/// What a page has so far.
struct Filling<'a> {
    selection: &'a Selection,
    limit: usize,
    look: usize,
    items: Vec<Event>,
    names: usize,
    last: Option<Position>,
}

impl Filling<'_> {
    fn is_over(&self) -> bool {
        self.items.len() >= self.limit || self.names >= self.look
    }

    /// Takes the row if it is meant. `false`: there is no room for another.
    fn take(&mut self, event: Event, position: Position) -> bool {
        if self.items.len() >= self.limit {
            return false;
        }
        if self.selection.covers(&event) {
            self.items.push(event);
        }
        self.last = Some(position);
        true
    }

    fn page(self, from: EpochMillis, to: EpochMillis, complete: bool) -> Page<Event> {
        let next = self.last.filter(|_| !complete).map(|last| last.cursor(self.selection));
        let looked = Looked { from: time(from), to: time(to), names: self.names, complete };
        Page { version: VERSION, items: self.items, next, looked }
    }
}

impl<P: Place, S: System> Operator<P, S> {
    /// A page of events, the newest first: by receipt, or where the state is one that runs are
    /// listed by, by their last change.
    ///
    /// Events of direct endpoints are in no list, for their names do not sort by time; nor are
    /// deliveries that still lie in their message alone.
    ///
    /// # Errors
    ///
    /// The cursor is that of another list, or the place cannot be read.
    pub async fn list(
        &self,
        selection: &Selection,
        paging: &Paging,
    ) -> Result<Page<Event>, Trouble> {
        let filling = Filling {
            selection,
            limit: paging.limit.clamp(1, 1000),
            look: paging.look.max(1),
            items: Vec::new(),
            names: 0,
            last: Position::of(paging, selection)?,
        };
        match selection.state.and_then(|state| Attended::named(state.name())) {
            Some(state) => self.by_change(filling, state).await,
            None => self.by_receipt(filling).await,
        }
    }

    async fn by_receipt(&self, mut filling: Filling<'_>) -> Result<Page<Event>, Trouble> {
        let now = self.now().plus(CLOCKS_DIFFER);
        let floor = filling.selection.since().unwrap_or_else(|| now.minus(BODY_LIFE));
        let start = filling.last.clone();
        let newest = match &start {
            Some(Position::Received { delivery, .. }) => delivery
                .parse()
                .map_or(now, |id| DeliveryId::received_at(&id).plus(Duration::from_millis(1))),
            _ => filling.selection.until().unwrap_or(now),
        };
        let endpoints = match &filling.selection.endpoint {
            Some(endpoint) => vec![endpoint.clone()],
            None => self.endpoint_names().await?,
        };
        let only = filling.selection.endpoint.as_ref();
        let (mut to, mut window) = (newest, FIRST_WINDOW);
        while floor < to {
            let from = to.minus(window).max(floor);
            let forced = window <= LEAST_WINDOW;
            let Some(found) = self.window(&endpoints, only, from, to, forced).await? else {
                window /= 4;
                continue;
            };
            if found.len() < filling.limit {
                window = window.saturating_mul(16);
            }
            if !self.fill(&mut filling, found, start.as_ref()).await? {
                return Ok(filling.page(from, newest, false));
            }
            to = from;
        }
        Ok(filling.page(floor, newest, true))
    }

    /// The deliveries that came in from the one time until the other. `None`: there are more than
    /// one call lists, and that many only if they are asked for.
    async fn window(
        &self,
        endpoints: &[EndpointId],
        only: Option<&EndpointId>,
        from: EpochMillis,
        to: EpochMillis,
        forced: bool,
    ) -> Result<Option<Found>, Trouble> {
        let alone = endpoints.iter().map(|endpoint| self.alone(endpoint, from, to, forced));
        let mut all = Found::new();
        for found in try_join_all(alone).await? {
            let Some(found) = found else { return Ok(None) };
            all.extend(found);
        }
        for (key, found) in self.packed(from, to).await? {
            // Packs hold deliveries of all endpoints, also of those that have no folder.
            if only.is_none_or(|only| *only == key.1) {
                all.entry(key).or_insert(found);
            }
        }
        Ok(Some(all))
    }

    pub(crate) async fn alone(
        &self,
        endpoint: &EndpointId,
        from: EpochMillis,
        to: EpochMillis,
        forced: bool,
    ) -> Result<Option<Found>, Trouble> {
        let prefix = ObjectKey::deliveries_of(endpoint);
        let (mut after, mut found) = (ObjectKey::before_deliveries(endpoint, from), Found::new());
        loop {
            let listed = self.place.names(&prefix, &after).await?;
            for object in &listed.names {
                let Some((id, _)) = object.span() else { continue };
                if to <= id.received_at() {
                    return Ok(Some(found));
                }
                found.insert((Reverse(id), endpoint.clone()), (object.clone(), None));
            }
            match listed.names.last().filter(|_| listed.more) {
                None => return Ok(Some(found)),
                Some(_) if !forced => return Ok(None),
                Some(last) => last.as_str().clone_into(&mut after),
            }
        }
    }

    /// The deliveries in packs. A pack's name says which it can hold.
    pub(crate) async fn packed(
        &self,
        from: EpochMillis,
        to: EpochMillis,
    ) -> Result<Found, Trouble> {
        let (mut after, mut packs) = (ObjectKey::before_packs(from), Vec::new());
        'listing: loop {
            let listed = self.place.names("archive/", &after).await?;
            for object in &listed.names {
                let Some((first, last)) = object.span() else { continue };
                // All of a pack came in within one hour, so no later name has an earlier hour.
                if to.plus(Duration::from_secs(3600)) <= first.received_at() {
                    break 'listing;
                }
                if first.received_at() < to && from <= last.received_at() {
                    packs.push(object.clone());
                }
            }
            match listed.names.last().filter(|_| listed.more) {
                None => break,
                Some(last) => last.as_str().clone_into(&mut after),
            }
        }
        let mut found = Found::new();
        for pack in packs {
            let lines = self.place.read(&pack).await?.unwrap_or_default();
            for line in lines.split(|byte| *byte == b'\n') {
                let Some(beginning) = Beginning::parse(line) else { continue };
                let received = beginning.delivery_id.received_at();
                if from <= received && received < to {
                    let id = Reverse(beginning.delivery_id.clone());
                    let key = (id, beginning.endpoint.clone());
                    found.insert(key, (pack.clone(), Some(beginning)));
                }
            }
        }
        Ok(found)
    }

    /// Looks at the deliveries from `start` on, the newest first. `false`: the page is full, or it
    /// may look no further.
    async fn fill(
        &self,
        filling: &mut Filling<'_>,
        found: Found,
        start: Option<&Position>,
    ) -> Result<bool, Trouble> {
        let found: Vec<_> = found.into_iter().filter(|(key, _)| !is_passed(key, start)).collect();
        let step = filling.limit.min(SIDE_BY_SIDE);
        for some in found.chunks(step) {
            let rows = some.iter().map(async |((id, endpoint), (object, known))| {
                let beginning = match known {
                    Some(known) => Some(known.clone()),
                    None => self.beginning(object).await?,
                };
                let rows = match &beginning {
                    Some(beginning) => self.rows(beginning).await?,
                    None => Vec::new(),
                };
                Ok::<_, Trouble>((id, endpoint, rows))
            });
            for (Reverse(id), endpoint, rows) in try_join_all(rows).await? {
                if filling.is_over() {
                    return Ok(false);
                }
                filling.names = filling.names.saturating_add(1);
                let passed = |items| Position::Received {
                    delivery: id.to_string(),
                    endpoint: endpoint.to_string(),
                    items,
                };
                let from = items_passed(id, endpoint, start);
                for (item, event) in rows.into_iter().filter(|(item, _)| from <= *item) {
                    if !filling.take(event, passed(item.saturating_add(1))) {
                        return Ok(false);
                    }
                }
                filling.last = Some(passed(usize::MAX));
            }
        }
        Ok(true)
    }

    /// By the index of states: an event comes with the newest of its runs in that state.
    async fn by_change(
        &self,
        mut filling: Filling<'_>,
        state: Attended,
    ) -> Result<Page<Event>, Trouble> {
        let newest = filling.selection.until().unwrap_or_else(|| self.now().plus(CLOCKS_DIFFER));
        let floor = filling.selection.since().unwrap_or(EpochMillis::new(0));
        let mut before = filling.last.as_ref().and_then(Position::run_at);
        loop {
            let runs = self.place.runs(state, before.as_ref(), SIDE_BY_SIDE).await?;
            let Some(oldest) = runs.last() else {
                return Ok(filling.page(floor, newest, true));
            };
            before = Some(RunAt::of(oldest));
            let events: Vec<_> = runs.iter().map(|run| run.id.event.clone()).collect();
            for (run, history) in runs.iter().zip(self.histories(&events).await?) {
                let at = RunAt::of(run);
                if at.at < floor {
                    return Ok(filling.page(floor, newest, true));
                }
                if filling.is_over() {
                    return Ok(filling.page(at.at, newest, false));
                }
                filling.names = filling.names.saturating_add(1);
                let position = Position::of_run(&at);
                filling.last = Some(position.clone());
                let Some(history) = history.filter(|_| at.at < newest) else { continue };
                let same = history.runs.iter().filter(|run| run.state.name() == state.name());
                if same.map(RunAt::of).max().is_some_and(|first| first == at) {
                    filling.take(Event::recorded(&history, self.now()).row(), position);
                }
            }
        }
    }
}

/// Whether a page that goes on at `start` has nothing of this delivery.
fn is_passed((Reverse(id), endpoint): &Key, start: Option<&Position>) -> bool {
    let Some(Position::Received { delivery, endpoint: last, items }) = start else { return false };
    match id.as_str().cmp(delivery) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal if endpoint.as_str() == last => *items == usize::MAX,
        std::cmp::Ordering::Equal => endpoint.as_str() < last.as_str(),
        std::cmp::Ordering::Less => false,
    }
}

/// How many of its items the pages before had.
fn items_passed(id: &DeliveryId, endpoint: &EndpointId, start: Option<&Position>) -> usize {
    match start {
        Some(Position::Received { delivery, endpoint: last, items })
            if id.as_str() == delivery && endpoint.as_str() == last =>
        {
            *items
        }
        _ => 0,
    }
}

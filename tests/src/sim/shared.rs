//! What runs share, kept apart from what the product keeps: an entity's order and a breaker.
//!
//! A call that is still on its way when its attempt has been over for as long as clocks can be
//! apart never lands: nothing but the target could keep such a one out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hookdock_pipeline::job::Context;
use hookdock_pipeline::ledger::{EventRef, RECORD_LIFE, Run, RunState};
use hookdock_pipeline::model::names::CellName;
use hookdock_pipeline::ports::Cell;
use hookdock_signature::EpochMillis;
use serde_json::Value;

use crate::rules::CLOCKS_APART;
use crate::sim::jobs::ORDERED;
use crate::sim::world::World;

/// The entity that all events of a simulation are about, whichever endpoint they come to.
pub(crate) const ENTITY: &str = "customer";

/// How long a worker may go by what it knew before, and how long it takes to ask.
const UNAWARE: Duration = Duration::from_secs(5 + 1 + 1 + CLOCKS_APART.as_secs());

/// How long a breaker is remembered that nobody writes to.
const BREAKER_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// What happened to the entity and to the dependency.
#[derive(Debug, Default)]
pub(crate) struct Commons {
    /// What was written last, and when.
    written: Option<(Place, EpochMillis)>,
    /// Who works on the entity, and until when.
    at_work: Option<(EventRef, EpochMillis)>,
    /// The version of each event.
    pub(crate) versions: BTreeMap<EventRef, i64>,
    breaker: Watched,
    /// When a worker last asked and got no answer in time: it goes by nothing for a while.
    blind: BTreeMap<Arc<str>, EpochMillis>,
}

/// The order of events, written down once more.
pub(crate) type Place = (i64, EpochMillis, EventRef);

/// The breaker as it is stored.
#[derive(Debug, Default)]
struct Watched {
    state: State,
    /// When the state was written.
    since: Option<EpochMillis>,
    /// When it was closed last.
    left_closed: Option<EpochMillis>,
    /// How many calls were made in this state by workers who could know it.
    calls: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Closed,
    Open(EpochMillis),
    Probing(EpochMillis),
}

/// Somebody works on the entity for as long as this is there.
pub(crate) struct AtWork {
    world: Arc<World>,
    entry: (EventRef, EpochMillis),
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let mut book = self.world.book();
        if book.commons.at_work.as_ref() == Some(&self.entry) {
            book.commons.at_work = None;
        }
    }
}

/// A worker asks for a cell: without an answer soon, it knows nothing.
pub(crate) struct Asking {
    world: Arc<World>,
    caller: Arc<str>,
    since: EpochMillis,
}

impl Drop for Asking {
    fn drop(&mut self) {
        let now = self.world.universe.now();
        if self.since < now {
            self.world.book().commons.blind.insert(Arc::clone(&self.caller), now);
        }
    }
}

impl Asking {
    pub(crate) fn of(world: &Arc<World>, caller: &Arc<str>) -> Self {
        let since = world.universe.now();
        Self { world: Arc::clone(world), caller: Arc::clone(caller), since }
    }

    /// It was answered.
    pub(crate) fn answered(mut self) {
        self.since = EpochMillis::new(i64::MAX);
    }
}

/// Where an event stands in the order.
pub(crate) fn place(cx: &Context, version: i64) -> Place {
    (version, cx.opened_at(), cx.run().event.clone())
}

impl World {
    /// A run begins to work on the entity, until its attempt is cut off.
    pub(crate) fn enters(self: &Arc<Self>, event: &EventRef, until: EpochMillis) -> AtWork {
        let entry = (event.clone(), until);
        let now = self.universe.now();
        let rival = self.book().commons.at_work.replace(entry.clone());
        if let Some(rival) = rival.filter(|(other, until)| other != event && now < *until) {
            self.violated("an entity has one run at work at a time", || {
                format!("{entry:?} and {rival:?}")
            });
        }
        AtWork { world: Arc::clone(self), entry }
    }

    /// A write of the entity lands at the target, which takes what comes.
    pub(crate) fn writes(&self, place: &Place, until: EpochMillis) {
        let now = self.universe.now();
        if now >= until.plus(CLOCKS_APART) {
            return self.note("crm", || "a write came too late to land".to_owned());
        }
        let before = self.book().commons.written.replace((place.clone(), now));
        self.note("crm", || format!("is written, version {} of {}", place.0, place.2.key));
        // An order is kept for as long as it is remembered.
        let before = before.filter(|(_, at)| now < at.plus(RECORD_LIFE));
        if let Some((before, _)) = before.filter(|(before, _)| place < before) {
            self.violated("what is older is not written over what is newer", || {
                format!("{place:?} over {before:?}")
            });
        }
    }

    /// The place of what was written last.
    pub(crate) fn written_last(&self) -> Option<Place> {
        self.book().commons.written.clone().map(|(place, _)| place)
    }

    /// A cell was written.
    pub(crate) fn cell_written(&self, name: &CellName, cell: &Cell) {
        self.note("ledger", || format!("{} is {}", short(name), cell.value));
        if !name.as_str().starts_with("breaker#") {
            return;
        }
        let now = self.universe.now();
        // A write that arrives when the life of what it brings is over brings nothing.
        let brings_something = now < cell.expires_at.to_millis();
        let after = if brings_something { State::of(cell) } else { State::Closed };
        let before = self.book().commons.breaker.at(now);
        if let Some(invariant) = broken(before, after, now) {
            self.violated(invariant, || format!("{before:?} became {after:?}"));
        }
        let mut book = self.book();
        match after {
            State::Open(_) => book.tally.opened += 1,
            State::Probing(_) => book.tally.probes += 1,
            State::Closed => {}
        }
        let breaker = &mut book.commons.breaker;
        breaker.left_closed = match (before, after) {
            (_, State::Closed) => None,
            (State::Closed, _) => Some(now),
            _ => breaker.left_closed,
        };
        *breaker = Watched { state: after, since: Some(now), calls: 0, ..std::mem::take(breaker) };
    }

    /// A worker calls the dependency.
    pub(crate) fn calls(&self, caller: &Arc<str>) {
        let now = self.universe.now();
        let lately = |time: &EpochMillis| now < time.plus(UNAWARE);
        let mut book = self.book();
        let commons = &mut book.commons;
        let unaware = commons.blind.get(caller).is_some_and(lately)
            || commons.breaker.left_closed.is_some_and(|time| lately(&time));
        if unaware || commons.breaker.at(now) == State::Closed {
            return;
        }
        commons.breaker.calls += 1;
        let (state, calls) = (commons.breaker.state, commons.breaker.calls);
        drop(book);
        match state {
            State::Open(_) => self.violated("while a breaker is open no call is made", || {
                format!("{caller} calls, and the breaker is {state:?}")
            }),
            State::Probing(_) if calls > 1 => self.violated("one probe is made at a time", || {
                format!("{caller} makes call {calls}, and the breaker is {state:?}")
            }),
            State::Probing(_) | State::Closed => {}
        }
    }

    /// At the end: an event that was superseded is older than another, and what is newest of those
    /// that are done was written last.
    pub(crate) fn check_order(&self) {
        let (runs, versions) = {
            let book = self.book();
            let ordered = book.runs.values().filter(|run| run.id.job.as_str() == ORDERED);
            (ordered.cloned().collect::<Vec<Run>>(), book.commons.versions.clone())
        };
        let place = |run: &Run| {
            let event = run.id.event.clone();
            (versions.get(&event).copied().unwrap_or_default(), run.opened_at, event)
        };
        let newest = runs.iter().map(place).max();
        for run in &runs {
            let RunState::Ignored { cause } = &run.state else {
                continue;
            };
            if cause.starts_with("superseded by ") {
                self.book().tally.superseded += 1;
                if newest == Some(place(run)) {
                    self.violated("only what is older is superseded", || format!("{run:#?}"));
                }
            }
        }
        let done = runs.iter().find(|run| Some(place(run)) == newest);
        let done = done.filter(|run| run.state == RunState::Done);
        if done.is_some() && self.written_last() != newest {
            self.violated("the newest is written last", || format!("{newest:?} is the newest"));
        }
    }
}

impl Watched {
    /// Its state; what is forgotten is closed.
    fn at(&self, now: EpochMillis) -> State {
        match self.since {
            Some(since) if now.plus(CLOCKS_APART) < since.plus(BREAKER_LIFE) => self.state,
            _ => State::Closed,
        }
    }
}

/// The rule that a change of the breaker breaks.
fn broken(before: State, after: State, now: EpochMillis) -> Option<&'static str> {
    let latest = now.plus(CLOCKS_APART);
    match (before, after) {
        (State::Closed, State::Probing(_)) => Some("what is closed needs no probe"),
        (State::Open(until), State::Probing(_)) if latest < until => {
            Some("a dependency is left alone for as long as was said")
        }
        (State::Probing(until), State::Probing(_)) if latest < until => {
            Some("one probe is made at a time")
        }
        (State::Open(_), State::Open(_) | State::Closed) => {
            Some("what is open is closed or kept open by a probe only")
        }
        _ => None,
    }
}

impl State {
    fn of(cell: &Cell) -> Self {
        let breaker: Value = serde_json::from_str(&cell.value).expect("JSON");
        let until = || EpochMillis::new(breaker["until_ms"].as_i64().expect("a time"));
        match breaker["state"].as_str() {
            Some("open") => Self::Open(until()),
            Some("probing") => Self::Probing(until()),
            other => {
                assert_eq!(other, Some("closed"));
                Self::Closed
            }
        }
    }
}

/// A cell's name without most of its digest, for people.
pub(crate) fn short(name: &CellName) -> String {
    name.as_str().chars().take(24).collect()
}

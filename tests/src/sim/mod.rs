//! The simulator: the real use cases over the embedded adapters, under one seed.
//!
//! The seed decides everything: which task goes on at every await, how long each call takes and
//! whether it fails, arrives late or loses its answer, which process dies or stalls where it
//! waits, how far the clocks are apart, what the providers send twice, what the queue hands out
//! twice, how the jobs end, when other jobs are deployed, when the maintenance comes, and when
//! somebody redrives or replays.
//! Time is virtual and jumps.
//!
//! For ten minutes everything may go wrong; then nothing does, and everything has to come to its
//! end. In some schedules the same is sent again after the records' life, while calls of the
//! first days still arrive.
//!
//! What must hold is checked in two places: by a witness at the stores, who compares what was
//! there before a call with what is there after it (`backend`), and at the end (`Simulation`).
//! The rules are written down apart from the product (`book`).

mod backend;
mod book;
mod climate;
mod deployments;
mod executor;
mod jobs;
mod mutant;
mod network;
mod people;
mod search;
mod shared;
mod ticks;
mod workers;
mod world;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures_util::FutureExt as _;
use hookdock_embedded::{Embedded, EndpointFile, KeepingEndpoints, QueueSettings};
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::ledger::{EventRef, RunState};
use hookdock_pipeline::lookup;
use hookdock_pipeline::model::retry::RetryPolicy;
pub use mutant::Mutant;
pub use search::{Found, search, search_for};

use crate::requests::ENDPOINTS;
use crate::sim::backend::Backend;
use crate::sim::book::Accepted;
use crate::sim::climate::AFTERLIFE;
use crate::sim::jobs::JOBS;
use crate::sim::network::Network;
use crate::sim::people::People;
use crate::sim::ticks::Ticks;
use crate::sim::workers::Workers;
use crate::sim::world::World;
use crate::stack::START;

/// What the workers may use of time for a batch.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// As the template has it: six times the time limit.
const VISIBILITY: Duration = Duration::from_secs(60);

/// How long deliveries are stored.
const DELIVERIES_KEPT: Duration = Duration::from_secs(12 * 60 * 60);

/// What a run gets.
const POLICY: RetryPolicy = RetryPolicy {
    max_attempts: 4,
    first_wait: Duration::from_secs(2),
    growth: 4,
    longest_wait: Duration::from_secs(10 * 60),
    longest_asked: Duration::from_secs(10 * 60),
};

/// By then everything has ended.
const END: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// More than any schedule needs.
const MOST_STEPS: u64 = 200_000;

/// What must never be, and was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The sentence that does not hold.
    pub invariant: &'static str,
    /// Of what.
    pub detail: String,
}

/// A schedule that broke an invariant.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Which schedule.
    pub seed: u64,
    /// What it broke.
    pub violation: Violation,
    /// What happened, line by line.
    pub trace: Vec<String>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.trace {
            writeln!(f, "{line}")?;
        }
        let Violation { invariant, detail } = &self.violation;
        writeln!(f, "seed {} breaks: {invariant}", self.seed)?;
        write!(f, "{detail}")
    }
}

/// What happened in a schedule that broke nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Schedules.
    pub schedules: u64,
    /// Turns of tasks.
    pub steps: u64,
    /// Deliveries answered 2xx.
    pub accepted: u64,
    /// Direct deliveries answered 2xx.
    pub direct: u64,
    /// Events that were worked on at once.
    pub at_once: u64,
    /// Deaths of a process.
    pub deaths: u64,
    /// Times that a process was held up.
    pub stalls: u64,
    /// Claims of a run.
    pub claims: u64,
    /// Writes that were refused because of their fence.
    pub fenced: u64,
    /// Times that a run was left to the ledger alone.
    pub left_to_ledger: u64,
    /// Times that a reference was sent for such a run.
    pub woken: u64,
    /// Times that a run was held back.
    pub held_back: u64,
    /// Times that a breaker opened.
    pub opened: u64,
    /// Probes of a dependency.
    pub probes: u64,
    /// Runs that were superseded.
    pub superseded: u64,
    /// Runs that ended done, ignored and dead.
    pub ended: [u64; 3],
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.schedules += other.schedules;
        self.steps += other.steps;
        self.accepted += other.accepted;
        self.direct += other.direct;
        self.at_once += other.at_once;
        self.deaths += other.deaths;
        self.stalls += other.stalls;
        self.claims += other.claims;
        self.fenced += other.fenced;
        self.left_to_ledger += other.left_to_ledger;
        self.woken += other.woken;
        self.held_back += other.held_back;
        self.opened += other.opened;
        self.probes += other.probes;
        self.superseded += other.superseded;
        for (sum, more) in self.ended.iter_mut().zip(other.ended) {
            *sum += more;
        }
    }
}

/// Runs the schedule of a seed, over ports of which one thing may be broken.
///
/// # Errors
///
/// The schedule broke an invariant. It has been run again to get its trace.
pub fn run(seed: u64, mutant: Option<Mutant>) -> Result<Tally, Box<Broken>> {
    let simulation = Simulation::new(seed, mutant, false);
    simulation.run().map_err(|_| {
        let simulation = Simulation::new(seed, mutant, true);
        let world = Arc::clone(&simulation.world);
        let violation = simulation.run().expect_err("a seed always gives the same schedule");
        Box::new(Broken { seed, violation, trace: world.trace() })
    })
}

/// The trace of a seed's schedule, whether it breaks anything or not.
#[must_use]
pub fn trace(seed: u64) -> Vec<String> {
    let simulation = Simulation::new(seed, None, true);
    let world = Arc::clone(&simulation.world);
    drop(simulation.run());
    world.trace()
}

struct Simulation {
    world: Arc<World>,
    backend: Backend,
    workers: Workers,
    ticks: Ticks,
    steps: u64,
}

impl Drop for Simulation {
    fn drop(&mut self) {
        self.world.universe.end();
    }
}

impl Simulation {
    fn new(seed: u64, mutant: Option<Mutant>, traced: bool) -> Self {
        static ENDPOINT_FILE: LazyLock<EndpointFile> =
            LazyLock::new(|| EndpointFile::parse(ENDPOINTS).expect("usable endpoints"));
        let world = Arc::new(World::new(seed, traced));
        let queue = QueueSettings { visibility: VISIBILITY, ..QueueSettings::default() };
        let local = Embedded::in_memory(world.universe.clock(0), queue).expect("memory");
        let endpoints = KeepingEndpoints::new(ENDPOINT_FILE.clone(), local.clone());
        let backend = Backend { local, world: Arc::clone(&world) };
        let network = Network {
            world: Arc::clone(&world),
            backend: backend.clone(),
            mutant,
            caller: "ingest".into(),
        };
        let workers = Workers::new(&network);
        let ticks = Ticks::new(&network);
        People { network, endpoints }.start();
        Self { world, backend, workers, ticks, steps: 0 }
    }

    fn run(mut self) -> Result<Tally, Violation> {
        self.go_on()?;
        // Where the queue gave up on a message, somebody moves it back once the trouble is over.
        while self.has_plain_letters() {
            self.world.note("operator", || "moves the dead letters back".to_owned());
            let redrive = self.backend.local.redrive();
            redrive.now_or_never().expect("memory").expect("memory");
            self.go_on()?;
        }
        self.check_end();
        self.check()?;
        let mut tally = self.world.book().tally;
        tally.schedules = 1;
        tally.steps = self.steps;
        Ok(tally)
    }

    /// Until nothing is left to do.
    fn go_on(&mut self) -> Result<(), Violation> {
        let world = Arc::clone(&self.world);
        let lives = if world.climate.afterlife { 1 } else { 0 };
        let end = START.plus(AFTERLIFE * lives).plus(END);
        loop {
            while world.universe.step(|| world.fortune()) {
                self.steps += 1;
                self.check()?;
            }
            if self.workers.hand_out() || self.ticks.tick() {
                continue;
            }
            let next = [world.universe.next_timer(), self.workers.next_work(), self.ticks.next()];
            let next = next.into_iter().flatten();
            match next.min() {
                None => return Ok(()),
                Some(time) if time > end || self.steps > MOST_STEPS => {
                    world.violated("every event comes to its end", || "it goes on".to_owned());
                    return self.check();
                }
                Some(time) => world.universe.advance_to(time),
            }
        }
    }

    fn check(&self) -> Result<(), Violation> {
        self.world.book().violation.clone().map_or(Ok(()), Err)
    }

    /// Whether the queue has given up on a message.
    fn has_plain_letters(&self) -> bool {
        let letters = self.backend.local.dead_letters().expect("memory");
        letters.iter().any(|letter| letter.attributes.iter().all(|(name, _)| name != "reason"))
    }

    /// Every delivery that was answered 2xx is found by its id, and has led to an end of every
    /// job for its event.
    fn check_end(&self) {
        let accepted = self.world.book().accepted.clone();
        self.world.book().tally.accepted = accepted.len() as u64;
        for (id, Accepted { event, body }) in &accepted {
            let found = lookup::find(&self.backend.local, &event.endpoint, id);
            let found = found.now_or_never().expect("memory").expect("memory");
            let stored = found.as_ref().and_then(|(_, stored)| StoredDelivery::parse(stored).ok());
            let stored = stored.and_then(|stored| stored.body_bytes().ok());
            if stored.as_ref() != Some(body) {
                self.world.violated("what is answered 2xx stays readable byte for byte", || {
                    id.to_string()
                });
            }
        }
        let records = self.backend.local.events().expect("memory");
        let events = accepted.into_values().map(|accepted| accepted.event);
        for event in events.collect::<BTreeSet<EventRef>>() {
            let Some(record) = records.iter().find(|record| record.event() == event) else {
                self.world.violated("what is answered 2xx is not lost", || format!("{event:?}"));
                return;
            };
            let recorded = self.world.book().recorded.get(&event).map_or(0, |ids| ids.len() as u64);
            if record.deliveries != recorded && !self.world.climate.afterlife {
                self.world.violated("every delivery is counted", || {
                    format!("{} deliveries are recorded of {recorded}", record.deliveries)
                });
            }
            let runs = self.backend.local.runs(&event).expect("memory");
            let ends = runs.iter().filter_map(|run| end(&run.state));
            let ended = ends.inspect(|end| self.world.book().tally.ended[*end] += 1).count();
            let all_ended = match self.world.climate.deployments.is_empty() {
                true => ended == JOBS.len(),
                // Which jobs there were for it depends on when it came.
                false => ended == runs.len() && (ended > 0 || record.ignored.is_some()),
            };
            if !all_ended {
                self.world.violated("nothing acknowledged ends without a reason", || {
                    format!("{record:#?}\n{runs:#?}")
                });
            }
        }
        // What is sent again later may find that what was newer has been forgotten.
        if !self.world.climate.afterlife {
            self.world.check_order();
        }
    }
}

/// Which end a run has come to, if it has: done, ignored with a cause, or dead with its letter.
fn end(state: &RunState) -> Option<usize> {
    match state {
        RunState::Done => Some(0),
        RunState::Ignored { cause } => (!cause.is_empty()).then_some(1),
        RunState::Dead { dead_lettered, .. } => dead_lettered.then_some(2),
        RunState::Running { .. }
        | RunState::Retrying { .. }
        | RunState::Waiting { .. }
        | RunState::Dismissed { .. } => None,
    }
}

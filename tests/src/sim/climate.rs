//! What a seed decides before anything happens: how rough it gets, and what the jobs will do.
//!
//! Each seed turns every kind of trouble off, on or up by itself. Schedules that suffer from
//! one or two things find more than schedules in which everything goes wrong at once.

use std::time::Duration;

use crate::sim::deployments::{self, Deployment};
use crate::sim::executor::Universe;
use crate::sim::jobs::JOBS;

/// How long the trouble lasts.
pub(crate) const STORM: Duration = Duration::from_secs(10 * 60);

/// When everything is sent once more, after the records' life: 30 days, and what the latest
/// record can have lived longer.
pub(crate) const AFTERLIFE: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// How rough it gets, in times out of a thousand.
#[derive(Debug, Clone)]
pub(crate) struct Climate {
    /// How many workers there are, and by how much their clocks are off.
    pub(crate) clocks_off_by_ms: Vec<i64>,
    /// A process dies where it waits.
    pub(crate) deaths: u32,
    /// A process is held up where it waits.
    pub(crate) stalls: u32,
    /// A call is refused and has no effect.
    pub(crate) refusals: u32,
    /// A call takes effect, and its answer is lost.
    pub(crate) lost_answers: u32,
    /// A call takes effect long after everyone stopped waiting for it.
    pub(crate) late_calls: u32,
    /// A call is lost silently.
    pub(crate) lost_calls: u32,
    /// A call takes seconds.
    pub(crate) slow_calls: u32,
    /// The queue hands out a copy of a message that it handed out before.
    pub(crate) copies: u32,
    /// Somebody moves the dead letters back.
    pub(crate) redrives: usize,
    /// Somebody queues a stored delivery again.
    pub(crate) replays: usize,
    /// Everything is sent once more after the records' life, and some calls arrive only then.
    pub(crate) afterlife: bool,
    /// How long the job that keeps an order waits for something newer, and how long at most.
    pub(crate) debounce: (Duration, Duration),
    /// The target of that job is down from the first to the second, counted from the start.
    pub(crate) down: (Duration, Duration),
    /// What is deployed.
    pub(crate) deployments: Vec<Deployment>,
    /// The events.
    pub(crate) events: Vec<EventPlan>,
    /// The events of the direct endpoint, which have no jobs.
    pub(crate) direct: Vec<EventPlan>,
}

/// One event, and what its jobs do.
#[derive(Debug, Clone)]
pub(crate) struct EventPlan {
    /// Whether its endpoint leaves deliveries in their messages.
    pub(crate) inline: bool,
    /// The version of the entity that the event is about.
    pub(crate) version: i64,
    /// How often the provider sends it.
    pub(crate) sent: usize,
    /// How often it tries again when it is not answered 2xx.
    pub(crate) patience: usize,
    /// How the attempts of each job end, in order; after them all are done.
    endings: [Vec<Ending>; JOBS.len()],
}

/// How an attempt of a job ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Done,
    Ignored,
    Fails,
    FailsFor(Duration),
    FailsForGood,
    Defers(Duration),
    Panics,
    Hangs,
}

impl Climate {
    /// The climate of a seed.
    pub(crate) fn of(universe: &Universe) -> Self {
        let workers = 2 + universe.below(2);
        let events = 1 + universe.below(5) / 3;
        let plans = |count: usize| (0..count).map(|_| EventPlan::of(universe)).collect();
        Self {
            clocks_off_by_ms: (0..workers).map(|_| universe.clock_error_ms()).collect(),
            deaths: dial(universe, 5, 60),
            stalls: dial(universe, 3, 20),
            refusals: dial(universe, 20, 200),
            lost_answers: dial(universe, 20, 200),
            late_calls: dial(universe, 20, 150),
            lost_calls: dial(universe, 10, 80),
            slow_calls: dial(universe, 20, 300),
            copies: dial(universe, 30, 300),
            redrives: universe.below(3),
            replays: universe.below(3),
            afterlife: universe.happens(300),
            debounce: debounce(universe),
            down: down(universe),
            deployments: deployments::by_chance(universe),
            events: plans(events),
            direct: plans(universe.below(3)),
        }
    }
}

impl EventPlan {
    fn of(universe: &Universe) -> Self {
        let endings = |_| {
            let failing = universe.below(6).saturating_sub(1);
            (0..failing).map(|_| Ending::by_chance(universe)).collect()
        };
        Self {
            inline: universe.happens(500),
            version: i64::from(universe.happens(500)),
            sent: 1 + universe.below(3),
            patience: universe.below(6),
            endings: JOBS.map(endings),
        }
    }

    /// How an attempt of that job ends that comes after so many others.
    pub(crate) fn ending(&self, job: &str, before: usize) -> Ending {
        let planned = JOBS.iter().zip(&self.endings).find(|(name, _)| **name == job);
        let planned = planned.and_then(|(_, endings)| endings.get(before));
        planned.copied().unwrap_or(Ending::Done)
    }
}

impl Ending {
    fn by_chance(universe: &Universe) -> Self {
        match universe.below(16) {
            0..=3 => Self::Fails,
            4 => Self::FailsFor(Duration::from_secs(30)),
            5 => Self::FailsFor(Duration::from_secs(5 * 60)),
            6 => Self::FailsForGood,
            7 => Self::Ignored,
            8 => Self::Panics,
            9 => Self::Hangs,
            10 | 11 => Self::Defers(Duration::from_secs(20)),
            12 | 13 => Self::Defers(Duration::from_secs(4 * 60)),
            _ => Self::Done,
        }
    }
}

/// None, or some.
fn debounce(universe: &Universe) -> (Duration, Duration) {
    match universe.below(2) {
        0 => (Duration::ZERO, Duration::ZERO),
        _ => (Duration::from_secs(6), Duration::from_secs(15)),
    }
}

/// Never, or for some minutes, which may outlast the storm.
fn down(universe: &Universe) -> (Duration, Duration) {
    match universe.below(3) {
        0 => {
            let begin = universe.between(Duration::ZERO, STORM / 2);
            (begin, begin + universe.between(Duration::ZERO, STORM))
        }
        _ => (Duration::ZERO, Duration::ZERO),
    }
}

/// Off, on or up.
fn dial(universe: &Universe, on: u32, up: u32) -> u32 {
    match universe.below(4) {
        0 | 1 => 0,
        2 => on,
        _ => up,
    }
}

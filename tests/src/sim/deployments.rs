//! Deployments: jobs go, come back, are narrowed and renamed, and for a while workers of two
//! versions are there at once.

use std::time::Duration;

use hookdock_signature::EpochMillis;

use crate::sim::climate::STORM;
use crate::sim::executor::Universe;
use crate::sim::jobs::JOBS;
use crate::stack::START;

/// The longest that a worker of the version before is there after a deployment.
const OVERLAP: Duration = Duration::from_secs(60);

/// What a version of the code does with each job.
pub(crate) type Version = [Presence; JOBS.len()];

/// What a version of the code does with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    There,
    /// It is registered under a new name, and tells its former one.
    Renamed,
    /// It is registered, and not for these events.
    Narrowed,
    Gone,
}

/// A version of the code that is deployed at some time after the start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deployment {
    at: Duration,
    version: Version,
}

/// None in most schedules. After the last one all jobs are there again, or some are gone.
pub(crate) fn by_chance(universe: &Universe) -> Vec<Deployment> {
    let count = universe.below(5).saturating_sub(2);
    let mut deployments: Vec<_> = (0..count).map(|_| Deployment::by_chance(universe)).collect();
    deployments.sort_by_key(|deployment| deployment.at);
    if let Some(last) = deployments.last_mut().filter(|_| universe.happens(700)) {
        let there = |_| if universe.happens(500) { Presence::There } else { Presence::Renamed };
        last.version = JOBS.map(there);
    }
    deployments
}

/// How much later than others a worker begins to run a new version.
pub(crate) fn lag(universe: &Universe) -> Duration {
    universe.between(Duration::ZERO, OVERLAP)
}

/// The version that a worker runs.
pub(crate) fn version(deployments: &[Deployment], lag: Duration, now: EpochMillis) -> Version {
    let there = |deployment: &&Deployment| START.plus(deployment.at + lag) <= now;
    let latest = deployments.iter().rev().find(there);
    latest.map_or([Presence::There; JOBS.len()], |deployment| deployment.version)
}

impl Deployment {
    fn by_chance(universe: &Universe) -> Self {
        let presence = |_| match universe.below(4) {
            0 => Presence::There,
            1 => Presence::Renamed,
            2 => Presence::Narrowed,
            _ => Presence::Gone,
        };
        let at = universe.between(Duration::ZERO, STORM);
        Self { at, version: JOBS.map(presence) }
    }
}

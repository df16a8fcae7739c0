//! Who wakes the runs that wait in the ledger alone: each minute, sometimes twice at once.

use std::time::Duration;

use hookdock_pipeline::maintenance::Maintenance;
use hookdock_pipeline::model::system::System as _;
use hookdock_signature::EpochMillis;

use crate::sim::TIME_LIMIT;
use crate::sim::executor::Clock;
use crate::sim::network::Network;
use crate::stack::START;

/// How often a tick comes.
const EACH: Duration = Duration::from_secs(60);

/// The clock that ticks, and what it sets going.
pub(crate) struct Ticks {
    network: Network,
    clock: Clock,
    last: EpochMillis,
}

impl Ticks {
    pub(crate) fn new(network: &Network) -> Self {
        let universe = &network.world.universe;
        let clock = universe.clock(universe.clock_error_ms());
        let network = Network { caller: "maintenance".into(), ..network.clone() };
        Self { network, clock, last: START }
    }

    /// The next tick that finds something to do.
    pub(crate) fn next(&self) -> Option<EpochMillis> {
        let due = self.network.backend.local.next_wake().expect("memory")?;
        let minutes = START.until(due).as_secs().div_ceil(EACH.as_secs());
        let at = START.plus(EACH * u32::try_from(minutes).expect("a life is short"));
        Some(at.max(self.last.plus(EACH)))
    }

    /// Begins a tick that is due, and now and then a second one beside it. `false`: none is.
    pub(crate) fn tick(&mut self) -> bool {
        let universe = &self.network.world.universe;
        if self.next().is_none_or(|time| universe.now() < time) {
            return false;
        }
        self.last = universe.now();
        let ticks = 1 + usize::from(self.network.world.storms() && universe.happens(200));
        (0..ticks).for_each(|_| self.begin());
        true
    }

    fn begin(&self) {
        let ports = self.network.ports();
        let maintenance = Maintenance::new(ports.clone(), ports, self.clock.clone());
        let clock = self.clock.clone();
        self.network.world.note("maintenance", || "ticks".to_owned());
        self.network.world.universe.clone().spawn_mortal(async move {
            maintenance.wake(clock.now().plus(TIME_LIMIT)).await;
        });
    }
}

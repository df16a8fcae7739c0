//! Many schedules, side by side.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::sim::{Broken, Mutant, Tally, run};

/// What came of many schedules.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// What happened in those that broke nothing, added up.
    pub tally: Tally,
    /// The first that broke what was asked for. No further one was begun after it.
    pub broken: Option<Box<Broken>>,
}

/// Runs the schedules of these seeds on every core, until one breaks an invariant.
#[must_use]
pub fn search(seeds: Range<u64>, mutant: Option<Mutant>) -> Found {
    search_for(seeds, mutant, |_| true)
}

/// The same, until one breaks an invariant that is asked for: what is broken in the product can
/// break several, and which of them comes first is chance.
#[must_use]
pub fn search_for(
    seeds: Range<u64>,
    mutant: Option<Mutant>,
    asked_for: impl Fn(&Broken) -> bool + Sync,
) -> Found {
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new(Found::default());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let result = run(seed, mutant);
            let mut found = found.lock().expect("nobody panics while holding it");
            match result {
                Ok(tally) => found.tally.add(&tally),
                Err(broken) if !asked_for(&broken) => {}
                Err(broken) => {
                    next.store(seeds.end, Ordering::Relaxed);
                    found.keep_first(broken);
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    found.into_inner().expect("nobody panics while holding it")
}

impl Found {
    /// The lowest seed, so that the answer does not depend on who was faster.
    fn keep_first(&mut self, broken: Box<Broken>) {
        if self.broken.as_ref().is_none_or(|known| broken.seed < known.seed) {
            self.broken = Some(broken);
        }
    }
}

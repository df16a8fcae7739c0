//! Time and chance: the real ones, and those a test chooses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use hookdock_pipeline::model::system::System;
use hookdock_signature::EpochMillis;
use tokio::time::Instant;

/// The clock and the random numbers of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl System for SystemClock {
    fn now(&self) -> EpochMillis {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that the others take")]
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        EpochMillis::new(0).plus(since_epoch.unwrap_or_default())
    }

    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }

    fn random(&self) -> u128 {
        let mut bytes = [0; 16];
        #[expect(clippy::expect_used, reason = "without chance there are no ids and no claims")]
        getrandom::fill(&mut bytes).expect("the operating system has random numbers");
        u128::from_be_bytes(bytes)
    }
}

/// A clock that runs with Tokio's, which a test can stop and move, and numbers that repeat from
/// run to run.
#[derive(Debug, Clone)]
pub struct TestSystem {
    epoch: EpochMillis,
    started: Instant,
    drawn: Arc<AtomicU64>,
}

impl TestSystem {
    /// A clock that shows `epoch` now.
    #[must_use]
    pub fn starting_at(epoch: EpochMillis) -> Self {
        Self { epoch, started: Instant::now(), drawn: Arc::default() }
    }
}

impl System for TestSystem {
    fn now(&self) -> EpochMillis {
        self.epoch.plus(self.started.elapsed())
    }

    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }

    /// `SplitMix64` over a counter, twice.
    fn random(&self) -> u128 {
        let drawn = self.drawn.fetch_add(2, Ordering::Relaxed);
        u128::from(mixed(drawn)) << 64 | u128::from(mixed(drawn.wrapping_add(1)))
    }
}

fn mixed(counter: u64) -> u64 {
    let z = counter.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

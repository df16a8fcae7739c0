//! The clock and the random numbers of the machine.

use std::time::{Duration, SystemTime};

use hookdock_pipeline::model::system::System;
use hookdock_signature::EpochMillis;

/// The clock and the random numbers of the machine.
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

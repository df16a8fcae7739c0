//! How many look-ups of names that may be invented are made.

use std::time::Duration;

use hookdock_signature::EpochMillis;

/// A token bucket: so many at once, and one more each time `every` has passed.
#[derive(Debug)]
pub(super) struct RateLimit {
    burst: u32,
    every: Duration,
    spent: Duration,
    counted_at: EpochMillis,
}

impl RateLimit {
    /// A full bucket.
    pub(super) fn new(burst: u32, every: Duration, now: EpochMillis) -> Self {
        Self { burst, every, spent: Duration::ZERO, counted_at: now }
    }

    /// Takes one, if there is one left.
    pub(super) fn take(&mut self, now: EpochMillis) -> bool {
        self.spent = self.spent.saturating_sub(self.counted_at.until(now));
        self.counted_at = now;
        let spent = self.spent.saturating_add(self.every);
        let granted = spent <= self.every.saturating_mul(self.burst);
        if granted {
            self.spent = spent;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_granted_and_then_one_for_each_interval() {
        let mut rate_limit = RateLimit::new(3, Duration::from_secs(2), EpochMillis::new(0));
        let mut granted = |millis, asked: u32| {
            (0..asked).filter(|_| rate_limit.take(EpochMillis::new(millis))).count()
        };
        assert_eq!(granted(0, 10), 3);
        assert_eq!(granted(1_999, 10), 0);
        assert_eq!(granted(2_000, 10), 1);
        assert_eq!(granted(8_000, 10), 3);
        assert_eq!(granted(1_000_000, 10), 3);
    }

    #[test]
    fn a_clock_that_is_set_back_grants_nothing_extra() {
        let mut rate_limit = RateLimit::new(1, Duration::from_secs(1), EpochMillis::new(10_000));
        assert!(rate_limit.take(EpochMillis::new(10_000)));
        assert!(!rate_limit.take(EpochMillis::new(0)));
        assert!(rate_limit.take(EpochMillis::new(1_000)));
    }
}

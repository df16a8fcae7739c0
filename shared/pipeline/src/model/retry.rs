//! When a failed attempt is followed by another.

use std::time::Duration;

/// The longest that a message is put off in one go; a run that waits longer is put off again. SQS
/// hides a message for 12 hours at most, counted from when it was handed out (SQS quotas, read
/// 2026-11).
pub const LONGEST_PUT_OFF: Duration = Duration::from_secs(11 * 60 * 60 + 30 * 60);

/// How often and how soon a run is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many attempts a run gets in all.
    pub max_attempts: u32,
    /// The upper bound of the wait after the first attempt.
    pub first_wait: Duration,
    /// How many times longer the bound is after each further attempt.
    pub growth: u32,
    /// The upper bound that it never exceeds.
    pub longest_wait: Duration,
    /// How far a dependency is followed that asks for more time than that.
    pub longest_asked: Duration,
}

impl Default for RetryPolicy {
    /// 12 attempts over at most 72 hours: bounds of 2, 8, 32, 128, 512 s, 34 min, 2.3 h, 9.1 h,
    /// and three times 20 h.
    fn default() -> Self {
        Self {
            max_attempts: 12,
            first_wait: Duration::from_secs(2),
            growth: 4,
            longest_wait: Duration::from_secs(20 * 60 * 60),
            longest_asked: Duration::from_secs(3 * 24 * 60 * 60),
        }
    }
}

impl RetryPolicy {
    /// How a message comes back while our own ledger is down, for as long as it takes.
    pub const OUTAGE: Self = Self {
        max_attempts: u32::MAX,
        first_wait: Duration::from_secs(2),
        growth: 2,
        // Nearly as long as the outage has lasted: a hundred receives, after which SQS sets a
        // message aside, then outlast the ten days that it may stay at most.
        longest_wait: Duration::from_secs(8 * 60 * 60),
        longest_asked: Duration::ZERO,
    };

    /// When a run that cannot be attempted is looked at again.
    pub const ABSENCE: Self = Self { longest_wait: Duration::from_secs(15 * 60), ..Self::OUTAGE };

    /// Whether a run that has had this many attempts gets another.
    #[must_use]
    pub fn allows_another(&self, tries: u32) -> bool {
        tries < self.max_attempts
    }

    /// The wait after that many attempts: evenly spread from one second up to the bound, so that
    /// runs that failed together do not come back together.
    #[must_use]
    pub fn wait(&self, tries: u32, random: u128) -> Duration {
        let grown = self.growth.saturating_pow(tries.saturating_sub(1));
        let bound = self.first_wait.saturating_mul(grown).min(self.longest_wait);
        spread(Duration::from_secs(1), bound, random)
    }

    /// The wait where a dependency asked for one: never less than that, within reason.
    #[must_use]
    pub fn wait_asked(&self, asked: Duration, tries: u32, random: u128) -> Duration {
        self.wait(tries, random).max(asked.min(self.longest_asked))
    }
}

/// A time from `least` to `most`, chosen by `random`.
pub(crate) fn spread(least: Duration, most: Duration, random: u128) -> Duration {
    let width = most.saturating_sub(least).as_millis();
    let chosen = random.checked_rem(width.saturating_add(1)).unwrap_or_default();
    least.saturating_add(Duration::from_millis(u64::try_from(chosen).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 60 * 60;

    fn check(policy: RetryPolicy, tries: u32, longest_seconds: u64) {
        let width = u128::from(longest_seconds - 1) * 1000;
        assert_eq!(policy.wait(tries, 0), Duration::from_secs(1));
        assert_eq!(policy.wait(tries, width), Duration::from_secs(longest_seconds));
        assert_eq!(policy.wait(tries, width + 1), Duration::from_secs(1));
    }

    #[test]
    fn the_bound_of_the_wait_grows_until_the_longest() {
        for (tries, bound) in
            [(1, 2), (2, 8), (5, 512), (8, 32_768), (9, 20 * HOUR), (40, 20 * HOUR)]
        {
            check(RetryPolicy::default(), tries, bound);
        }
        for (tries, bound) in [(1, 2), (2, 4), (9, 512), (10, 1024), (40, 8 * HOUR)] {
            check(RetryPolicy::OUTAGE, tries, bound);
        }
    }

    #[test]
    fn the_wait_is_never_shorter_than_a_second_and_never_overflows() {
        assert_eq!(RetryPolicy::default().wait(u32::MAX, 0), Duration::from_secs(1));
    }

    #[test]
    fn twelve_attempts_are_granted_over_seventy_two_hours() {
        let policy = RetryPolicy::default();
        assert!(policy.allows_another(11));
        assert!(!policy.allows_another(12));
        let bounds = (1..12).map(|tries| {
            policy.first_wait.saturating_mul(policy.growth.pow(tries - 1)).min(policy.longest_wait)
        });
        assert_eq!(bounds.sum::<Duration>().as_secs() / HOUR, 72);
    }

    #[test]
    fn a_dependency_is_given_the_time_it_asks_for_within_reason() {
        let policy = RetryPolicy::default();
        let (hour, day) = (Duration::from_secs(HOUR), Duration::from_secs(24 * HOUR));
        assert_eq!(policy.wait_asked(hour, 1, 0), hour);
        assert_eq!(policy.wait_asked(day * 365, 1, 0), day * 3);
        assert_eq!(policy.wait_asked(Duration::ZERO, 1, 0), Duration::from_secs(1));
    }
}

//! When a failed attempt is followed by another.

use std::time::Duration;

/// The longest that a message is put off, and that a run waits for its next attempt. SQS hides a
/// message for 12 hours at most, counted from when it was handed out (SQS quotas, read 2026-11).
pub const LONGEST_WAIT: Duration = Duration::from_secs(11 * 60 * 60 + 30 * 60);

/// How often and how soon a run is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many attempts a run gets in all.
    pub max_attempts: u32,
    /// The upper bound of the wait after the first attempt; it doubles from attempt to attempt.
    pub first_wait: Duration,
    /// The upper bound that it never exceeds.
    pub longest_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 8,
            first_wait: Duration::from_secs(2),
            longest_wait: Duration::from_secs(15 * 60),
        }
    }
}

impl RetryPolicy {
    /// Whether a run that has had this many attempts gets another.
    #[must_use]
    pub fn allows_another(&self, tries: u32) -> bool {
        tries < self.max_attempts
    }

    /// The wait after that many attempts: evenly spread from one second up to the bound, so that
    /// runs that failed together do not come back together.
    #[must_use]
    pub fn wait(&self, tries: u32, random: u128) -> Duration {
        let doubled = 2_u32.saturating_pow(tries.saturating_sub(1));
        let bound = self.first_wait.saturating_mul(doubled).min(self.longest_wait);
        spread(Duration::from_secs(1), bound, random)
    }
}

/// A time from `least` to `most`, chosen by `random`.
fn spread(least: Duration, most: Duration, random: u128) -> Duration {
    let width = most.saturating_sub(least).as_millis();
    let chosen = random.checked_rem(width.saturating_add(1)).unwrap_or_default();
    least.saturating_add(Duration::from_millis(u64::try_from(chosen).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tries: u32, longest_seconds: u64) {
        let policy = RetryPolicy::default();
        let width = u128::from(longest_seconds - 1) * 1000;
        assert_eq!(policy.wait(tries, 0), Duration::from_secs(1));
        assert_eq!(policy.wait(tries, width), Duration::from_secs(longest_seconds));
        assert_eq!(policy.wait(tries, width + 1), Duration::from_secs(1));
    }

    #[test]
    fn the_bound_of_the_wait_doubles_until_the_longest() {
        check(1, 2);
        check(2, 4);
        check(4, 16);
        check(9, 512);
        check(10, 900);
        check(40, 900);
    }

    #[test]
    fn the_wait_is_never_shorter_than_a_second_and_never_overflows() {
        assert_eq!(RetryPolicy::default().wait(u32::MAX, 0), Duration::from_secs(1));
    }

    #[test]
    fn eight_attempts_are_granted_and_no_ninth() {
        let policy = RetryPolicy::default();
        assert!(policy.allows_another(7));
        assert!(!policy.allows_another(8));
    }
}

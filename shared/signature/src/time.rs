//! Two units of time that cannot be mixed up.

use std::time::Duration;

use derive_more::Display;
use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z.
///
/// ```
/// use hookdock_signature::{EpochMillis, EpochSeconds};
///
/// assert_eq!(EpochSeconds::new(2).to_millis(), EpochMillis::new(2000));
/// ```
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct EpochSeconds(i64);

/// Milliseconds since 1970-01-01T00:00:00Z.
///
/// There is no comparison with [`EpochSeconds`]; convert one of them first.
///
/// ```
/// use hookdock_signature::{EpochMillis, EpochSeconds};
///
/// assert_eq!(EpochMillis::new(2999).to_seconds(), EpochSeconds::new(2));
/// ```
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct EpochMillis(i64);

impl EpochSeconds {
    /// Wraps a count of seconds.
    #[must_use]
    pub const fn new(seconds: i64) -> Self {
        Self(seconds)
    }

    /// The count of seconds.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The same instant in milliseconds, at the end of the range if it does not fit.
    #[must_use]
    pub const fn to_millis(self) -> EpochMillis {
        EpochMillis(self.0.saturating_mul(1000))
    }

    /// This instant moved by a count of seconds, which may be negative.
    #[must_use]
    pub const fn saturating_add(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this instant; negative when this one is earlier.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl EpochMillis {
    /// Wraps a count of milliseconds.
    #[must_use]
    pub const fn new(millis: i64) -> Self {
        Self(millis)
    }

    /// The count of milliseconds.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The second that this instant lies in.
    #[must_use]
    pub const fn to_seconds(self) -> EpochSeconds {
        EpochSeconds(self.0.div_euclid(1000))
    }

    /// This instant moved by a count of milliseconds, which may be negative.
    #[must_use]
    pub const fn saturating_add(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this instant; negative when this one is earlier.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl EpochMillis {
    /// The time that long after this one.
    #[must_use]
    pub fn plus(self, wait: Duration) -> Self {
        self.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
    }

    /// The time that long before this one.
    #[must_use]
    pub fn minus(self, wait: Duration) -> Self {
        let millis = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// How long it is from this time until the other; nothing when that has passed.
    #[must_use]
    pub fn until(self, other: Self) -> Duration {
        Duration::from_millis(u64::try_from(other.saturating_since(self)).unwrap_or_default())
    }
}

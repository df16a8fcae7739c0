//! How long senders waited.

use std::time::Duration;

use serde::Serialize;

/// Sorted.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

/// The usual percentiles, in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) p50_ms: f64,
    pub(crate) p90_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
}

impl FromIterator<Duration> for Latencies {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        let mut sorted: Vec<Duration> = times.into_iter().collect();
        sorted.sort_unstable();
        Self(sorted)
    }
}

impl Latencies {
    pub(crate) fn percentiles(&self) -> Percentiles {
        Percentiles {
            p50_ms: self.at(50),
            p90_ms: self.at(90),
            p99_ms: self.at(99),
            max_ms: self.at(100),
        }
    }

    /// The shortest that so many percent did not exceed.
    fn at(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent).div_ceil(100).max(1) - 1;
        self.0.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    }
}

//! When a dependency that is down is left alone.
//!
//! ```text
//!            enough of its calls failed, or it asked for time
//!   closed ---------------------------------------------------> open(until)
//!     ^                                                          |   ^
//!     |                                            until has come |   | failed: for longer
//!     |  answered                                                v   |
//!     +-------------------------------------------------------- probing(until)
//!                                                                |   ^
//!                                                                +---+ until has come: the
//!                                                                      prober has died
//! ```
//!
//! Every move is computed here, without I/O. All workers share the state through a cell, which is
//! written where something failed, and not where all is well.

use std::time::Duration;

use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};

use crate::model::failure::ErrorClass;
use crate::model::millis::seconds;
use crate::model::retry::spread;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerPolicy {
    /// How many calls have to fail.
    pub failures: u32,
    /// How many of a hundred calls have to fail.
    pub percent: u32,
    /// The time within which they fail.
    #[serde(rename = "window_seconds", deserialize_with = "seconds")]
    pub window: Duration,
    /// The longest that the dependency is left alone the first time.
    #[serde(rename = "wait_seconds", deserialize_with = "seconds")]
    pub first_wait: Duration,
    /// The longest that it is left alone, however often its probes fail; the bound doubles with
    /// each.
    #[serde(rename = "longest_wait_seconds", deserialize_with = "seconds")]
    pub longest_wait: Duration,
    /// How far a dependency is followed that asks for more time than that.
    #[serde(skip)]
    pub longest_asked: Duration,
}

impl Default for BreakerPolicy {
    /// Five failures within a minute that are half of the calls; 10 s, then up to 5 min, and up to
    /// an hour where the dependency asks for it.
    fn default() -> Self {
        Self {
            failures: 5,
            percent: 50,
            window: Duration::from_secs(60),
            first_wait: Duration::from_secs(10),
            longest_wait: Duration::from_secs(5 * 60),
            longest_asked: Duration::from_secs(60 * 60),
        }
    }
}

/// What is known of a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub enum Breaker {
    /// It is called.
    Closed {
        /// When the first of the failures happened.
        #[serde(rename = "since_ms")]
        since: EpochMillis,
        /// How many calls have failed since.
        failures: u32,
        /// How many were answered since, as far as workers that saw a failure have told.
        answers: u32,
    },
    /// It is left alone.
    Open {
        /// Until then.
        #[serde(rename = "until_ms")]
        until: EpochMillis,
        /// How often in a row.
        times: u32,
        /// What failed last.
        class: ErrorClass,
    },
    /// One call is made to see whether it is back.
    Probing {
        /// By then that call has ended, or its worker has died.
        #[serde(rename = "until_ms")]
        until: EpochMillis,
        /// How often in a row it has been left alone.
        times: u32,
        /// What failed last.
        class: ErrorClass,
    },
}

/// What is to be done with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is made.
    Call,
    /// It is made by the one who gets this written: others are held back meanwhile.
    Probe(Breaker),
    /// It is not made, and makes no sense before that time.
    HeldBack(EpochMillis, ErrorClass),
}

/// A call that failed in a way that others would too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// How.
    pub class: ErrorClass,
    /// How long the dependency asked to be left alone.
    pub asked: Option<Duration>,
}

impl Breaker {
    /// Nothing is known: it is called.
    #[must_use]
    pub fn new(now: EpochMillis) -> Self {
        Self::Closed { since: now, failures: 0, answers: 0 }
    }

    /// Since when it is called again, or when that is tried next.
    #[must_use]
    pub fn back_at(&self) -> EpochMillis {
        match *self {
            Self::Closed { since, .. } => since,
            Self::Open { until, .. } | Self::Probing { until, .. } => until,
        }
    }

    /// Whether a call is made now that has ended by `call_end`.
    #[must_use]
    pub fn admission(&self, now: EpochMillis, call_end: EpochMillis) -> Admission {
        match *self {
            Self::Closed { .. } => Admission::Call,
            Self::Open { until, class, .. } | Self::Probing { until, class, .. } if now < until => {
                Admission::HeldBack(until, class)
            }
            Self::Open { times, class, .. } | Self::Probing { times, class, .. } => {
                Admission::Probe(Self::Probing { until: call_end, times, class })
            }
        }
    }

    /// After a call failed that was made because the breaker was closed; `answers` are the calls
    /// of the same worker that were answered and not told of yet. `None`: it has been opened by
    /// others, who know more.
    #[must_use]
    pub fn failed(
        &self,
        outage: Outage,
        answers: u32,
        now: EpochMillis,
        chance: u128,
        policy: &BreakerPolicy,
    ) -> Option<Self> {
        let Self::Closed { since, failures, answers: told } = *self else {
            return None;
        };
        // What a window has not brought together counts for nothing.
        let (since, failures, told) = match now < since.plus(policy.window) {
            true => (since, failures, told),
            false => (now, 0, 0),
        };
        let (failures, answers) = (failures.saturating_add(1), told.saturating_add(answers));
        let calls = failures.saturating_add(answers);
        let share = failures.saturating_mul(100) >= calls.saturating_mul(policy.percent);
        Some(match outage.asked.is_some() || (failures >= policy.failures && share) {
            true => Self::opened(1, outage, now, chance, policy),
            false => Self::Closed { since, failures, answers },
        })
    }

    /// After the probe failed: it is left alone for longer.
    #[must_use]
    pub fn probe_failed(
        &self,
        outage: Outage,
        now: EpochMillis,
        chance: u128,
        policy: &BreakerPolicy,
    ) -> Self {
        let times = match *self {
            Self::Closed { .. } => 0,
            Self::Open { times, .. } | Self::Probing { times, .. } => times,
        };
        Self::opened(times.saturating_add(1), outage, now, chance, policy)
    }

    /// From half the bound up to the bound, so that the dependency's callers do not come in step.
    fn opened(
        times: u32,
        outage: Outage,
        now: EpochMillis,
        chance: u128,
        policy: &BreakerPolicy,
    ) -> Self {
        let grown = 2_u32.saturating_pow(times.saturating_sub(1));
        let bound = policy.first_wait.saturating_mul(grown).min(policy.longest_wait);
        let wait = match outage.asked {
            Some(asked) => asked.min(policy.longest_asked),
            None => spread(bound / 2, bound, chance),
        };
        Self::Open { until: now.plus(wait), times, class: outage.class }
    }
}

impl ErrorClass {
    /// Whether it says that the dependency itself is down, slow or overloaded. Any other failure
    /// is an answer: it is there.
    #[must_use]
    pub fn is_outage(self) -> bool {
        matches!(self, Self::TimedOut | Self::Throttled | Self::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: EpochMillis = EpochMillis::new(1_800_000_000_000);

    const POLICY: BreakerPolicy = BreakerPolicy {
        failures: 3,
        percent: 50,
        window: Duration::from_secs(60),
        first_wait: Duration::from_secs(10),
        longest_wait: Duration::from_secs(34),
        longest_asked: Duration::from_secs(600),
    };

    const DOWN: Outage = Outage { class: ErrorClass::Unavailable, asked: None };

    fn at(seconds: u64) -> EpochMillis {
        NOW.plus(Duration::from_secs(seconds))
    }

    fn asked(seconds: u64) -> Outage {
        Outage { class: ErrorClass::Throttled, asked: Some(Duration::from_secs(seconds)) }
    }

    /// The state after failures at those seconds, each after so many answers.
    fn after(failures: &[(u64, u32)]) -> Breaker {
        failures.iter().fold(Breaker::new(NOW), |breaker, (second, answers)| {
            breaker.failed(DOWN, *answers, at(*second), 0, &POLICY).expect("it is closed")
        })
    }

    fn is_open(breaker: &Breaker) -> bool {
        matches!(breaker, Breaker::Open { .. })
    }

    #[test]
    fn it_opens_when_enough_calls_fail_within_the_window_and_are_enough_of_all() {
        for (failures, open) in [
            (&[(0, 0), (1, 0)][..], false),
            (&[(0, 0), (1, 0), (2, 0)], true),
            (&[(0, 0), (1, 0), (2, 3)], true),
            (&[(0, 0), (1, 0), (2, 4)], false),
            (&[(0, 9), (1, 0), (2, 0)], false),
            (&[(0, 0), (1, 0), (60, 0)], false),
            (&[(0, 0), (1, 0), (59, 0)], true),
            (&[(0, 100), (70, 0), (71, 0), (72, 0)], true),
        ] {
            assert_eq!(is_open(&after(failures)), open, "{failures:?}");
        }
    }

    #[test]
    fn while_it_is_open_nobody_calls_and_then_one_does() {
        let open = after(&[(0, 0), (1, 0), (2, 0)]);
        let until = at(2 + 5);
        assert_eq!(open, Breaker::Open { until, times: 1, class: ErrorClass::Unavailable });
        let held = Admission::HeldBack(until, ErrorClass::Unavailable);
        assert_eq!(open.admission(until.saturating_add(-1), at(40)), held);
        let Admission::Probe(probing) = open.admission(until, at(40)) else {
            panic!("it is time for a probe");
        };
        let held = Admission::HeldBack(at(40), ErrorClass::Unavailable);
        assert_eq!(probing.admission(until, at(50)), held, "one at a time");
        assert!(matches!(probing.admission(at(40), at(90)), Admission::Probe(_)), "it has died");
    }

    #[test]
    fn it_is_left_alone_for_longer_each_time_up_to_a_bound() {
        let mut breaker = after(&[(0, 0), (1, 0), (2, 0)]);
        for (times, least, most) in [(2, 10, 20), (3, 17, 34), (4, 17, 34)] {
            let wait = |chance| match breaker.probe_failed(DOWN, NOW, chance, &POLICY) {
                Breaker::Open { until, .. } => NOW.until(until).as_secs(),
                other => panic!("{other:?}"),
            };
            assert_eq!((wait(0), wait(u128::from(most - least) * 1000)), (least, most), "{times}");
            breaker = breaker.probe_failed(DOWN, NOW, 0, &POLICY);
            assert!(matches!(breaker, Breaker::Open { times: is, .. } if is == times));
        }
    }

    #[test]
    fn a_dependency_that_asks_for_time_gets_it_at_once_within_reason() {
        for (asks, gets) in [(1, 1), (120, 120), (86_400, 600)] {
            let open = Breaker::new(NOW).failed(asked(asks), 1000, NOW, 0, &POLICY);
            let class = ErrorClass::Throttled;
            assert_eq!(open, Some(Breaker::Open { until: at(gets), times: 1, class }), "{asks}");
        }
    }

    #[test]
    fn a_call_from_before_it_opened_changes_nothing() {
        let open = after(&[(0, 0), (1, 0), (2, 0)]);
        assert_eq!(open.failed(DOWN, 0, at(3), 0, &POLICY), None);
        let Admission::Probe(probing) = open.admission(at(20), at(40)) else {
            panic!("it is time for a probe");
        };
        assert_eq!(probing.failed(asked(9), 0, at(21), 0, &POLICY), None);
    }

    #[test]
    fn what_a_dependency_says_is_no_outage() {
        let outages = ErrorClass::ALL.into_iter().filter(|class| class.is_outage());
        let codes: Vec<_> = outages.map(ErrorClass::code).collect();
        assert_eq!(codes, ["timed_out", "throttled", "unavailable"]);
    }

    #[test]
    fn the_written_form_reads_well() {
        let open = Breaker::Open { until: NOW, times: 2, class: ErrorClass::TimedOut };
        let text = r#"{"state":"open","until_ms":1800000000000,"times":2,"class":"timed_out"}"#;
        assert_eq!(serde_json::to_string(&open).expect("JSON"), text);
        assert_eq!(serde_json::from_str::<Breaker>(text).expect("a breaker"), open);
    }
}

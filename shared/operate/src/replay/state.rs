//! How far an operation is: kept in one cell, written by comparing and swapping.

use std::collections::BTreeMap;
use std::time::Duration;

use hookdock_signature::EpochMillis;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::{VERSION, time};
use crate::outcome::Outcome;
use crate::replay::plan::Plan;

/// For how long a driver that is not heard of keeps others away.
const LEASE: Duration = Duration::from_secs(60);

/// When the message of an item that no worker has taken is sent again; twice as late each time.
const FIRST_PATIENCE: Duration = Duration::from_secs(60);

/// How many of the last items the stop rule looks at, and how many it needs.
const LAST: usize = 50;
const LEAST_FAILED: usize = 5;

/// Where an operation is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Counted; nothing has been sent.
    #[default]
    Planned,
    /// One item is sent, and what becomes of it decides about the others.
    Canary,
    /// Items are sent at their pace.
    Running,
    /// Nothing is sent until it is continued.
    Paused,
    /// Each item has come to its outcome.
    Finished,
    /// Nothing more is sent.
    Cancelled,
}

/// How fast items are sent, and what stops that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Pace {
    /// How many are sent a minute, at most.
    pub per_minute: u32,
    /// How many are sent and have no outcome yet, at most 50.
    pub in_flight: u32,
    /// Whether one goes first, alone.
    pub canary: bool,
    /// For how many seconds its end is waited for.
    pub canary_wait_seconds: u32,
    /// How many of a hundred may fail, of the last 50.
    pub stop_at_percent: u32,
}

impl Phase {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Canary => "canary",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Pace {
    /// The same, as far as it is kept: how far an operation is fits into one cell.
    pub(super) fn within_bounds(self) -> Self {
        Self {
            per_minute: self.per_minute.clamp(1, 60_000),
            in_flight: self.in_flight.clamp(1, 50),
            ..self
        }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            per_minute: 300,
            in_flight: 20,
            canary: true,
            canary_wait_seconds: 600,
            stop_at_percent: 10,
        }
    }
}

/// An operation: what it is about, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    /// The version of this form.
    pub version: u32,
    /// What it is about.
    pub plan: Plan,
    /// Where it is.
    pub phase: Phase,
    /// Why it is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// While it is driven: when the driver counts as gone unless it is heard of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driven_until: Option<Timestamp>,
    /// How fast it goes.
    pub pace: Pace,
    /// How many items have each outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// How many are sent and have no outcome yet.
    pub open: u64,
    /// How many have not been looked at.
    pub left: u64,
}

/// How far an operation is, as it is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Drive {
    pub(super) phase: Phase,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) driver: Option<Driver>,
    pub(super) pace: Pace,
    /// How many items have been looked at, from the first on.
    pub(super) cursor: u64,
    /// Those of them that were sent and have no outcome yet.
    pub(super) open: Vec<Open>,
    /// Items after those that are reported already: a driver died over them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) ahead: Vec<u64>,
    /// How many objects of the report are written.
    pub(super) reported: u64,
    pub(super) outcomes: BTreeMap<Outcome, u64>,
    /// The last items that came to an end after they were sent: `x` failed.
    pub(super) recent: String,
    /// Whether the first that was sent has been done.
    pub(super) proven: bool,
    /// Until when the pace has been used up, in milliseconds since the epoch.
    pub(super) paced_ms: i64,
}

/// Who drives an operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Driver {
    pub(super) id: String,
    pub(super) until_ms: i64,
}

/// An item that was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Open {
    pub(super) item: u64,
    /// How many attempts its run had had.
    pub(super) attempt: u32,
    pub(super) sent_ms: i64,
    /// How often its message was sent again.
    pub(super) again: u32,
}

impl Open {
    /// Whether its message is to be sent again: its driver may have died before the message, or the
    /// queue is long.
    pub(super) fn is_overdue(&self, now: EpochMillis) -> bool {
        let patience = FIRST_PATIENCE.saturating_mul(2_u32.saturating_pow(self.again));
        EpochMillis::new(self.sent_ms).plus(patience) <= now
    }

    /// Whether it was sent so long ago.
    pub(super) fn is_older_than(&self, seconds: u32, now: EpochMillis) -> bool {
        EpochMillis::new(self.sent_ms).plus(Duration::from_secs(seconds.into())) <= now
    }
}

impl Drive {
    /// What is told of it.
    pub(super) fn progress(&self, plan: Plan, now: EpochMillis) -> Progress {
        let left = plan.items.saturating_sub(self.cursor);
        let driver = self.driver.as_ref().filter(|driver| now.get() < driver.until_ms);
        Progress {
            version: VERSION,
            phase: self.phase,
            why: self.why.clone(),
            driven_until: driver.map(|driver| time(EpochMillis::new(driver.until_ms))),
            pace: self.pace.clone(),
            outcomes: self.outcomes.clone(),
            open: self.open.len() as u64,
            left: if self.phase == Phase::Cancelled { 0 } else { left },
            plan,
        }
    }

    /// Takes the lease, or renews it. `false`: another driver has it.
    pub(super) fn lease(&mut self, id: &str, now: EpochMillis) -> bool {
        let other = self.driver.as_ref().is_some_and(|driver| driver.id != id);
        if other && self.driver.as_ref().is_some_and(|driver| now.get() < driver.until_ms) {
            return false;
        }
        self.driver = Some(Driver { id: id.to_owned(), until_ms: now.plus(LEASE).get() });
        true
    }

    pub(super) fn pause(&mut self, why: impl Into<String>) {
        (self.phase, self.why, self.driver) = (Phase::Paused, Some(why.into()), None);
    }

    /// Goes on, from the start or after a pause.
    pub(super) fn go_on(&mut self) {
        let careful = self.pace.canary && !self.proven;
        self.phase = if careful { Phase::Canary } else { Phase::Running };
        self.why = None;
    }

    pub(super) fn count(&mut self, outcome: Outcome) {
        let count = self.outcomes.entry(outcome).or_default();
        *count = count.saturating_add(1);
    }

    /// Notes the end of an item that was sent, and stops where that is too much.
    pub(super) fn note(&mut self, outcome: Outcome) {
        let failed = outcome.is_failed();
        if self.phase == Phase::Canary {
            match outcome {
                Outcome::Done | Outcome::Sent => {
                    self.proven = true;
                    self.go_on();
                }
                // They prove nothing.
                Outcome::Superseded | Outcome::Ignored | Outcome::Changed => {}
                other => self.pause(format!("the first was not done: {}", other.name())),
            }
        }
        self.recent.push(if failed { 'x' } else { '.' });
        let surplus = self.recent.len().saturating_sub(LAST);
        self.recent.drain(..surplus);
        let bad = self.recent.chars().filter(|end| *end == 'x').count();
        let share = bad.saturating_mul(100) / self.recent.len().max(1);
        let allowed = usize::try_from(self.pace.stop_at_percent).unwrap_or(usize::MAX);
        if self.phase == Phase::Running && bad >= LEAST_FAILED && share > allowed {
            let of = self.recent.len();
            self.pause(format!("{bad} of the last {of} failed, which is over {allowed} %"));
            // Whoever continues has looked at them.
            self.recent.clear();
        }
    }

    /// How many may be sent now. The pace is not saved up while nothing could be sent.
    pub(super) fn allowance(&self, now: EpochMillis) -> u64 {
        let room = |most: u64| most.saturating_sub(self.open.len() as u64);
        match self.phase {
            Phase::Canary => room(1),
            Phase::Running => {
                let passed = now.get().saturating_sub(self.paced_ms).clamp(0, self.burst_ms());
                let due = i64::from(self.pace.per_minute).saturating_mul(passed) / 60_000;
                u64::try_from(due).unwrap_or_default().min(room(self.pace.in_flight.into()))
            }
            _ => 0,
        }
    }

    /// Uses up the pace of so many.
    pub(super) fn paced(&mut self, sent: u64, now: EpochMillis) {
        let since = self.paced_ms.max(now.get().saturating_sub(self.burst_ms()));
        let used = self.each_ms().saturating_mul(i64::try_from(sent).unwrap_or(i64::MAX));
        self.paced_ms = since.saturating_add(used);
    }

    /// How long one item takes at this pace.
    fn each_ms(&self) -> i64 {
        60_000 / i64::from(self.pace.per_minute.max(1))
    }

    /// For how long the pace is saved up: for two seconds, or for one item.
    fn burst_ms(&self) -> i64 {
        self.each_ms().max(2000)
    }
}

//! Runs that wait in the ledger alone: their message is gone, and what wakes them is recorded
//! with them.
//!
//! A short wait hides the message. A long one would count against what a queue may have in flight
//! (120,000 messages; SQS quotas, read 2026-11), so it is left to the ledger: the run is written
//! with its [`Wake`], then the message is deleted, and when the wake is due a reference is sent
//! again. It is marked before it is sent. So a reference that is lost is sent once more, later
//! each time, and one that is sent twice meets the claim.
//!
//! A run that has a wake keeps one until it ends. A queue may hand out a message twice at once, and
//! whoever met the run as it waited has deleted it: the other, who has claimed the run since, must
//! not have to rely on it, also if it dies.

use std::time::Duration;

use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};

use crate::delivery::reference::Reference;
use crate::model::names::{CellName, EventKey};
use crate::model::retry::spread;

/// The longest wait for which a message is hidden.
pub const LONGEST_HIDDEN: Duration = Duration::from_secs(2 * 60);

/// How long a reference may stay unclaimed, at least, until it is sent again; twice as long after
/// each further time.
const FIRST_PATIENCE: Duration = Duration::from_secs(5 * 60);

/// And never longer than that.
const LONGEST_PATIENCE: Duration = Duration::from_secs(6 * 60 * 60);

/// What wakes a run that was left to the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// When its reference is sent, or sent again.
    #[serde(rename = "at_ms")]
    pub at: EpochMillis,
    /// How often it was sent.
    pub sent: u32,
    /// The breaker that held the run back, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<CellName>,
    /// What is sent: the run's delivery and its job.
    pub reference: Reference,
}

/// One of the parts into which the runs that wait are divided, so that no part of an index gets
/// all the writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard(u8);

impl Shard {
    const COUNT: u8 = 16;

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }

    /// That of an event: the first digit of its key, which is a digest.
    #[must_use]
    pub fn of(key: &EventKey) -> Self {
        let digit = key.as_str().chars().next().and_then(|first| first.to_digit(16));
        Self(digit.and_then(|digit| u8::try_from(digit).ok()).unwrap_or_default())
    }

    /// Its number, below 16.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }
}

impl Wake {
    /// What sends that reference then.
    pub(super) fn new(at: EpochMillis, reference: Reference) -> Self {
        Self { at, sent: 0, held_by: None, reference }
    }

    /// The same for a run that this breaker holds back.
    pub(crate) fn held_by(self, breaker: &CellName) -> Self {
        Self { held_by: Some(breaker.clone()), ..self }
    }

    /// The same later than that time, for one that nothing holds back.
    pub(super) fn after(self, time: EpochMillis) -> Self {
        Self { at: time.plus(FIRST_PATIENCE), held_by: None, ..self }
    }

    /// Once more, if nobody claims the run for as long as a queue that is not empty takes. Chance
    /// tells two that mark it at once apart: a store takes the same write for a repetition.
    pub(super) fn sent_at(self, now: EpochMillis, chance: u128) -> Self {
        let patience = FIRST_PATIENCE.saturating_mul(2_u32.saturating_pow(self.sent));
        let patience = patience.min(LONGEST_PATIENCE);
        let at = now.plus(spread(patience, patience * 2, chance));
        Self { at, sent: self.sent.saturating_add(1), ..self }
    }
}

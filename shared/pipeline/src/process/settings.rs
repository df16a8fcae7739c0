//! What the operator decides.

use std::time::Duration;

use hookdock_signature::EpochMillis;

use crate::job::Job;
use crate::model::names::CodeVersion;
use crate::model::retry::RetryPolicy;
use crate::process::task::Received;

/// How many of a message's receives, a tenth at most, are kept for what nobody decides.
const RECEIVES_KEPT: u32 = 5;

/// What the operator decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// When a failed attempt is followed by another, for jobs without a policy of their own.
    pub policy: RetryPolicy,
    /// How long a run may wait in the queue in all; less than the queue keeps a message, which it
    /// then drops silently.
    pub longest_stay: Duration,
    /// How often the queue hands a message out before it sets it aside, which it then does without
    /// a word.
    pub max_receives: u32,
    /// The version of the code, as attempts record it.
    pub code: CodeVersion,
}

impl Default for Settings {
    /// For a queue that keeps messages for a week and hands them out a hundred times, the defaults
    /// of `template.yaml`.
    fn default() -> Self {
        Self {
            policy: RetryPolicy::default(),
            longest_stay: Self::stay_of(7),
            max_receives: 100,
            code: CodeVersion::of_this_package(),
        }
    }
}

impl Settings {
    /// How long a run may wait in a queue that keeps messages for so many days: six hours less,
    /// for the last attempt and for clocks that differ.
    #[must_use]
    pub fn stay_of(queue_days: u32) -> Duration {
        const HOUR: Duration = Duration::from_secs(60 * 60);
        (HOUR * 24).saturating_mul(queue_days).saturating_sub(HOUR * 6)
    }

    /// Whether a message that was handed out so often may come back: the last few times are for
    /// workers that die and for duplicates.
    pub(super) fn lets_come_back(&self, receives: u32) -> bool {
        let kept = RECEIVES_KEPT.min(self.max_receives / 10);
        receives < self.max_receives.saturating_sub(kept)
    }

    pub(super) fn policy(&self, job: &Job) -> RetryPolicy {
        job.policy().unwrap_or(self.policy)
    }

    /// No attempt can be promised for later than that.
    pub(super) fn last_call(&self, message: &Received) -> EpochMillis {
        message.sent_at.plus(self.longest_stay)
    }
}

//! What the operator decides.

use std::time::Duration;

use hookdock_signature::EpochMillis;

use crate::delivery::reference::Reference;
use crate::job::Job;
use crate::ledger::RECORD_LIFE;
use crate::model::names::CodeVersion;
use crate::model::retry::RetryPolicy;

/// How long before it is deleted what a run needs counts as gone: clocks differ, and an attempt
/// takes time.
const MARGIN: Duration = Duration::from_secs(60 * 60);

/// What the operator decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// When a failed attempt is followed by another, for jobs without a policy of their own.
    pub policy: RetryPolicy,
    /// How long deliveries are stored.
    pub deliveries_kept: Duration,
    /// The version of the code, as attempts record it.
    pub code: CodeVersion,
}

impl Default for Settings {
    /// The defaults of `template.yaml`.
    fn default() -> Self {
        Self {
            policy: RetryPolicy::default(),
            deliveries_kept: Self::days(90),
            code: CodeVersion::of_this_package(),
        }
    }
}

impl Settings {
    /// That many days.
    #[must_use]
    pub fn days(count: u32) -> Duration {
        Duration::from_secs(24 * 60 * 60).saturating_mul(count)
    }

    pub(super) fn policy(&self, job: &Job) -> RetryPolicy {
        job.policy().unwrap_or(self.policy)
    }

    /// No attempt can be promised for later than that: the stored delivery is deleted then, or the
    /// record of the run.
    pub(super) fn last_call(&self, reference: &Reference, now: EpochMillis) -> EpochMillis {
        let received = EpochMillis::new(reference.received_at_ms);
        received.plus(self.deliveries_kept).min(now.plus(RECORD_LIFE)).minus(MARGIN)
    }
}

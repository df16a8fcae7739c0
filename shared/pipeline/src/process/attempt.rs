//! One attempt of a claimed run, and how it is settled.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use hookdock_signature::EpochMillis;
use tracing::Instrument as _;

use crate::job::{Context, Delivery, JobResult, Limits, Outcome};
use crate::ledger::{DeadReason, Run, RunState, Settlement};
use crate::model::deadline;
use crate::model::failure::{ErrorClass, Failure, Recovery};
use crate::model::port_error::PortError;
use crate::model::retry::RetryPolicy;
use crate::model::system::System;
use crate::ports::{Deliveries, Ledger, Messages};
use crate::process::claimed_run::ClaimedRun;
use crate::process::log;
use crate::process::task::{Progress, Task};
use crate::process::use_case::{A_MOMENT, LEASE_MARGIN, Process, SETTLE_MARGIN};

/// What is recorded of an attempt whose job panicked.
pub(crate) const PANICKED: &str = "the job panicked";

impl<D: Deliveries, M: Messages, L: Ledger, S: System> Process<D, M, L, S> {
    pub(super) async fn attempt(
        &self,
        task: Task<'_>,
        run: &Run,
        claimed: &Arc<ClaimedRun<L, S>>,
    ) -> JobResult {
        let deadline = task.message.deadline.minus(SETTLE_MARGIN);
        let work = async {
            let delivery = Delivery::open(&self.stored(task).await?, task.reference)?;
            let limits = Limits {
                attempt: run.counted_attempts(),
                effects_of: run.effects_of,
                received_at: delivery.received_at,
                opened_at: run.opened_at,
                started_at: run.updated_at,
                deadline,
                lease_until: task.message.deadline.plus(LEASE_MARGIN),
            };
            let (id, tenant) = (run.id.clone(), delivery.tenant.clone());
            let worker = Arc::<ClaimedRun<L, S>>::clone(claimed);
            let (effects, breakers) = (self.effects.clone(), self.worker.breakers());
            let cx = Context::new(id, tenant, limits, effects, worker, breakers);
            task.job.call(cx, &delivery).await
        };
        // A panic is this run's alone: nothing it could have left half-done is shared.
        let caught = AssertUnwindSafe(work.instrument(span(task, run))).catch_unwind();
        match deadline::with_deadline(&self.system, deadline, caught).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panic)) => Err(Failure::transient(ErrorClass::Bug, PANICKED)),
            Err(deadline::DeadlineExceeded) => {
                Err(Failure::transient(ErrorClass::TimedOut, "the attempt ran out of time"))
            }
        }
    }

    pub(super) async fn settle(
        &self,
        task: Task<'_>,
        run: &Run,
        claimed: &ClaimedRun<L, S>,
        settlement: Settlement,
    ) -> Result<Progress, PortError> {
        let wake = match &settlement {
            // For how long is not known.
            Settlement::HeldBack(time, _, breaker) => {
                Some(run.wake_at(*time, task.reference).held_by(breaker))
            }
            other => other
                .not_before()
                .and_then(|time| self.wake(run, time, task.reference, task.message)),
        };
        let Some(settled) = claimed.end(&settlement, wake.as_ref()).await? else {
            log::lost(run, task.reference);
            return Ok(Progress::Later(A_MOMENT));
        };
        log::settled(&settled, task.reference);
        match settled.state {
            RunState::Dead { .. } => self.dead_letter(&settled, task.reference).await,
            RunState::Retrying { not_before } | RunState::Waiting { not_before, .. }
                if settled.wake.is_none() =>
            {
                Ok(self.later(not_before))
            }
            _ => Ok(Progress::Finished),
        }
    }

    pub(super) fn settlement(&self, task: Task<'_>, run: &Run, result: JobResult) -> Settlement {
        let failure = match result {
            Ok(Outcome::Done) => return Settlement::Done,
            Ok(Outcome::Ignored(cause)) => return Settlement::Ignored(cause),
            Ok(Outcome::Defer { until, cause }) => {
                return self.within_limits(task, Settlement::Defer(until, cause));
            }
            Err(failure) => failure,
        };
        let policy = self.settings.policy(task.job);
        let (tries, chance) = (run.counted_attempts(), self.system.random());
        let wait = match failure.recovery() {
            Recovery::Never => return Settlement::Dead(DeadReason::Permanent, failure),
            Recovery::Ignored => return Settlement::Ignored(failure.message().to_owned()),
            Recovery::Defer(until) | Recovery::HeldBack(until) => {
                return self.within_limits(task, self.put_off(run, until, &failure));
            }
            Recovery::Retry => policy.wait(tries, chance),
            Recovery::RetryAfter(asked) => policy.wait_asked(asked, tries, chance),
        };
        if !policy.allows_another(run.spent_attempts()) {
            return Settlement::Dead(DeadReason::AttemptsExhausted, failure);
        }
        self.within_limits(task, Settlement::Retry(self.system.now().plus(wait), failure))
    }

    /// One that a breaker holds back waits longer each time, so that it costs few claims, those who
    /// waited do not come back together, and it is not always the same run that is the probe.
    fn put_off(&self, run: &Run, until: EpochMillis, failure: &Failure) -> Settlement {
        let cause = failure.message().to_owned();
        let Some(breaker) = failure.held_by() else {
            return Settlement::Defer(until, cause);
        };
        let wait = RetryPolicy::ABSENCE.wait(run.attempt, self.system.random());
        Settlement::HeldBack(until.max(self.system.now()).plus(wait), cause, breaker.clone())
    }

    /// A wait that outlives what the next attempt needs would be in vain, and is told at once.
    fn within_limits(&self, task: Task<'_>, settlement: Settlement) -> Settlement {
        let last_call = self.settings.last_call(task.reference, self.system.now());
        if settlement.not_before().is_none_or(|time| time <= last_call) {
            return settlement;
        }
        let failure = match settlement {
            Settlement::Retry(_, failure) => failure,
            Settlement::Defer(_, cause) | Settlement::HeldBack(_, cause, _) => {
                let message = format!("put off for longer than the delivery is stored: {cause}");
                Failure::permanent(ErrorClass::TimedOut, message)
            }
            ended => return ended,
        };
        Settlement::Dead(DeadReason::WaitTooLong, failure)
    }
}

/// The end of a run that has had more attempts than it gets. Most often its workers died, each
/// time silently; or the policy has become stricter meanwhile.
pub(super) fn no_further_attempt(run: &Run) -> Settlement {
    match run.last_failure() {
        Some(last) => {
            let failure = Failure::permanent(last.class, last.message.as_str());
            Settlement::Dead(DeadReason::AttemptsExhausted, failure)
        }
        None => {
            let failure = Failure::permanent(ErrorClass::TimedOut, "no worker lived to report");
            Settlement::Dead(DeadReason::WorkerDied, failure)
        }
    }
}

/// What a job logs is told with its event. At every level, so that each line is.
fn span(task: Task<'_>, run: &Run) -> tracing::Span {
    tracing::error_span!(
        "run",
        delivery.id = %task.reference.delivery_id,
        event.key = %run.id.event.key,
        run.job = %run.id.job,
        run.attempt = run.attempt,
    )
}

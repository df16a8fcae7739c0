//! One attempt of a claimed run, and how it is settled.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use hookdock_signature::EpochMillis;
use tracing::Instrument as _;

use crate::delivery::reference::Reference;
use crate::job::{Context, Delivery, JobResult, Limits, Outcome};
use crate::ledger::{DeadReason, Run, RunState, Settlement};
use crate::model::deadline;
use crate::model::failure::{ErrorClass, Failure, Recovery};
use crate::model::port_error::PortError;
use crate::model::retry::RetryPolicy;
use crate::model::system::System;
use crate::ports::{Deliveries, Ledger, Messages};
use crate::process::claimed_run::ClaimedRun;
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
        claimed: &ClaimedRun<L, S>,
        settlement: Settlement,
    ) -> Result<Progress, PortError> {
        let Some(settled) = claimed.end(&settlement).await? else {
            log_lost(task);
            return Ok(Progress::Later(A_MOMENT));
        };
        log_settled(&settled, task.reference);
        match settled.state {
            RunState::Dead { .. } => self.dead_letter(&settled, task.reference).await,
            RunState::Retrying { not_before } | RunState::Waiting { not_before, .. } => {
                Ok(self.later(not_before))
            }
            RunState::Done
            | RunState::Ignored { .. }
            | RunState::Running { .. }
            | RunState::Dismissed { .. } => Ok(Progress::Finished),
        }
    }

    /// What SQS would set aside silently ends here, with a reason.
    pub(super) fn settlement(&self, task: Task<'_>, run: &Run, result: JobResult) -> Settlement {
        let settlement = self.wanted(task, run, result);
        if self.settings.lets_come_back(task.message.receives) {
            return settlement;
        }
        match settlement {
            Settlement::Retry(_, failure) => {
                Settlement::Dead(DeadReason::ReceivesExhausted, failure)
            }
            Settlement::Defer(_, cause) => {
                let failure = Failure::permanent(ErrorClass::TimedOut, cause);
                Settlement::Dead(DeadReason::ReceivesExhausted, failure)
            }
            ended => ended,
        }
    }

    fn wanted(&self, task: Task<'_>, run: &Run, result: JobResult) -> Settlement {
        let failure = match result {
            Ok(Outcome::Done) => return Settlement::Done,
            Ok(Outcome::Ignored(cause)) => return Settlement::Ignored(cause),
            Ok(Outcome::Defer { until, cause }) => return self.deferred_until(task, until, cause),
            Err(failure) => failure,
        };
        let policy = self.settings.policy(task.job);
        let wait = match failure.recovery() {
            Recovery::Never => return Settlement::Dead(DeadReason::Permanent, failure),
            Recovery::Retry => policy.wait(run.counted_attempts(), self.system.random()),
            Recovery::RetryAfter(asked) => {
                policy.wait_asked(asked, run.counted_attempts(), self.system.random())
            }
            Recovery::HeldBack(until) => {
                // The wait grows nearly as the outage does, so that it costs few receives, and
                // those who waited do not come back together.
                let wait = RetryPolicy::OUTAGE.wait(task.message.receives, self.system.random());
                let until = until.max(self.system.now()).plus(wait);
                return self.deferred_until(task, until, failure.message().to_owned());
            }
            Recovery::Defer(until) => {
                return self.deferred_until(task, until, failure.message().to_owned());
            }
            Recovery::Ignored => return Settlement::Ignored(failure.message().to_owned()),
        };
        let not_before = self.system.now().plus(wait);
        if !policy.allows_another(run.spent_attempts()) {
            Settlement::Dead(DeadReason::AttemptsExhausted, failure)
        } else if not_before > self.settings.last_call(task.message) {
            Settlement::Dead(DeadReason::OutOfTime, failure)
        } else {
            Settlement::Retry(not_before, failure)
        }
    }

    /// What is put off beyond the message's stay would be lost silently.
    fn deferred_until(&self, task: Task<'_>, until: EpochMillis, cause: String) -> Settlement {
        if until <= self.settings.last_call(task.message) {
            return Settlement::Defer(until, cause);
        }
        let message = format!("put off for longer than the queue keeps a message: {cause}");
        let failure = Failure::permanent(ErrorClass::TimedOut, message);
        Settlement::Dead(DeadReason::OutOfTime, failure)
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

fn log_lost(task: Task<'_>) {
    let reference = task.reference;
    tracing::warn!(
        delivery.id = %reference.delivery_id, endpoint = %reference.endpoint,
        event.key = %reference.event_key, run.job = %task.job.name(),
        "another worker has claimed the run; this outcome was not recorded"
    );
}

fn log_settled(run: &Run, reference: &Reference) {
    let failure = run.last_failure().filter(|_| !matches!(run.state, RunState::Done));
    tracing::info!(
        delivery.id = %reference.delivery_id,
        endpoint = %run.id.event.endpoint,
        event.key = %run.id.event.key,
        event.r#type = reference.event_type.as_ref().map(|name| name.as_str()),
        run.job = %run.id.job,
        run.attempt = run.attempt,
        run.state = run.state.name(),
        error.class = failure.map(|failure| failure.class.code()),
        error.message = failure.map(|failure| failure.message.as_str()),
        "run settled"
    );
}

//! One attempt of a claimed run, and how it is settled.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use super::{A_MOMENT, Process, Progress, SETTLE_MARGIN, Task};
use crate::fault::PortError;
use crate::job::{Context, Delivery, ErrorClass, Failure, JobResult, Limits, Outcome, Recovery};
use crate::ledger::{DeadReason, Run, RunState, Settlement};
use crate::ports::{Deliveries, Ledger, Messages, System};
use crate::race;
use crate::reference::Reference;
use crate::retry::LONGEST_WAIT;

impl<D: Deliveries, M: Messages, L: Ledger, S: System> Process<D, M, L, S> {
    pub(super) async fn attempt(&self, task: Task<'_>, run: &Run) -> JobResult {
        let deadline = task.deadline.minus(SETTLE_MARGIN);
        let work = async {
            let delivery = self.delivery(task.reference).await?;
            let limits = Limits { attempt: run.tries(), deadline };
            let cx = Context::new(run.id.clone(), limits, self.effects.clone());
            task.job.call(cx, &delivery).await
        };
        // A panic is this run's alone: nothing it could have left half-done is shared.
        let caught = AssertUnwindSafe(work).catch_unwind();
        match race::by(&self.system, deadline, caught).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panic)) => Err(Failure::passing(ErrorClass::Bug, "the job panicked")),
            Err(race::OutOfTime) => {
                Err(Failure::passing(ErrorClass::TimedOut, "the attempt ran out of time"))
            }
        }
    }

    async fn delivery(&self, reference: &Reference) -> Result<Delivery, Failure> {
        let Some(object) = self.deliveries.read(&reference.object).await? else {
            return Err(Failure::permanent(
                ErrorClass::BodyMissing,
                "the stored object is missing",
            ));
        };
        Ok(Delivery::open(&object, reference)?)
    }

    pub(super) async fn settle(
        &self,
        run: &Run,
        settlement: Settlement,
        reference: &Reference,
    ) -> Result<Progress, PortError> {
        let settled = run.settled(settlement, self.system.now());
        if self.ledger.advance(&run.fence(), &settled).await?.is_some() {
            tracing::warn!(
                endpoint = %run.id.event.endpoint, event.key = %run.id.event.key,
                run.job = %run.id.job, run.attempt = run.attempt,
                "lost the claim; its outcome was not recorded"
            );
            return Ok(Progress::Later(A_MOMENT));
        }
        log_settled(&settled, reference);
        match settled.state {
            RunState::Dead { .. } => self.bury(&settled, reference).await,
            RunState::Retrying { not_before } => Ok(self.later(not_before)),
            RunState::Done | RunState::Ignored { .. } | RunState::Running { .. } => {
                Ok(Progress::Finished)
            }
        }
    }

    pub(super) fn settlement(&self, run: &Run, result: JobResult) -> Settlement {
        let failure = match result {
            Ok(Outcome::Done) => return Settlement::Done,
            Ok(Outcome::Ignored(cause)) => return Settlement::Ignored(cause),
            Err(failure) => failure,
        };
        let backoff = self.policy.wait(run.tries(), self.system.random());
        let wait = match failure.recovery() {
            Recovery::Never => return Settlement::Dead(DeadReason::Permanent, failure),
            Recovery::Retry => backoff,
            Recovery::RetryAfter(asked) => backoff.max(asked).min(LONGEST_WAIT),
        };
        if self.policy.allows_another(run.tries()) {
            Settlement::Retry(self.system.now().plus(wait), failure)
        } else {
            Settlement::Dead(DeadReason::AttemptsExhausted, failure)
        }
    }
}

/// The end of a run that has had more attempts than it gets. Most often its workers died, each
/// time without a word; or the policy has become stricter meanwhile.
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

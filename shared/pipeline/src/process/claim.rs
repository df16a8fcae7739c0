//! The claim on a run: opened, taken over, or found to be another worker's.

use std::time::Duration;

use hookdock_signature::EpochMillis;

use crate::delivery::reference::Reference;
use crate::ledger::{Claim, EventRef, LONGEST_HIDDEN, Run, RunId, Unclaimable, Wake};
use crate::model::names::Owner;
use crate::model::port_error::PortError;
use crate::model::system::System;
use crate::ports::{Conditional, Deliveries, Ledger, Messages};
use crate::process::attempt::no_further_attempt;
use crate::process::claimed_run::ClaimedRun;
use crate::process::task::{Progress, Received, Task};
use crate::process::use_case::{A_MOMENT, LEASE_MARGIN, Process, SETTLE_MARGIN};

/// After how many receives a message is not hidden again, but left to the ledger. Far fewer than
/// the `MaxReceiveCount` of `template.yaml`.
const MOST_RECEIVES: u32 = 10;

/// What an attempt is begun with at least. A worker with little time in all takes a quarter of it.
const LEAST_TIME: Duration = Duration::from_secs(5);

impl<D: Deliveries, M: Messages, L: Ledger, S: System> Process<D, M, L, S> {
    pub(super) async fn run(&self, task: Task<'_>) -> Result<Progress, PortError> {
        if !self.has_time(task) {
            return Ok(Progress::Later(A_MOMENT));
        }
        let id = RunId { event: EventRef::of(task.reference), job: task.job.name().clone() };
        let claim = self.claim(task.reference, task.message);
        let opened = Run::opened(id, &claim);
        match self.ledger.create(&opened).await? {
            Conditional::Written => self.claimed(task, opened).await,
            Conditional::Refused(existing) => self.take_over(task, &existing, &claim).await,
        }
    }

    pub(super) fn claim(&self, reference: &Reference, message: &Received) -> Claim {
        Claim {
            owner: Owner::new(self.system.random()),
            code: self.settings.code.clone(),
            now: self.system.now(),
            lease_until: message.deadline.plus(LEASE_MARGIN),
            generation: reference.generation,
            restart: reference.restart.clone(),
        }
    }

    /// Claims a run that exists: one more conditional write.
    async fn take_over(
        &self,
        task: Task<'_>,
        existing: &Run,
        claim: &Claim,
    ) -> Result<Progress, PortError> {
        let _isolation = match existing.is_abandoned(claim.now) {
            true => Some(self.worker.isolation().await),
            false => None,
        };
        if !self.has_time(task) {
            return Ok(Progress::Later(A_MOMENT));
        }
        let claimed = match existing.claimed(claim) {
            Ok(claimed) => claimed,
            Err(why) => return self.unclaimable(why, task.reference).await,
        };
        match self.ledger.compare_and_swap(&existing.fence(), &claimed).await? {
            Conditional::Written => self.claimed(task, claimed).await,
            // Somebody was faster. What became of it is worth a look in a moment.
            Conditional::Refused(_) => Ok(Progress::Later(A_MOMENT)),
        }
    }

    pub(super) async fn unclaimable(
        &self,
        why: Unclaimable,
        reference: &Reference,
    ) -> Result<Progress, PortError> {
        match why {
            Unclaimable::Ended => Ok(Progress::Finished),
            // A message that came a little early, because clocks differ, is kept.
            Unclaimable::Until { time, has_wake } => match self.later(time) {
                Progress::Later(wait) if has_wake && wait > LONGEST_HIDDEN => {
                    Ok(Progress::Finished)
                }
                later => Ok(later),
            },
            Unclaimable::NotDeadLettered(run) => self.dead_letter(&run, reference).await,
        }
    }

    pub(super) async fn claimed(&self, task: Task<'_>, run: Run) -> Result<Progress, PortError> {
        let held = ClaimedRun::new(self.ledger.clone(), self.system.clone(), run.clone());
        let settlement = if run.spent_attempts() > self.settings.policy(task.job).max_attempts {
            no_further_attempt(&run)
        } else {
            // Boxed: what an attempt needs is most of what a message needs.
            let result = Box::pin(self.attempt(task, &run, &held)).await;
            self.settlement(task, &run, result)
        };
        self.settle(task, &run, &held, settlement).await
    }

    /// Whether there is time for an attempt; without enough, a claim would waste one.
    fn has_time(&self, task: Task<'_>) -> bool {
        let last_call = task.message.deadline.minus(SETTLE_MARGIN).minus(task.least);
        self.system.now() < last_call
    }

    pub(super) fn later(&self, time: EpochMillis) -> Progress {
        Progress::Later(self.system.now().until(time))
    }

    /// What wakes the run at that time, if it waits for longer than a message is hidden, if its
    /// message has come often (SQS sets one aside that comes too often), or if it had to be woken
    /// before.
    pub(super) fn wake(
        &self,
        run: &Run,
        time: EpochMillis,
        reference: &Reference,
        message: &Received,
    ) -> Option<Wake> {
        let is_long = self.system.now().until(time) > LONGEST_HIDDEN;
        let is_left = is_long || message.receives > MOST_RECEIVES || run.wake.is_some();
        is_left.then(|| run.wake_at(time, reference))
    }
}

pub(super) fn least_time(in_all: Duration) -> Duration {
    LEAST_TIME.min(in_all / 4)
}

//! Runs that wait without a claim. Their job is not registered: it was switched off, renamed or
//! narrowed while they were under way. Or a person holds them.
//!
//! The record of the event names every job that ever ran for it, so a message is not deleted while
//! one of them still has to end. Such a run waits without using an attempt, goes on when the job
//! is back, and is dead-lettered before its delivery is deleted.

use crate::delivery::reference::Reference;
use crate::job::Job;
use crate::ledger::{
    Claim, DeadReason, EventRef, Hold, JOB_UNREGISTERED, Recorded, Run, RunId, RunState,
};
use crate::model::names::JobName;
use crate::model::port_error::PortError;
use crate::model::retry::RetryPolicy;
use crate::model::system::System;
use crate::ports::{Deliveries, Ledger, Messages};
use crate::process::log;
use crate::process::task::{Progress, Received};
use crate::process::use_case::{A_MOMENT, Process};

/// Why a run waits that nobody has claimed for it.
#[derive(Debug, Clone, Copy)]
enum Why<'a> {
    NoJob,
    Held(&'a Hold),
}

impl Why<'_> {
    /// Why it is dead, once it cannot wait any longer.
    fn reason(self) -> DeadReason {
        match self {
            Self::NoJob => DeadReason::JobUnregistered,
            Self::Held(_) => DeadReason::WaitTooLong,
        }
    }
}

impl<D: Deliveries, M: Messages, L: Ledger, S: System> Process<D, M, L, S> {
    /// How far the event's other jobs have come: those that the record names and that are not
    /// among `jobs`. A reference that names its job is about no other.
    pub(super) async fn unregistered(
        &self,
        recorded: &Recorded,
        jobs: &[&Job],
        reference: &Reference,
        message: &Received,
    ) -> Result<Progress, PortError> {
        let mut progress = Ok(Progress::Finished);
        if reference.job.is_some() {
            return progress;
        }
        let registered = |name: &JobName| jobs.iter().any(|job| job.name() == name);
        for name in recorded.jobs.iter().filter(|name| !registered(name)) {
            let waited = self.wait_unclaimed(name, reference, message, Why::NoJob).await;
            progress = progress.and_then(|so_far| Ok(so_far.and(waited?)));
        }
        progress
    }

    /// A dead letter was moved back, and its job is not registered. A run that it has set going
    /// waits like any other; one that is still dead stays so, and its dead letter goes back. One that
    /// was woken because nobody has noted its dead letter gets one, and is woken no more.
    pub(super) async fn moved_back(
        &self,
        job: &JobName,
        reference: &Reference,
        message: &Received,
    ) -> Result<Progress, PortError> {
        let id = RunId { event: EventRef::of(reference), job: job.clone() };
        let run = self.ledger.run(&id).await?;
        match run.as_ref().map(|run| (run, &run.state)) {
            Some((run, RunState::Dead { dead_lettered: false, .. })) => {
                self.dead_letter(run, reference).await
            }
            None | Some((_, RunState::Dead { .. })) => {
                self.dead_letter_unregistered(reference, job).await
            }
            Some(_) => self.wait_unclaimed(job, reference, message, Why::NoJob).await,
        }
    }

    /// A person holds the run: it waits until the hold ends.
    pub(super) async fn wait_for_release(
        &self,
        job: &JobName,
        reference: &Reference,
        message: &Received,
        hold: &Hold,
    ) -> Result<Progress, PortError> {
        self.wait_unclaimed(job, reference, message, Why::Held(hold)).await
    }

    async fn wait_unclaimed(
        &self,
        name: &JobName,
        reference: &Reference,
        message: &Received,
        why: Why<'_>,
    ) -> Result<Progress, PortError> {
        let id = RunId { event: EventRef::of(reference), job: name.clone() };
        let claim = self.claim(reference, message);
        let known = self.ledger.run(&id).await?;
        if let Some(Err(why)) = known.as_ref().map(|run| run.claimed(&claim)) {
            return self.unclaimable(why, reference).await;
        }
        // What has outlived its record counts as never claimed.
        let alive = known.clone().filter(|run| claim.now < run.expires_at());
        let run = alive.unwrap_or_else(|| Run::never_claimed(id, &claim));
        let next = self.unclaimed(&run, &claim, reference, message, why);
        let other = match &known {
            None => self.ledger.create(&next).await?,
            Some(known) => self.ledger.compare_and_swap(&known.fence(), &next).await?,
        };
        if other.refused().is_some() {
            return Ok(Progress::Later(A_MOMENT));
        }
        self.tell(&next, reference, why);
        match next.state {
            RunState::Waiting { .. } if next.wake.is_some() => Ok(Progress::Finished),
            RunState::Waiting { not_before, .. } => Ok(self.later(not_before)),
            _ => self.dead_letter(&next, reference).await,
        }
    }

    /// The run while it waits, or dead, where it could not wait any longer. Nothing is called, so
    /// it may look often.
    fn unclaimed(
        &self,
        run: &Run,
        claim: &Claim,
        reference: &Reference,
        message: &Received,
        why: Why<'_>,
    ) -> Run {
        let last_call = self.settings.last_call(reference, claim.now);
        let (not_before, cause) = match why {
            Why::NoJob => {
                let looks = run.writes.saturating_add(1);
                let wait = RetryPolicy::ABSENCE.wait(looks, self.system.random());
                (claim.now.plus(wait), JOB_UNREGISTERED.to_owned())
            }
            // What it needs may be deleted before the hold ends.
            Why::Held(hold) => (hold.until.min(last_call), hold.cause()),
        };
        if last_call < not_before || last_call <= claim.now {
            return run.given_up_unclaimed(why.reason(), claim.now);
        }
        let wake = self.wake(run, not_before, reference, message);
        run.waiting_unclaimed(not_before, &cause, wake, claim.now)
    }

    /// Each time for the metric, and once for people.
    fn tell(&self, run: &Run, reference: &Reference, why: Why<'_>) {
        let job = &run.id.job;
        if let Why::Held(hold) = why {
            return log::held(run, reference, hold);
        }
        if self.registry.is_first_miss(job) {
            tracing::warn!(
                run.job = %job, endpoint = %reference.endpoint,
                "a job is not registered that has runs; they wait for it"
            );
        }
        log::without_job(run, reference);
    }
}

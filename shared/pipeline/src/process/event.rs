//! The jobs of one event.

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::join;

use crate::delivery::identity::{IgnoreCause, ignore_cause};
use crate::delivery::reference::Reference;
use crate::job::Job;
use crate::ledger::{Dedupe, DeliveryRecord, Recorded};
use crate::model::names::DeliveryId;
use crate::model::port_error::PortError;
use crate::model::system::System;
use crate::ports::{Deliveries, Ledger, Messages};
use crate::process::claim::least_time;
use crate::process::log;
use crate::process::task::{Prefetched, Progress, Received, Task};
use crate::process::use_case::Process;

impl<D: Deliveries, M: Messages, L: Ledger, S: System> Process<D, M, L, S> {
    pub(super) async fn event(
        &self,
        reference: &Reference,
        brought: Option<&Bytes>,
        message: &Received,
    ) -> Result<Progress, PortError> {
        let jobs: Vec<&Job> = self.registry.matching(reference).collect();
        let ignored = ignore_cause(&reference.flags)
            .or_else(|| jobs.is_empty().then_some(IgnoreCause::NoJob));
        if let Some(cause) = ignored {
            return self.ignored(reference, cause, message).await;
        }
        let stored = Prefetched::of(brought);
        // Boxed: it is moved into one of two futures, each of which would hold it.
        let work = self.jobs(&jobs, reference, &stored, message).boxed();
        match message.receives {
            // Its last worker may have died of what it read, and attempts count from the claim.
            2.. => work.await,
            _ => self.reading_ahead(reference, &stored, work).await,
        }
    }

    async fn ignored(
        &self,
        reference: &Reference,
        cause: IgnoreCause,
        message: &Received,
    ) -> Result<Progress, PortError> {
        if let (IgnoreCause::NoJob, Some(job)) = (cause, &reference.job) {
            return self.moved_back(job, reference, message).await;
        }
        log::ignored(reference, cause);
        match self.record_delivery(reference, &[], Some(cause)).await? {
            Some(recorded) => self.unregistered(&recorded, &[], reference, message).await,
            None => Ok(Progress::Finished),
        }
    }

    pub(super) async fn jobs(
        &self,
        jobs: &[&Job],
        reference: &Reference,
        stored: &Prefetched,
        message: &Received,
    ) -> Result<Progress, PortError> {
        let least = least_time(self.system.now().until(message.deadline));
        let holds = self.worker.holds.now(&self.ledger, &self.system);
        let (recorded, holds) = join(self.record_delivery(reference, jobs, None), holds).await;
        let Some(recorded) = recorded? else { return Ok(Progress::Finished) };
        if recorded.dedupe == Dedupe::Repeat && message.receives == 1 {
            log::duplicate(reference);
        }
        // One job's trouble must not keep the others from running.
        let mut progress = self.unregistered(&recorded, jobs, reference, message).await;
        for job in jobs {
            let ran = match holds.over(reference, job.name(), self.system.now()) {
                None => self.run(Task { job, reference, stored, message, least }).await,
                Some(hold) => self.wait_for_release(job.name(), reference, message, hold).await,
            };
            progress = progress.and_then(|so_far| Ok(so_far.and(ran?)));
        }
        progress
    }

    /// Records the delivery and which jobs run for it. `None`: it is in conflict with the first of
    /// its event, and nothing runs.
    async fn record_delivery(
        &self,
        reference: &Reference,
        jobs: &[&Job],
        ignored: Option<IgnoreCause>,
    ) -> Result<Option<Recorded>, PortError> {
        let recorded = self
            .ledger
            .record_delivery(&DeliveryRecord {
                reference: reference.clone(),
                jobs: jobs.iter().map(|job| job.name().clone()).collect(),
                ignored,
                recorded_at: self.system.now(),
            })
            .await?;
        match &recorded.dedupe {
            Dedupe::First | Dedupe::Repeat => Ok(Some(recorded)),
            Dedupe::Conflict { first } => {
                log_conflict(first, reference);
                Ok(None)
            }
        }
    }
}

/// One of the two is not what the provider meant by this id, and a person has to look.
fn log_conflict(first: &DeliveryId, reference: &Reference) {
    tracing::error!(
        reason.code = "payload_conflict",
        delivery.id = %reference.delivery_id,
        first_delivery.id = %first,
        endpoint = %reference.endpoint,
        event.key = %reference.event_key,
        "another delivery carried this event with another body or type; both are stored, the first runs"
    );
}

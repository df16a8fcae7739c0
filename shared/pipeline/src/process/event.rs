//! The jobs of one event.

use bytes::Bytes;
use futures_util::FutureExt as _;

use crate::delivery::identity::{IgnoreCause, ignore_cause};
use crate::delivery::reference::Reference;
use crate::job::Job;
use crate::ledger::{EventRecord, Sighting};
use crate::model::port_error::PortError;
use crate::model::system::System;
use crate::ports::{Deliveries, Ledger, Messages};
use crate::process::claim::least_time;
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
            return self.bury_jobless(reference, job).await;
        }
        match self.sight(reference, &[], Some(cause)).await? {
            Some(event) => self.unregistered(&event, &[], reference, message).await,
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
        let Some(event) = self.sight(reference, jobs, None).await? else {
            return Ok(Progress::Finished);
        };
        // One job's trouble must not keep the others from running.
        let mut progress = self.unregistered(&event, jobs, reference, message).await;
        for job in jobs {
            let ran = self.run(Task { job, reference, stored, message, least }).await;
            progress = progress.and_then(|so_far| Ok(so_far.and(ran?)));
        }
        progress
    }

    /// Records that the delivery was seen and which jobs run for it. `None`: it is in conflict
    /// with the first of its event.
    async fn sight(
        &self,
        reference: &Reference,
        jobs: &[&Job],
        ignored: Option<IgnoreCause>,
    ) -> Result<Option<EventRecord>, PortError> {
        let jobs = jobs.iter().map(|job| job.name().clone()).collect();
        let sighting = Sighting::of(reference, jobs, ignored, self.system.now());
        let event = self.ledger.sight(&sighting).await?;
        if event.sha256 == sighting.sha256 {
            return Ok(Some(event));
        }
        log_conflict(&event, reference);
        Ok(None)
    }
}

/// One of the two is not what the provider meant by this id, and a person has to look.
fn log_conflict(event: &EventRecord, reference: &Reference) {
    tracing::error!(
        reason.code = "payload_conflict",
        delivery.id = %reference.delivery_id,
        first_delivery.id = %event.first_delivery,
        endpoint = %event.event.endpoint,
        event.key = %event.event.key,
        "another delivery carried this event with another body; both are stored, the first runs"
    );
}

//! The way of an event at a direct endpoint: stored once, then worked on, and never queued.

use hookdock_signature::EpochMillis;

use crate::delivery::identity::ignore_cause;
use crate::delivery::reference::Reference;
use crate::delivery::sealed::SealedDelivery;
use crate::delivery::verified::VerifiedDelivery;
use crate::endpoint::direct::{BUDGET, Direct};
use crate::ingest::effect::{ACT, act};
use crate::ingest::outcome::DirectOutcome;
use crate::ingest::refusal::Refusal;
use crate::ingest::use_case::Ingest;
use crate::model::deadline;
use crate::model::port_error::{PortError, PortErrorKind, chain};
use crate::model::system::System;
use crate::ports::{Captures, Conditional, Endpoints, Intake};

impl<E: Endpoints + Captures, I: Intake, S: System> Ingest<E, I, S> {
    /// Whoever stores the event first works on it. From then on it is taken, whatever becomes of
    /// the work: a refusal would only bring it again, as a duplicate.
    pub(super) async fn run_direct(
        &self,
        direct: &Direct,
        verified: &VerifiedDelivery,
        sealed: &SealedDelivery,
        deadline: EpochMillis,
    ) -> Result<DirectOutcome, Refusal> {
        let (store, event) = (self.intake.keep_once(sealed), sealed.reference());
        if self.in_time(deadline, "store the delivery", store).await? == Conditional::Refused(()) {
            return Ok(DirectOutcome::Duplicate);
        }
        if ignore_cause(&event.flags).is_some() {
            return Ok(DirectOutcome::Ignored);
        }
        let deadline = deadline.min(self.system.now().plus(BUDGET));
        let work = act(direct, verified, event, &*self.web);
        let late = |deadline::DeadlineExceeded| Err(PortError::new(ACT, PortErrorKind::TimedOut));
        Ok(match deadline::with_deadline(&self.system, deadline, work).await.unwrap_or_else(late) {
            Ok(()) => DirectOutcome::Done,
            Err(error) => {
                log_failed(direct, event, &error);
                DirectOutcome::Failed
            }
        })
    }
}

fn log_failed(direct: &Direct, event: &Reference, error: &PortError) {
    tracing::warn!(
        delivery.id = %event.delivery_id, endpoint = %event.endpoint, event.key = %event.event_key,
        direct.kind = direct.kind(), reason.code = error.kind().code(), error = chain(error),
        "direct work failed"
    );
}

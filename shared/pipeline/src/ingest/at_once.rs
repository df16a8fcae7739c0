//! The way of an event at a direct endpoint: stored once, then worked on, and never queued.

use hookdock_signature::EpochMillis;

use crate::delivery::VerifiedDelivery;
use crate::direct::effect::{ACT, act};
use crate::direct::{BUDGET, Direct};
use crate::fault::{FaultKind, PortError, chain};
use crate::identity::ignore_cause;
use crate::ingest::{Ingest, Refusal};
use crate::ports::{Archive, Captures, Endpoints, Kept, System, WorkQueue};
use crate::race;
use crate::reference::Reference;
use crate::sealed::SealedDelivery;

/// What became of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtOnce {
    /// It is done.
    Done,
    /// It failed, or its time was up; it is not tried again.
    Failed,
    /// The event had come before, and the work was for whoever took it then.
    Duplicate,
    /// The event is one that never runs.
    Ignored,
}

impl<E: Endpoints + Captures, A: Archive, Q: WorkQueue, S: System> Ingest<E, A, Q, S> {
    /// Whoever stores the event first works on it. From then on it is taken, whatever becomes of
    /// the work: a refusal would only bring it again, as a duplicate.
    pub(super) async fn at_once(
        &self,
        direct: &Direct,
        verified: &VerifiedDelivery,
        sealed: &SealedDelivery,
        deadline: EpochMillis,
    ) -> Result<AtOnce, Refusal> {
        let (store, event) = (self.archive.put_once(sealed), sealed.reference());
        if self.in_time(deadline, "store the delivery", store).await? == Kept::Already {
            return Ok(AtOnce::Duplicate);
        }
        if ignore_cause(&event.flags).is_some() {
            return Ok(AtOnce::Ignored);
        }
        let deadline = deadline.min(self.system.now().plus(BUDGET));
        let work = act(direct, verified, event, &*self.web);
        let late = |race::OutOfTime| Err(PortError::new(ACT, FaultKind::TimedOut));
        Ok(match race::by(&self.system, deadline, work).await.unwrap_or_else(late) {
            Ok(()) => AtOnce::Done,
            Err(error) => {
                log_failed(direct, event, &error);
                AtOnce::Failed
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

impl AtOnce {
    /// A stable code for logs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Duplicate => "duplicate",
            Self::Ignored => "ignored",
        }
    }
}

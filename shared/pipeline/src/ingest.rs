//! The ingest use case: a delivery comes in, is verified, stored and queued, and only then
//! accepted.

use std::sync::Arc;
use std::time::Duration;

use hookdock_signature::{EpochMillis, Rejection};

use crate::delivery::{RawDelivery, VerifiedDelivery};
use crate::endpoint::Endpoint;
use crate::fault::{FaultKind, PortError, chain};
use crate::names::{DeliveryId, EndpointId, EventType};
use crate::ports::{Archive, Endpoints, System, WorkQueue};
use crate::race;
use crate::reference::Reference;
use crate::sealed::SealedDelivery;

/// How long a sender is kept waiting where the catalogue does not know its time limit. The
/// strictest of the large providers gives up after 5 s (Shopify, read 2026-11).
const PATIENCE: Duration = Duration::from_secs(4);

/// The use case and its ports.
#[derive(Debug)]
pub struct Ingest<E, A, Q, S> {
    /// Where endpoints are configured.
    pub endpoints: E,
    /// Where deliveries are kept.
    pub archive: A,
    /// The way to the processor.
    pub queue: Q,
    /// Time and chance.
    pub system: S,
}

/// A delivery that is durable, in the archive and in the queue. Nothing has run yet.
#[derive(Debug)]
pub struct Accepted {
    /// The endpoint it was sent to.
    pub endpoint: Arc<Endpoint>,
    /// What was queued.
    pub reference: Reference,
}

/// Why a delivery is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No such endpoint, or no such tenant of it.
    #[error("the endpoint or tenant is not registered")]
    UnknownEndpoint,
    /// The body is larger than the endpoint takes.
    #[error("the body has {bytes} bytes, the endpoint takes {limit}")]
    TooLarge {
        /// The size of the body.
        bytes: usize,
        /// The largest size the endpoint takes.
        limit: usize,
    },
    /// The signature was found wrong.
    #[error("the signature was refused")]
    Unauthorized(#[source] Rejection),
    /// We cannot take it now; the sender should try again.
    #[error("the delivery cannot be taken now")]
    Unavailable(#[source] PortError),
}

impl<E: Endpoints, A: Archive, Q: WorkQueue, S: System> Ingest<E, A, Q, S> {
    /// Takes one delivery: endpoint, size, signature, archive, queue, in this order.
    ///
    /// # Errors
    ///
    /// Why it is not accepted. Then nothing is queued, and nothing is stored unless the queue was
    /// what failed; a stored delivery without a reference is harmless.
    pub async fn receive(&self, raw: RawDelivery) -> Result<Accepted, Refusal> {
        let (delivery_id, endpoint_id) = (raw.id.clone(), raw.endpoint.clone());
        let received_at = raw.received_at;
        let result = self.take(raw, received_at).await;
        log(&result, &delivery_id, &endpoint_id, received_at.until(self.system.now()));
        result
    }

    async fn take(&self, raw: RawDelivery, received_at: EpochMillis) -> Result<Accepted, Refusal> {
        let endpoint = self.endpoint(&raw).await?;
        check_size(&raw, &endpoint)?;
        let deadline = received_at.plus(patience(&endpoint));
        let verified = self.verify(raw, endpoint, deadline).await?;
        let reference = self.keep(&verified, deadline).await?;
        Ok(Accepted { endpoint: Arc::clone(verified.endpoint()), reference })
    }

    /// The endpoint of that name, if it has the tenant. One that has not may have been given it
    /// since it was read.
    async fn endpoint(&self, raw: &RawDelivery) -> Result<Arc<Endpoint>, Refusal> {
        let deadline = raw.received_at.plus(PATIENCE);
        let registered = |endpoint: &Arc<Endpoint>| endpoint.has(raw.tenant.as_ref());
        let find = self.endpoints.find(&raw.endpoint);
        let known = self.in_time(deadline, "find the endpoint", find).await?;
        let known = known.ok_or(Refusal::UnknownEndpoint)?;
        if registered(&known) {
            return Ok(known);
        }
        let refresh = self.endpoints.refresh(&raw.endpoint);
        let newer = self.in_time(deadline, "refresh the endpoint", refresh).await?;
        newer.filter(registered).ok_or(Refusal::UnknownEndpoint)
    }

    /// A signature that does not match may have been made with a secret that is newer than ours.
    async fn verify(
        &self,
        raw: RawDelivery,
        endpoint: Arc<Endpoint>,
        deadline: EpochMillis,
    ) -> Result<VerifiedDelivery, Refusal> {
        let unverified = match VerifiedDelivery::verify(raw, endpoint) {
            Ok(verified) => return Ok(verified),
            Err(unverified) => unverified,
        };
        if !may_be_stale_secret(&unverified.rejection) {
            return Err(refused(unverified.rejection));
        }
        let refresh = self.endpoints.refresh(&unverified.raw.endpoint);
        match self.in_time(deadline, "refresh the endpoint", refresh).await? {
            None => Err(refused(unverified.rejection)),
            Some(newer) => VerifiedDelivery::verify(unverified.raw, newer)
                .map_err(|unverified| refused(unverified.rejection)),
        }
    }

    async fn keep(
        &self,
        verified: &VerifiedDelivery,
        deadline: EpochMillis,
    ) -> Result<Reference, Refusal> {
        let sealed = SealedDelivery::of(verified).map_err(|error| {
            let error = PortError::new("write the delivery", FaultKind::Invalid).because(error);
            Refusal::Unavailable(error)
        })?;
        self.in_time(deadline, "store the delivery", self.archive.put(&sealed)).await?;
        self.in_time(deadline, "queue the reference", self.queue.send(&sealed)).await?;
        Ok(sealed.into_reference())
    }

    async fn in_time<T>(
        &self,
        deadline: EpochMillis,
        action: &'static str,
        call: impl Future<Output = Result<T, PortError>> + Send,
    ) -> Result<T, Refusal> {
        race::by(&self.system, deadline, call)
            .await
            .unwrap_or_else(|race::OutOfTime| Err(PortError::new(action, FaultKind::TimedOut)))
            .map_err(Refusal::Unavailable)
    }
}

fn check_size(raw: &RawDelivery, endpoint: &Endpoint) -> Result<(), Refusal> {
    let (bytes, limit) = (raw.body.len(), endpoint.max_body_bytes());
    if bytes <= limit { Ok(()) } else { Err(Refusal::TooLarge { bytes, limit }) }
}

/// Three quarters of the provider's own time limit, for the way back is not ours.
fn patience(endpoint: &Endpoint) -> Duration {
    let limit = endpoint.provider().answer_within();
    limit.map_or(PATIENCE, |limit| (limit * 3 / 4).min(PATIENCE))
}

fn may_be_stale_secret(rejection: &Rejection) -> bool {
    rejection.is_ours() || matches!(rejection, Rejection::Mismatch)
}

/// A secret or a setting that cannot work is our fault: the sender must try again. That an
/// endpoint has no live secret at all is the operator's choice.
fn refused(rejection: Rejection) -> Refusal {
    if rejection.is_ours() && rejection != Rejection::NoSecret {
        let error = PortError::new("check the signature", FaultKind::Invalid).because(rejection);
        Refusal::Unavailable(error)
    } else {
        Refusal::Unauthorized(rejection)
    }
}

fn log(result: &Result<Accepted, Refusal>, id: &DeliveryId, endpoint: &EndpointId, took: Duration) {
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match result {
        Ok(accepted) => tracing::info!(
            delivery.id = %id, %endpoint, provider = accepted.reference.provider, duration_ms,
            event.key = %accepted.reference.event_key,
            event.r#type = accepted.reference.event_type.as_ref().map(EventType::as_str),
            "delivery accepted"
        ),
        Err(Refusal::Unavailable(error)) => tracing::error!(
            delivery.id = %id, %endpoint, duration_ms, reason.code = error.kind().code(),
            error = chain(error), "delivery could not be taken"
        ),
        Err(refusal) => tracing::warn!(
            delivery.id = %id, %endpoint, duration_ms, reason.code = refusal.code(),
            error = chain(refusal), "delivery refused"
        ),
    }
}

impl Refusal {
    /// A stable code for logs and metrics; the sender never sees it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownEndpoint => "unknown_endpoint",
            Self::TooLarge { .. } => "too_large",
            Self::Unauthorized(rejection) => rejection.code(),
            Self::Unavailable(error) => error.kind().code(),
        }
    }
}

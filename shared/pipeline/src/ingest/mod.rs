//! The ingest use case: a delivery comes in, is verified, stored and queued, and only then
//! accepted. A handshake is answered on the way, and nothing of it is kept; at a direct endpoint
//! light work takes the place of the queue.

mod at_once;

use std::sync::Arc;
use std::time::Duration;

pub use at_once::AtOnce;
use hookdock_signature::{
    Answer, EpochMillis, Exchange, Keys, RefusedHandshake, Rejection, Secret, handshake,
};

use crate::delivery::{RawDelivery, Unverified, VerifiedDelivery};
use crate::direct::Direct;
use crate::endpoint::{Capture, Endpoint, Store};
use crate::fault::{FaultKind, PortError, chain};
use crate::names::{DeliveryId, EndpointId, EventType};
use crate::ports::{Archive, Captured, Captures, Endpoints, Providers, System, Web, WorkQueue};
use crate::race;
use crate::reference::Reference;
use crate::sealed::SealedDelivery;

/// How long a sender is kept waiting where the catalogue does not know its time limit. The
/// strictest of the large providers gives up after 5 s (Shopify, read 2026-11).
const PATIENCE: Duration = Duration::from_secs(4);

const POST: &str = "POST";

/// The use case and its ports.
#[derive(Debug)]
pub struct Ingest<E, A, Q, S> {
    /// Where endpoints are configured.
    pub endpoints: E,
    /// Where deliveries are kept.
    pub archive: A,
    /// The way to the processor.
    pub queue: Q,
    /// What providers are asked: their keys.
    pub providers: Arc<dyn Providers>,
    /// Who is told of events at direct endpoints.
    pub web: Arc<dyn Web>,
    /// Time and chance.
    pub system: S,
}

/// A delivery that is durable: in the archive and referred to in the queue, or in the queue
/// itself, where nothing has run yet, or at a direct endpoint in the archive alone.
#[derive(Debug)]
pub struct Accepted {
    /// The endpoint it was sent to.
    pub endpoint: Arc<Endpoint>,
    /// What was queued, or would have been.
    pub reference: Reference,
    /// What became of the work, at a direct endpoint.
    pub direct: Option<AtOnce>,
}

/// What became of a request that was not refused.
#[derive(Debug)]
pub enum Received {
    /// An event.
    Accepted(Box<Accepted>),
    /// A handshake. Nothing is stored and nothing queued.
    Answered(Answered),
}

/// A handshake, answered.
#[derive(Debug)]
pub struct Answered {
    /// The handshake's kind.
    pub kind: &'static str,
    /// What came of it: a stable code for logs.
    pub code: &'static str,
    /// The answer, to be given as it is.
    pub answer: Answer,
}

/// Why a delivery is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No such endpoint, or no such tenant of it.
    #[error("the endpoint or tenant is not registered")]
    UnknownEndpoint,
    /// The provider does not use this method.
    #[error("the method is none that the provider uses")]
    MethodNotAllowed {
        /// Those that it uses.
        allowed: Vec<&'static str>,
    },
    /// The provider uses this method for handshakes, and this is none.
    #[error("only a handshake comes with this method, and this is none")]
    NotAHandshake,
    /// A secret was handed over, and the endpoint does not wait for one.
    #[error("a secret was handed over that the endpoint does not wait for")]
    SecretNotAwaited,
    /// A secret was handed over, and another one is kept already.
    #[error("a secret was handed over, and the endpoint has another")]
    SecretCaptured,
    /// A handshake that must not be answered.
    #[error("the handshake was refused")]
    Handshake(#[source] RefusedHandshake),
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
    /// The signature was found wrong, and the provider wants to see nothing but the status.
    #[error("the signature was refused")]
    BarelyUnauthorized(#[source] Rejection),
    /// We cannot take it now; the sender should try again.
    #[error("the delivery cannot be taken now")]
    Unavailable(#[source] PortError),
}

impl<E: Endpoints + Captures, A: Archive, Q: WorkQueue, S: System> Ingest<E, A, Q, S> {
    /// Takes one delivery: endpoint, method, size, signature, archive, queue, in this order. A
    /// handshake is answered before the signature is checked, or after, if it is signed.
    ///
    /// # Errors
    ///
    /// Why it is not accepted. Then nothing is queued, and nothing is stored unless the queue was
    /// what failed; a stored delivery without a reference is harmless.
    pub async fn receive(&self, raw: RawDelivery) -> Result<Received, Refusal> {
        let (delivery_id, endpoint_id) = (raw.id.clone(), raw.endpoint.clone());
        let received_at = raw.received_at;
        let result = self.take(raw, received_at).await;
        log(&result, &delivery_id, &endpoint_id, received_at.until(self.system.now()));
        result
    }

    async fn take(&self, raw: RawDelivery, received_at: EpochMillis) -> Result<Received, Refusal> {
        let endpoint = self.endpoint(&raw).await?;
        check_method(&raw, &endpoint)?;
        check_size(&raw, &endpoint)?;
        if let Some(exchange) = unsigned_handshake(&raw, &endpoint)? {
            return self.answered(&raw, &endpoint, exchange).await;
        }
        if raw.method != POST {
            return Err(Refusal::NotAHandshake);
        }
        let deadline = received_at.plus(patience(&endpoint));
        let bare = endpoint.provider().response().is_some_and(|response| response.bare_refusal);
        let verified = self.verify(raw, endpoint, deadline).await;
        let verified = verified.map_err(|refusal| if bare { refusal.bare() } else { refusal })?;
        if let Some(exchange) = signed_handshake(&verified)? {
            return self.answered(verified.raw(), verified.endpoint(), exchange).await;
        }
        Ok(Received::Accepted(Box::new(self.keep(&verified, deadline).await?)))
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
        let unverified = match self.check(raw, endpoint, deadline).await? {
            Ok(verified) => return Ok(verified),
            Err(unverified) => unverified,
        };
        if !may_be_stale_secret(&unverified.rejection) {
            return Err(refused(unverified.rejection));
        }
        let refresh = self.endpoints.refresh(&unverified.raw.endpoint);
        match self.in_time(deadline, "refresh the endpoint", refresh).await? {
            None => Err(refused(unverified.rejection)),
            Some(newer) => {
                let checked = self.check(unverified.raw, newer, deadline).await?;
                checked.map_err(|unverified| refused(unverified.rejection))
            }
        }
    }

    /// Checks the signature, with the keys that the provider publishes where it does. A key that
    /// could not be fetched says nothing about the sender: that is our failure.
    async fn check(
        &self,
        raw: RawDelivery,
        endpoint: Arc<Endpoint>,
        deadline: EpochMillis,
    ) -> Result<Result<VerifiedDelivery, Box<Unverified>>, Refusal> {
        let (mut keys, mut failure) = (Keys::none(), None);
        for request in VerifiedDelivery::key_requests(&raw, &endpoint) {
            let key = self.providers.key(&request);
            match self.in_time(deadline, "fetch the provider's key", key).await {
                Ok(Some(key)) => keys.insert(request, key),
                Ok(None) => {}
                Err(refusal) => failure = Some(refusal),
            }
        }
        match (VerifiedDelivery::verify(raw, endpoint, &keys), failure) {
            (Err(unverified), Some(failure)) if unverified.rejection == Rejection::UnknownKey => {
                Err(failure)
            }
            (checked, _) => Ok(checked),
        }
    }

    /// A URL that is to be fetched is fetched, and a secret that is handed over is kept, before
    /// the answer says that it was.
    async fn answered(
        &self,
        raw: &RawDelivery,
        endpoint: &Endpoint,
        exchange: Exchange,
    ) -> Result<Received, Refusal> {
        let Exchange { kind, answer, secret, visit, .. } = exchange;
        let deadline = raw.received_at.plus(patience(endpoint));
        if let Some(url) = visit {
            let visit = self.providers.visit(&url);
            self.in_time(deadline, "visit the provider's URL", visit).await?;
        }
        let code = match secret {
            None => "handshake_answered",
            Some(secret) => self.capture(raw, endpoint, &secret, deadline).await?,
        };
        Ok(Received::Answered(Answered { kind, code, answer }))
    }

    /// Taken by an endpoint that waits for it, once: whoever hands it over sets the key.
    async fn capture(
        &self,
        raw: &RawDelivery,
        endpoint: &Endpoint,
        secret: &Secret,
        deadline: EpochMillis,
    ) -> Result<&'static str, Refusal> {
        let kept = match endpoint.capture() {
            Capture::Awaited if raw.tenant.is_none() => {
                let keep = self.endpoints.capture(&raw.endpoint, secret);
                self.in_time(deadline, "keep the captured secret", keep).await?
            }
            Capture::Done(kept) if raw.tenant.is_none() && kept.is_same(secret) => Captured::Same,
            Capture::Done(_) => Captured::Other,
            Capture::Awaited | Capture::Never => return Err(Refusal::SecretNotAwaited),
        };
        match kept {
            Captured::New => Ok("secret_captured"),
            Captured::Same => Ok("handshake_answered"),
            Captured::Other => Err(Refusal::SecretCaptured),
        }
    }

    async fn keep(
        &self,
        verified: &VerifiedDelivery,
        deadline: EpochMillis,
    ) -> Result<Accepted, Refusal> {
        let sealed = SealedDelivery::of(verified).map_err(|error| {
            let error = PortError::new("write the delivery", FaultKind::Invalid).because(error);
            Refusal::Unavailable(error)
        })?;
        let endpoint = Arc::clone(verified.endpoint());
        let direct = match endpoint.direct() {
            None => self.queue(&sealed, deadline).await.map(|()| None)?,
            Some(direct) => Some(self.at_once(direct, verified, &sealed, deadline).await?),
        };
        Ok(Accepted { endpoint, reference: sealed.into_reference(), direct })
    }

    async fn queue(&self, sealed: &SealedDelivery, deadline: EpochMillis) -> Result<(), Refusal> {
        if sealed.store() == Store::Object && !Q::STORES {
            self.in_time(deadline, "store the delivery", self.archive.put(sealed)).await?;
        }
        self.in_time(deadline, "queue the delivery", self.queue.send(sealed)).await
    }

    async fn in_time<T>(
        &self,
        deadline: EpochMillis,
        action: &'static str,
        call: impl Future<Output = Result<T, PortError>> + Send,
    ) -> Result<T, Refusal> {
        let late = |race::OutOfTime| Err(PortError::new(action, FaultKind::TimedOut));
        let called = race::soon(&self.system, deadline, call).await.unwrap_or_else(late);
        called.map_err(Refusal::Unavailable)
    }
}

/// Events are posted; what else a provider uses, it uses for handshakes.
fn check_method(raw: &RawDelivery, endpoint: &Endpoint) -> Result<(), Refusal> {
    let allowed = endpoint.provider().methods();
    if allowed.contains(&&*raw.method) {
        Ok(())
    } else {
        Err(Refusal::MethodNotAllowed { allowed })
    }
}

fn unsigned_handshake(raw: &RawDelivery, endpoint: &Endpoint) -> Result<Option<Exchange>, Refusal> {
    let secrets = endpoint.secrets(raw.tenant.as_ref(), raw.received_at).unwrap_or_default();
    handshake(endpoint.provider(), &secrets, &raw.request(), None).map_err(Refusal::Handshake)
}

fn signed_handshake(verified: &VerifiedDelivery) -> Result<Option<Exchange>, Refusal> {
    let (raw, endpoint) = (verified.raw(), verified.endpoint());
    let secrets = endpoint.secrets(raw.tenant.as_ref(), raw.received_at).unwrap_or_default();
    handshake(endpoint.provider(), &secrets, &raw.request(), Some(verified.proof()))
        .map_err(Refusal::Handshake)
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

fn log(result: &Result<Received, Refusal>, id: &DeliveryId, endpoint: &EndpointId, took: Duration) {
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match result {
        Ok(Received::Answered(answered)) => tracing::info!(
            delivery.id = %id, %endpoint, duration_ms, handshake.kind = answered.kind,
            reason.code = answered.code, "handshake answered"
        ),
        Ok(Received::Accepted(accepted)) => tracing::info!(
            delivery.id = %id, %endpoint, provider = accepted.reference.provider, duration_ms,
            event.key = %accepted.reference.event_key,
            event.r#type = accepted.reference.event_type.as_ref().map(EventType::as_str),
            event.flags = flags(&accepted.reference),
            direct.kind = accepted.endpoint.direct().map(Direct::kind),
            direct.outcome = accepted.direct.map(AtOnce::code), "delivery accepted"
        ),
        Err(Refusal::Unavailable(error)) => tracing::error!(
            delivery.id = %id, %endpoint, duration_ms, reason.code = error.kind().code(),
            error = chain(error), "delivery could not be taken"
        ),
        Err(refusal) => tracing::warn!(
            delivery.id = %id, %endpoint, duration_ms, reason.code = refusal.code(),
            handshake.kind = refusal.handshake(), error = chain(refusal), "delivery refused"
        ),
    }
}

/// The flags as they are stored, for a metric to count; nothing where there are none.
fn flags(reference: &Reference) -> Option<String> {
    let flags = Some(&reference.flags).filter(|flags| !flags.is_empty())?;
    serde_json::to_string(flags).ok()
}

impl Refusal {
    /// A stable code for logs and metrics; the sender never sees it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownEndpoint => "unknown_endpoint",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::NotAHandshake => "not_a_handshake",
            Self::SecretNotAwaited => "secret_not_awaited",
            Self::SecretCaptured => "secret_captured_already",
            Self::Handshake(refused) => refused.reason.code(),
            Self::TooLarge { .. } => "too_large",
            Self::Unauthorized(rejection) | Self::BarelyUnauthorized(rejection) => rejection.code(),
            Self::Unavailable(error) => error.kind().code(),
        }
    }

    fn bare(self) -> Self {
        match self {
            Self::Unauthorized(rejection) => Self::BarelyUnauthorized(rejection),
            other => other,
        }
    }

    /// The kind of the handshake that was refused.
    fn handshake(&self) -> Option<&'static str> {
        match self {
            Self::Handshake(refused) => Some(refused.kind),
            Self::SecretNotAwaited | Self::SecretCaptured => Some("capture-secret"),
            _ => None,
        }
    }
}

//! Handshakes, answered on the way.

use hookdock_signature::{EpochMillis, Exchange, Secret, handshake};

use crate::delivery::verified::{RawDelivery, VerifiedDelivery};
use crate::endpoint::{Capture, Endpoint};
use crate::ingest::outcome::{Answered, Received};
use crate::ingest::refusal::Refusal;
use crate::ingest::use_case::{Ingest, patience};
use crate::model::system::System;
use crate::ports::{Archive, Captured, Captures, Endpoints, WorkQueue};

impl<E: Endpoints + Captures, A: Archive, Q: WorkQueue, S: System> Ingest<E, A, Q, S> {
    /// A URL that is to be fetched is fetched, and a secret that is handed over is kept, before
    /// the answer says that it was.
    pub(super) async fn answered(
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
    pub(super) async fn capture(
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
}

pub(super) fn unsigned_handshake(
    raw: &RawDelivery,
    endpoint: &Endpoint,
) -> Result<Option<Exchange>, Refusal> {
    let secrets = endpoint.secrets(raw.tenant.as_ref(), raw.received_at).unwrap_or_default();
    handshake(endpoint.provider(), &secrets, &raw.incoming.request(), None)
        .map_err(Refusal::Handshake)
}

pub(super) fn signed_handshake(verified: &VerifiedDelivery) -> Result<Option<Exchange>, Refusal> {
    let (raw, endpoint) = (verified.raw(), verified.endpoint());
    let secrets = endpoint.secrets(raw.tenant.as_ref(), raw.received_at).unwrap_or_default();
    handshake(endpoint.provider(), &secrets, &raw.incoming.request(), Some(verified.proof()))
        .map_err(Refusal::Handshake)
}

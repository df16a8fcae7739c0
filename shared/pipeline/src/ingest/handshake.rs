//! Handshakes, answered on the way.

use hookdock_signature::{EpochMillis, Exchange, Proof, Secret, handshake};

use crate::delivery::raw::RawDelivery;
use crate::delivery::recipient::Recipient;
use crate::delivery::verified::VerifiedDelivery;
use crate::endpoint::{Capture, Endpoint};
use crate::ingest::outcome::{Answered, Received};
use crate::ingest::refusal::Refusal;
use crate::ingest::use_case::{Ingest, patience};
use crate::model::system::System;
use crate::ports::{Captured, Captures, Endpoints, Intake};

impl<E: Endpoints + Captures, I: Intake, S: System> Ingest<E, I, S> {
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
    recipient: &Recipient,
) -> Result<Option<Exchange>, Refusal> {
    asked(raw, recipient, None)
}

pub(super) fn signed_handshake(verified: &VerifiedDelivery) -> Result<Option<Exchange>, Refusal> {
    asked(verified.raw(), verified.recipient(), Some(verified.proof()))
}

fn asked(
    raw: &RawDelivery,
    recipient: &Recipient,
    proof: Option<&Proof>,
) -> Result<Option<Exchange>, Refusal> {
    handshake(recipient.provider(), recipient.secrets(), &raw.incoming.request(), proof)
        .map_err(Refusal::Handshake)
}

//! The order in which a delivery is decided.

use std::sync::Arc;

use hookdock_signature::EpochMillis;

use crate::delivery::raw::RawDelivery;
use crate::delivery::recipient::Recipient;
use crate::delivery::sealed::SealedDelivery;
use crate::delivery::verified::VerifiedDelivery;
use crate::endpoint::Endpoint;
use crate::ingest::handshake::{signed_handshake, unsigned_handshake};
use crate::ingest::log::{Addressed, log};
use crate::ingest::outcome::{Accepted, Received};
use crate::ingest::refusal::{LookUp, Refusal};
use crate::ingest::use_case::{Ingest, PATIENCE, patience};
use crate::model::names::TenantId;
use crate::model::port_error::PortError;
use crate::model::system::System;
use crate::ports::{Captures, Endpoints, Intake};

impl<E: Endpoints + Captures, I: Intake, S: System> Ingest<E, I, S> {
    /// Takes one delivery: endpoint, method, size, signature, archive, queue, in this order. A
    /// handshake is answered before the signature is checked, or after, if it is signed.
    ///
    /// # Errors
    ///
    /// Why it is not accepted. Then nothing is queued, and nothing is stored unless the queue was
    /// what failed; a stored delivery without a reference is harmless.
    pub async fn receive(&self, raw: RawDelivery) -> Result<Received, Refusal> {
        let (to, received_at) = (Addressed::of(&raw), raw.received_at);
        let result = self.take(raw, received_at).await;
        log(&result, &to, received_at.until(self.system.now()));
        result
    }

    pub(super) async fn take(
        &self,
        mut raw: RawDelivery,
        received_at: EpochMillis,
    ) -> Result<Received, Refusal> {
        let recipient = self.recipient(&raw).await?;
        let endpoint = recipient.endpoint();
        let tenant = raw.tenant.as_ref();
        if let Some(stated) = self.stated_url(endpoint, tenant, &raw.incoming.url) {
            raw.incoming.url = stated;
            raw.incoming.other_url = None;
        }
        check_method(&raw, endpoint)?;
        check_size(&raw, endpoint)?;
        if let Some(exchange) = unsigned_handshake(&raw, &recipient)? {
            return self.answered(&raw, endpoint, exchange).await;
        }
        if !endpoint.provider().sends_events_by(&raw.incoming.method) {
            return Err(Refusal::NotAHandshake);
        }
        let deadline = received_at.plus(patience(endpoint));
        let bare = endpoint.provider().response().is_some_and(|response| response.bare_refusal);
        let verified = self.verify(raw, recipient, deadline).await;
        let verified = verified.map_err(|refusal| if bare { refusal.bare() } else { refusal })?;
        if let Some(exchange) = signed_handshake(&verified)? {
            return self.answered(verified.raw(), verified.endpoint(), exchange).await;
        }
        Ok(Received::Accepted(Box::new(self.keep(&verified, deadline).await?)))
    }

    /// The endpoint of that name. Whether it has the tenant, [`Self::verify`] finds out as it finds
    /// out whether a signature is right.
    async fn recipient(&self, raw: &RawDelivery) -> Result<Recipient, Refusal> {
        let deadline = raw.received_at.plus(PATIENCE);
        let find = self.endpoints.find(&raw.endpoint);
        let known = self.in_time(deadline, "find the endpoint", find).await;
        let known = known.map_err(|refusal| refusal.at(LookUp::Endpoint))?;
        known.map(|known| Recipient::of(known, raw)).ok_or(Refusal::UnknownEndpoint)
    }

    /// The URL that the sender addressed, as the operator says it: of this endpoint, or of all.
    #[must_use]
    pub fn stated_url(
        &self,
        endpoint: &Endpoint,
        tenant: Option<&TenantId>,
        seen: &str,
    ) -> Option<String> {
        let tenant = tenant.map(|tenant| format!("/{tenant}")).unwrap_or_default();
        match (endpoint.public_url(), &self.public_url) {
            (Some(own), _) => Some(own.of_request(&tenant, seen)),
            (None, Some(all)) => {
                Some(all.of_request(&format!("/webhooks/{}{tenant}", endpoint.id()), seen))
            }
            (None, None) => None,
        }
    }

    pub(super) async fn keep(
        &self,
        verified: &VerifiedDelivery,
        deadline: EpochMillis,
    ) -> Result<Accepted, Refusal> {
        let sealed = SealedDelivery::of(verified);
        let sealed = sealed.map_err(|error| {
            Refusal::Unavailable(PortError::invalid("write the delivery")(error))
        })?;
        let endpoint = Arc::clone(verified.endpoint());
        let direct = match endpoint.direct() {
            None => {
                let accept = self.intake.accept(&sealed);
                self.in_time(deadline, "accept the delivery", accept).await.map(|()| None)?
            }
            Some(direct) => Some(self.run_direct(direct, verified, &sealed, deadline).await?),
        };
        let signed_origin = verified.signed_origin();
        Ok(Accepted { endpoint, reference: sealed.into_reference(), signed_origin, direct })
    }
}

/// What no event comes with, a provider uses for handshakes.
fn check_method(raw: &RawDelivery, endpoint: &Endpoint) -> Result<(), Refusal> {
    let allowed = endpoint.provider().methods();
    if allowed.contains(&&*raw.incoming.method) {
        Ok(())
    } else {
        Err(Refusal::MethodNotAllowed { allowed })
    }
}

fn check_size(raw: &RawDelivery, endpoint: &Endpoint) -> Result<(), Refusal> {
    let (bytes, limit) = (raw.incoming.body.len(), endpoint.max_body_bytes());
    if bytes <= limit { Ok(()) } else { Err(Refusal::TooLarge { bytes, limit }) }
}

//! The order in which a delivery is decided.

use std::sync::Arc;

use hookdock_signature::EpochMillis;

use crate::delivery::sealed::SealedDelivery;
use crate::delivery::verified::{RawDelivery, VerifiedDelivery};
use crate::endpoint::{Endpoint, Store};
use crate::ingest::handshake::{signed_handshake, unsigned_handshake};
use crate::ingest::log::log;
use crate::ingest::outcome::{Accepted, Received};
use crate::ingest::refusal::{LookUp, Refusal};
use crate::ingest::use_case::{Ingest, PATIENCE, patience};
use crate::model::port_error::{FaultKind, PortError};
use crate::model::system::System;
use crate::ports::{Archive, Captures, Endpoints, WorkQueue};

const POST: &str = "POST";

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

    pub(super) async fn take(
        &self,
        raw: RawDelivery,
        received_at: EpochMillis,
    ) -> Result<Received, Refusal> {
        let endpoint = self.endpoint(&raw).await?;
        check_method(&raw, &endpoint)?;
        check_size(&raw, &endpoint)?;
        if let Some(exchange) = unsigned_handshake(&raw, &endpoint)? {
            return self.answered(&raw, &endpoint, exchange).await;
        }
        if raw.incoming.method != POST {
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
    pub(super) async fn endpoint(&self, raw: &RawDelivery) -> Result<Arc<Endpoint>, Refusal> {
        let deadline = raw.received_at.plus(PATIENCE);
        let registered = |endpoint: &Arc<Endpoint>| endpoint.has(raw.tenant.as_ref());
        let find = self.endpoints.find(&raw.endpoint);
        let known = self.in_time(deadline, "find the endpoint", find).await;
        let known = known.map_err(|refusal| refusal.at(LookUp::Endpoint))?;
        let known = known.ok_or(Refusal::UnknownEndpoint)?;
        if registered(&known) {
            return Ok(known);
        }
        let refresh = self.endpoints.refresh(&raw.endpoint);
        let newer = self.in_time(deadline, "refresh the endpoint", refresh).await?;
        newer.filter(registered).ok_or(Refusal::UnknownEndpoint)
    }

    pub(super) async fn keep(
        &self,
        verified: &VerifiedDelivery,
        deadline: EpochMillis,
    ) -> Result<Accepted, Refusal> {
        let sealed = SealedDelivery::of(verified).map_err(|error| {
            let error = PortError::new("write the delivery", FaultKind::Invalid).with_source(error);
            Refusal::Unavailable(error)
        })?;
        let endpoint = Arc::clone(verified.endpoint());
        let direct = match endpoint.direct() {
            None => self.queue(&sealed, deadline).await.map(|()| None)?,
            Some(direct) => Some(self.run_direct(direct, verified, &sealed, deadline).await?),
        };
        Ok(Accepted { endpoint, reference: sealed.into_reference(), direct })
    }

    pub(super) async fn queue(
        &self,
        sealed: &SealedDelivery,
        deadline: EpochMillis,
    ) -> Result<(), Refusal> {
        if sealed.store() == Store::Object && !Q::STORES {
            self.in_time(deadline, "store the delivery", self.archive.put(sealed)).await?;
        }
        self.in_time(deadline, "queue the delivery", self.queue.send(sealed)).await
    }
}

/// Events are posted; what else a provider uses, it uses for handshakes.
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

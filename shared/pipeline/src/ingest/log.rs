//! The one line that tells of a request.
//!
//! The alarms of the stack select lines by `message` and `reason.code`, so neither ever holds a
//! text that a sender wrote; `tests/it/alarms` tries. What strangers bring about, our own rate
//! limit among it, is not told as something that could not be taken.

use std::time::Duration;

use crate::delivery::raw::RawDelivery;
use crate::delivery::reference::Reference;
use crate::endpoint::direct::Direct;
use crate::ingest::outcome::{DirectOutcome, Received};
use crate::ingest::refusal::Refusal;
use crate::model::names::{DeliveryId, EndpointId, EventId, EventType, TenantId};
use crate::model::port_error::chain;

/// What a request is called, and to whom it was addressed. The names fit their grammars.
pub(super) struct Addressed {
    pub(super) delivery: DeliveryId,
    pub(super) endpoint: EndpointId,
    pub(super) tenant: Option<TenantId>,
}

impl Addressed {
    pub(super) fn of(raw: &RawDelivery) -> Self {
        let RawDelivery { id, endpoint, tenant, .. } = raw;
        Self { delivery: id.clone(), endpoint: endpoint.clone(), tenant: tenant.clone() }
    }
}

pub(super) fn log(result: &Result<Received, Refusal>, to: &Addressed, took: Duration) {
    let Addressed { delivery: id, endpoint, tenant } = to;
    let tenant = tenant.as_ref().map(TenantId::as_str);
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match result {
        Ok(Received::Answered(answered)) => tracing::info!(
            delivery.id = %id, %endpoint, tenant, duration_ms, handshake.kind = answered.kind,
            reason.code = answered.code, "handshake answered"
        ),
        Ok(Received::Accepted(accepted)) => tracing::info!(
            delivery.id = %id, %endpoint, provider = accepted.reference.provider, duration_ms,
            tenant = accepted.reference.tenant.as_ref().map(TenantId::as_str),
            event.key = %accepted.reference.event_key,
            event.id = accepted.reference.event_id.as_ref().map(EventId::as_str),
            event.r#type = accepted.reference.event_type.as_ref().map(EventType::as_str),
            event.flags = flags(&accepted.reference), url.origin = accepted.signed_origin,
            direct.kind = accepted.endpoint.direct().map(Direct::kind),
            direct.outcome = accepted.direct.map(DirectOutcome::code), "delivery accepted"
        ),
        Err(Refusal::Unavailable(error)) => tracing::error!(
            delivery.id = %id, %endpoint, tenant, duration_ms, reason.code = error.kind().code(),
            error = chain(error), "delivery could not be taken"
        ),
        Err(refusal) => tracing::warn!(
            delivery.id = %id, %endpoint, tenant, duration_ms, reason.code = refusal.code(),
            handshake.kind = refusal.handshake(), error = chain(refusal), "delivery refused"
        ),
    }
}

/// The flags as they are stored, for a metric to count; nothing where there are none.
fn flags(reference: &Reference) -> Option<String> {
    let flags = Some(&reference.flags).filter(|flags| !flags.is_empty())?;
    serde_json::to_string(flags).ok()
}

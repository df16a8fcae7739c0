//! A delivery before its signature was checked.

use hookdock_signature::EpochMillis;

use crate::delivery::incoming::Incoming;
use crate::model::names::{DeliveryId, EndpointId, TenantId};

/// One request to an endpoint. Nothing in it is to be believed.
#[derive(Debug, Clone)]
pub struct RawDelivery {
    /// Our id for it.
    pub id: DeliveryId,
    /// The endpoint it was sent to.
    pub endpoint: EndpointId,
    /// The tenant its URL names.
    pub tenant: Option<TenantId>,
    /// When it came in, by our clock.
    pub received_at: EpochMillis,
    /// The request itself.
    pub incoming: Incoming,
}

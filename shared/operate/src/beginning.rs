//! The beginning of a stored delivery: what a list needs, without the headers and the body.
//!
//! It stands before them in the object, which is a part of the stored form: a list reads the first
//! bytes of an object and no more.

use hookdock_pipeline::delivery::stored::{StoredDelivery, StoredEvent, StoredItem};
use hookdock_pipeline::model::names::{BodyDigest, DeliveryId, EndpointId, EventKey, TenantId};
use jiff::Timestamp;
use serde::Deserialize;

/// How many bytes are read at first, and how many if these are not enough. Names of events are
/// short; many items in one body are not.
pub(crate) const FIRST_BYTES: [usize; 2] = [2 << 10, 16 << 10];

/// What ends the beginning. A quote inside of a JSON text is escaped, so this is never in one.
const END: &[u8] = b",\"provider_timestamp\":";

/// The beginning of a stored delivery.
#[derive(Debug, Clone, Deserialize)]
pub struct Beginning {
    /// Our id for the delivery.
    pub delivery_id: DeliveryId,
    /// The endpoint it was sent to.
    pub endpoint: EndpointId,
    /// The provider's id in the catalogue.
    pub provider: String,
    /// Whose event it is.
    pub tenant: Option<TenantId>,
    /// The event, or the request where there are several.
    pub event: StoredEvent,
    /// The items of a body that carries several events.
    #[serde(default)]
    pub items: Vec<StoredItem>,
    /// The kind of work that was to be done at once.
    #[serde(default)]
    pub direct: Option<String>,
    /// When it came in.
    pub received_at: Timestamp,
    /// The digest of its body.
    pub sha256: BodyDigest,
}

impl Beginning {
    /// What the first bytes of an object say. `None`: they end too early, or are no delivery.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(END.len()).position(|window| window == END)?;
        let mut object = bytes.get(..end)?.to_vec();
        object.push(b'}');
        serde_json::from_slice(&object).ok()
    }

    /// The same of a delivery that was read whole.
    #[must_use]
    pub fn of(stored: &StoredDelivery<'_>) -> Self {
        Self {
            delivery_id: stored.delivery_id.clone(),
            endpoint: stored.endpoint.clone(),
            provider: stored.provider.to_string(),
            tenant: stored.tenant.clone(),
            event: stored.event.clone(),
            items: stored.items.clone(),
            direct: stored.direct.as_deref().map(str::to_owned),
            received_at: stored.received_at,
            sha256: stored.sha256.clone(),
        }
    }

    /// The keys of its events, and the digests of what they are.
    pub(crate) fn digests(&self) -> Vec<(&EventKey, &BodyDigest)> {
        match &self.items[..] {
            [] => vec![(&self.event.key, &self.sha256)],
            items => items.iter().map(|item| (&item.event.key, &item.item.sha256)).collect(),
        }
    }

    /// The events: the items, or the one that the whole body is.
    pub(crate) fn events(&self) -> Vec<(&StoredEvent, Option<&TenantId>)> {
        match &self.items[..] {
            [] => vec![(&self.event, self.tenant.as_ref())],
            items => items.iter().map(|item| (&item.event, item.tenant.as_ref())).collect(),
        }
    }
}

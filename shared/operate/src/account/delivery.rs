//! A stored delivery, as it is answered.

use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::ledger::EventRecord;
use hookdock_pipeline::model::names::BodyDigest;
use hookdock_pipeline::model::port_error::chain;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::trouble::{Code, Trouble};

/// A stored delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Received {
    /// Our id for it.
    pub id: String,
    /// When it came in.
    pub received_at: Timestamp,
    /// When the provider says it sent it.
    pub provider_timestamp: Option<Timestamp>,
    /// How it was verified.
    pub scheme: String,
    /// The name of the secret that matched.
    pub secret_id: String,
    /// How long its body is.
    pub body_bytes: usize,
    /// The digest of its body.
    pub sha256: String,
    /// The stored object.
    pub object: String,
    /// Whether the body is another than the one that was received.
    pub altered: bool,
    /// The kind of work that was to be done with it at once, at a direct endpoint.
    pub direct: Option<String>,
    /// The events of a request that carries several; each has an account of its own.
    pub events: Vec<ItemAccount>,
}

/// One event of several in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ItemAccount {
    /// The event key.
    pub event_key: String,
    /// The provider's id.
    pub id: Option<String>,
    /// The provider's name for what happened.
    pub event_type: Option<String>,
}

impl Received {
    /// A stored delivery in its object, and what the ledger says of its event.
    pub(crate) fn of(
        stored: &[u8],
        object: &ObjectKey,
        record: Option<&EventRecord>,
    ) -> Result<Self, Trouble> {
        let stored = &parse(stored)?;
        let body = stored.body_bytes().map_err(|error| unreadable(&error))?;
        Ok(Self {
            id: stored.delivery_id.to_string(),
            received_at: stored.received_at,
            provider_timestamp: stored.provider_timestamp,
            scheme: stored.verification.scheme.to_string(),
            secret_id: stored.verification.secret_id.to_string(),
            body_bytes: body.len(),
            sha256: stored.sha256.to_string(),
            object: object.to_string(),
            altered: is_altered(stored, &body, record),
            direct: stored.direct.as_deref().map(str::to_owned),
            events: ItemAccount::of(stored),
        })
    }
}

impl ItemAccount {
    /// One alone is the delivery's event.
    fn of(stored: &StoredDelivery<'_>) -> Vec<Self> {
        let several = stored.items.iter().filter(|_| stored.items.len() > 1);
        several
            .map(|item| Self {
                event_key: item.event.key.to_string(),
                id: item.event.id.as_ref().map(ToString::to_string),
                event_type: item.event.event_type.as_ref().map(ToString::to_string),
            })
            .collect()
    }
}

/// Whether the body is another, or the item that the ledger has recorded.
fn is_altered(stored: &StoredDelivery<'_>, body: &[u8], record: Option<&EventRecord>) -> bool {
    let item = record.filter(|record| record.first_delivery == stored.delivery_id);
    let item = item.and_then(|record| {
        let own = stored.items.iter().find(|item| item.event.key == record.event_key)?;
        Some(own.item.sha256 != record.sha256)
    });
    BodyDigest::of(body) != *recorded_digest(stored, record) || item.unwrap_or_default()
}

/// The ledger has a digest of its own for the body of an event's first delivery.
fn recorded_digest<'a>(
    stored: &'a StoredDelivery<'_>,
    record: Option<&'a EventRecord>,
) -> &'a BodyDigest {
    let is_whole = stored.items.is_empty();
    let own = record.filter(|record| is_whole && record.first_delivery == stored.delivery_id);
    own.map_or(&stored.sha256, |record| &record.sha256)
}

/// A stored delivery that was read.
pub(crate) fn parse(stored: &[u8]) -> Result<StoredDelivery<'_>, Trouble> {
    StoredDelivery::parse(stored).map_err(|error| unreadable(&error))
}

pub(crate) fn unreadable(error: &(dyn std::error::Error + 'static)) -> Trouble {
    Trouble::new(Code::Altered, "the stored delivery cannot be read", chain(error))
}

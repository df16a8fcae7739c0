//! A stored delivery, as the account shows it.

use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::ledger::EventRecord;
use hookdock_pipeline::model::names::BodyDigest;
use jiff::Timestamp;
use serde::Serialize;

/// A stored delivery.
#[derive(Debug, Serialize)]
pub(super) struct Received {
    pub(super) id: String,
    pub(super) received_at: Timestamp,
    pub(super) provider_timestamp: Option<Timestamp>,
    pub(super) scheme: String,
    pub(super) secret_id: String,
    pub(super) body_bytes: usize,
    pub(super) sha256: String,
    pub(super) object: String,
    /// Whether the body is another than the one that was received.
    pub(super) altered: bool,
    /// The kind of work that was to be done with it at once, at a direct endpoint.
    pub(super) direct: Option<String>,
    /// The events of a request that carries several; each has an account of its own.
    pub(super) events: Vec<ItemAccount>,
}

/// One event of several in a request.
#[derive(Debug, Serialize)]
pub(super) struct ItemAccount {
    pub(super) event_key: String,
    pub(super) id: Option<String>,
    pub(super) event_type: Option<String>,
}

impl Received {
    /// A stored delivery and where it is, and what the ledger says of its event.
    pub(super) fn of(
        stored: &[u8],
        object: String,
        record: Option<&EventRecord>,
    ) -> anyhow::Result<Self> {
        let stored = &StoredDelivery::parse(stored)?;
        let body = stored.body_bytes()?;
        Ok(Self {
            id: stored.delivery_id.to_string(),
            received_at: stored.received_at,
            provider_timestamp: stored.provider_timestamp,
            scheme: stored.verification.scheme.to_string(),
            secret_id: stored.verification.secret_id.to_string(),
            body_bytes: body.len(),
            sha256: stored.sha256.to_string(),
            object,
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

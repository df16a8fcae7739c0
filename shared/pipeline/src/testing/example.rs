//! An event to try a job on, as if it had been verified and stored.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use derive_more::Debug;
use hookdock_signature::{EpochMillis, Provider, catalog};

use crate::delivery::identity::KeySource;
use crate::delivery::object_key::ObjectKey;
use crate::delivery::part::Part;
use crate::delivery::reference::Reference;
use crate::delivery::stored::{StoredDelivery, StoredEvent, Verification, encode};
use crate::model::millis::timestamp;
use crate::model::names::{BodyDigest, DeliveryId, EndpointId, EventId, EventKey, EventType};
use crate::model::versioned::Versioned;

/// When every example comes in: 2027-01-15T08:00:00Z.
pub(super) const RECEIVED_AT: EpochMillis = EpochMillis::new(1_800_000_000_000);

/// An event to try a job on.
///
/// ```
/// use hookdock_pipeline::testing::Example;
///
/// let paid = Example::of("stripe", "invoice.paid", r#"{"id": "evt_1"}"#)
///     .at("shop-berlin")
///     .id("evt_1")
///     .header("Stripe-Version", "2026-10-01");
/// # drop(paid);
/// ```
#[derive(Clone, Debug)]
// The body may have been taken from life.
#[debug("Example({endpoint}, {event_type}, body_bytes: {})", body.len())]
pub struct Example {
    endpoint: EndpointId,
    provider: String,
    event_id: Option<EventId>,
    event_type: EventType,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Example {
    /// An event of that provider and type with this body. Its endpoint is called like the
    /// provider.
    ///
    /// # Panics
    ///
    /// A name does not fit its grammar.
    #[must_use]
    pub fn of(provider: &str, event_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            endpoint: literal(provider),
            provider: provider.to_owned(),
            event_id: None,
            event_type: literal(event_type),
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// The same event at another endpoint.
    ///
    /// # Panics
    ///
    /// The name does not fit the grammar of an endpoint's.
    #[must_use]
    pub fn at(self, endpoint: &str) -> Self {
        Self { endpoint: literal(endpoint), ..self }
    }

    /// The same event with this id of its provider.
    ///
    /// # Panics
    ///
    /// The id is not printable.
    #[must_use]
    pub fn id(self, id: &str) -> Self {
        Self { event_id: Some(literal(id)), ..self }
    }

    /// The same event with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The reference to the stored event.
    pub(super) fn reference(&self) -> Reference {
        let stored = self.stored();
        let object = ObjectKey::of(&self.endpoint, &stored.delivery_id, RECEIVED_AT);
        Reference::of(&stored, Part::Whole, object)
    }

    /// The stored event.
    #[expect(clippy::expect_used, reason = "texts and numbers can be written as JSON")]
    pub(super) fn object(&self) -> Bytes {
        serde_json::to_vec(&self.stored()).expect("an example can be stored").into()
    }

    fn stored(&self) -> StoredDelivery<'_> {
        let (body_encoding, body) = encode(&self.body);
        let provider = catalog::find(&self.provider);
        StoredDelivery {
            version: StoredDelivery::NEWEST,
            delivery_id: DeliveryId::new(RECEIVED_AT, 0),
            endpoint: self.endpoint.clone(),
            provider: self.provider.as_str().into(),
            tenant: None,
            event: StoredEvent {
                key: EventKey::of(&[&self.body]),
                key_source: KeySource::Body,
                id: self.event_id.clone(),
                event_type: Some(self.event_type.clone()),
                flags: Vec::new(),
            },
            items: Vec::new(),
            received_at: timestamp(RECEIVED_AT),
            provider_timestamp: None,
            verification: Verification {
                scheme: "example".into(),
                secret_id: "example".into(),
                tolerance_seconds: None,
                weakness: provider.as_ref().and_then(Provider::weakness),
                class: provider.as_ref().and_then(Provider::class),
            },
            method: "POST".into(),
            url: Cow::Owned(format!("https://hooks.example/webhooks/{}", self.endpoint)),
            headers: self.headers.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            body_encoding,
            body,
            sent_body: None,
            sha256: BodyDigest::of(&self.body),
            trace: None,
            direct: None,
        }
    }
}

#[expect(clippy::expect_used, reason = "an example is written down in a test")]
fn literal<T: std::str::FromStr<Err: fmt::Debug>>(text: &str) -> T {
    text.parse().expect("an example has valid names")
}

//! A verified delivery made ready for the archive and the queue.

use std::fmt;

use bytes::Bytes;
use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};

use crate::contents::Contents;
use crate::delivery::VerifiedDelivery;
use crate::names::{DeliveryId, EndpointId, EventKey};
use crate::reference::Reference;
use crate::stored::{StoredDelivery, timestamp};

/// The name of a stored object: `deliveries/{endpoint}/{yyyy}/{mm}/{dd}/{hh}/{delivery id}.json`,
/// or, at a direct endpoint, `direct/{endpoint}/{event key}.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// The name for a delivery. All its parts are ours; nothing a sender wrote is in it.
    #[must_use]
    pub fn of(endpoint: &EndpointId, id: &DeliveryId, received_at: EpochMillis) -> Self {
        let hour = timestamp(received_at).strftime("%Y/%m/%d/%H");
        Self(format!("deliveries/{endpoint}/{hour}/{id}.json"))
    }

    /// The name for the first delivery of an event, at a direct endpoint. All that carry it share
    /// the name; the key is a digest that we made.
    #[must_use]
    pub fn direct(endpoint: &EndpointId, event: &EventKey) -> Self {
        Self(format!("direct/{endpoint}/{event}.json"))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is written for one verified delivery: the object, and the reference to it.
#[derive(Clone)]
pub struct SealedDelivery {
    object: Bytes,
    message: String,
    reference: Reference,
    trace: Option<String>,
}

impl fmt::Debug for SealedDelivery {
    /// The object holds what a sender wrote, and stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedDelivery")
            .field("reference", &self.reference)
            .field("object_bytes", &self.object.len())
            .finish_non_exhaustive()
    }
}

impl SealedDelivery {
    /// Seals a delivery. There is no other way to make one.
    ///
    /// # Errors
    ///
    /// The stored form cannot be written, which no delivery is known to cause; it must end in a
    /// refusal all the same, never in an empty object.
    pub fn of(delivery: &VerifiedDelivery) -> Result<Self, serde_json::Error> {
        let raw = delivery.raw();
        let contents = Contents::of(delivery);
        let object = serde_json::to_vec(&StoredDelivery::of(delivery, &contents))?.into();
        let Contents { part, identity, body, .. } = contents;
        let object_key = match delivery.endpoint().direct() {
            Some(_) => ObjectKey::direct(&raw.endpoint, &identity.key),
            None => ObjectKey::of(&raw.endpoint, &raw.id, raw.received_at),
        };
        let reference = Reference {
            version: Reference::version_for(&part),
            generation: 0,
            job: None,
            part,
            delivery_id: raw.id.clone(),
            endpoint: raw.endpoint.clone(),
            provider: delivery.endpoint().provider().id().to_owned(),
            tenant: identity.tenant,
            event_key: identity.key,
            event_id: identity.id,
            event_type: identity.event_type,
            flags: identity.flags,
            object: object_key,
            sha256: body,
            received_at_ms: raw.received_at.get(),
        };
        let message = reference.to_json()?;
        Ok(Self { object, message, reference, trace: raw.trace.clone() })
    }

    /// The object to store.
    #[must_use]
    pub fn object(&self) -> &Bytes {
        &self.object
    }

    /// The message to queue: the reference, written.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The reference.
    #[must_use]
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The reference, when the rest is stored and queued.
    #[must_use]
    pub fn into_reference(self) -> Reference {
        self.reference
    }

    /// The trace to pass on.
    #[must_use]
    pub fn trace(&self) -> Option<&str> {
        self.trace.as_deref()
    }
}

//! The reference to a delivery that travels through the queue.

use serde::{Deserialize, Serialize};

use crate::delivery::identity::Flag;
use crate::delivery::object_key::ObjectKey;
use crate::delivery::part::Part;
use crate::delivery::stored::{StoredDelivery, StoredItem};
use crate::model::names::{
    BodyDigest, DeliveryId, EndpointId, EventId, EventKey, EventType, JobName, TenantId,
};
use crate::model::restart::Restart;
use crate::model::versioned;
use crate::model::versioned::{Unreadable, Versioned};

/// Where a delivery is and what is known of it, in under 2 KB of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The version of this form.
    pub version: u32,
    /// What tells a message that is a reference from one that holds a delivery.
    pub kind: MessageKind,
    /// How often the event was set going again by hand: 0 from ingest, one more in each dead
    /// letter, so that a dead letter that is moved back runs again.
    pub generation: u32,
    /// The only job that is to run, in a dead letter; all that match otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobName>,
    /// How a person has set the event going again, where it is not to go on as it would by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restart>,
    /// What of the delivery it is about.
    #[serde(default, skip_serializing_if = "Part::is_whole")]
    pub part: Part,
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The endpoint it was sent to.
    pub endpoint: EndpointId,
    /// The provider's id in the catalogue.
    pub provider: String,
    /// Whose event it is.
    pub tenant: Option<TenantId>,
    /// What makes it the same event again.
    pub event_key: EventKey,
    /// The provider's id for the event.
    pub event_id: Option<EventId>,
    /// The provider's name for what happened.
    pub event_type: Option<EventType>,
    /// What is odd about it.
    pub flags: Vec<Flag>,
    /// The stored object: the delivery, or the pack that it is in.
    pub object: ObjectKey,
    /// The digest of the body's bytes.
    pub sha256: BodyDigest,
    /// The length of the body as it is stored.
    pub stored_bytes: u64,
    /// When it came in, milliseconds since the epoch.
    pub received_at_ms: i64,
}

/// What a message of the queue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// A reference to a delivery that is stored.
    Reference,
    /// The delivery itself.
    Delivery,
}

impl Reference {
    /// The version that this code writes. It reads no other.
    pub const VERSION: u32 = 1;

    /// The reference to a part of a stored delivery, as ingest sends it.
    #[must_use]
    pub fn of(stored: &StoredDelivery<'_>, part: Part, object: ObjectKey) -> Self {
        Self {
            version: Self::VERSION,
            kind: MessageKind::Reference,
            generation: 0,
            job: None,
            restart: None,
            part,
            delivery_id: stored.delivery_id.clone(),
            endpoint: stored.endpoint.clone(),
            provider: stored.provider.to_string(),
            tenant: stored.tenant.clone(),
            event_key: stored.event.key.clone(),
            event_id: stored.event.id.clone(),
            event_type: stored.event.event_type.clone(),
            flags: stored.event.flags.clone(),
            object,
            sha256: stored.sha256.clone(),
            stored_bytes: stored.body.len() as u64,
            received_at_ms: stored.received_at.as_millisecond(),
        }
    }

    /// The reference to one item of the delivery that this one points to.
    #[must_use]
    pub fn to_item(&self, stored: StoredItem) -> Self {
        let StoredItem { item, tenant, event } = stored;
        Self {
            part: Part::Item(item),
            tenant,
            event_key: event.key,
            event_id: event.id,
            event_type: event.event_type,
            flags: event.flags,
            ..self.clone()
        }
    }

    /// Reads a reference.
    ///
    /// # Errors
    ///
    /// The text is not one, or it is of a version that this code does not know.
    pub fn parse(json: &str) -> Result<Self, Unreadable> {
        versioned::read(json.as_bytes())
    }

    /// What a person sees of it in the queue's console, beside the message.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let event_type = self.event_type.as_ref().map(|name| ("event_type", name.as_str()));
        [("endpoint", self.endpoint.as_str())].into_iter().chain(event_type)
    }

    /// The digest of the bytes that the event is: those of the item, or of the body.
    #[must_use]
    pub fn event_sha256(&self) -> &BodyDigest {
        match &self.part {
            Part::Item(item) => &item.sha256,
            Part::Whole | Part::Batch(_) => &self.sha256,
        }
    }

    /// The written form.
    ///
    /// # Errors
    ///
    /// It cannot be written, which no reference is known to cause.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

impl Versioned for Reference {
    const NEWEST: u32 = Self::VERSION;

    fn version(&self) -> u32 {
        self.version
    }
}

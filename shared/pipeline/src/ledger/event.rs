//! Events, as recorded.

use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};

use crate::delivery::identity::{Flag, IgnoreCause};
use crate::delivery::object_key::ObjectKey;
use crate::delivery::reference::Reference;
use crate::ledger::run::{RECORD_LIFE, Run};
use crate::model::names::{
    BodyDigest, DeliveryId, EndpointId, EventId, EventKey, EventType, JobName, TenantId,
};

/// One event: an endpoint and an event key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventRef {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// The event key.
    pub key: EventKey,
}

/// A delivery that carried an event, to be recorded.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// The event.
    pub event: EventRef,
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The provider's id in the catalogue.
    pub provider: String,
    /// Whose event it is.
    pub tenant: Option<TenantId>,
    /// The provider's id for the event.
    pub event_id: Option<EventId>,
    /// The provider's name for what happened.
    pub event_type: Option<EventType>,
    /// What is odd about it.
    pub flags: Vec<Flag>,
    /// The digest of the event's bytes: the body, or an item of it.
    pub sha256: BodyDigest,
    /// When the delivery came in.
    pub received_at: EpochMillis,
    /// The pack that the delivery is in, if it came in its message.
    pub pack: Option<ObjectKey>,
    /// The jobs that are about to run for it.
    pub jobs: Vec<JobName>,
    /// Why it has no run, if it has none.
    pub ignored: Option<IgnoreCause>,
    /// When this was recorded.
    pub seen_at: EpochMillis,
}

/// What is known of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// The event.
    pub event: EventRef,
    /// How many deliveries carried it: the provider's retries, never added to our attempts.
    pub deliveries: u64,
    /// The first delivery that a job ran for; as long as none has, the latest.
    pub first_delivery: DeliveryId,
    /// The provider's id in the catalogue.
    pub provider: String,
    /// Whose event it is.
    pub tenant: Option<TenantId>,
    /// The provider's id for the event.
    pub event_id: Option<EventId>,
    /// The provider's name for what happened.
    pub event_type: Option<EventType>,
    /// What is odd about it.
    pub flags: Vec<Flag>,
    /// The digest of that delivery's body.
    pub sha256: BodyDigest,
    /// Deliveries that carried it with another body: the provider changed its
    /// mind, counts its tries in the body, or gave one id to two events. They are stored, and
    /// never run.
    pub conflicts: Vec<DeliveryId>,
    /// Where its deliveries are that came in their messages.
    pub packed: Vec<Packed>,
    /// When that delivery came in.
    pub received_at: EpochMillis,
    /// Every job that ever ran for it, or was about to: what has to end before its message may
    /// be deleted, whatever is registered now.
    pub jobs: Vec<JobName>,
    /// Why it has no run, if it has none.
    pub ignored: Option<IgnoreCause>,
}

/// Where a delivery is that came in its message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The pack that it is in.
    pub object: ObjectKey,
}

/// An event and all its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The event.
    pub event: EventRecord,
    /// Its runs, in the order of their jobs' names.
    pub runs: Vec<Run>,
}

impl Sighting {
    /// The sighting of the delivery that a reference points to.
    #[must_use]
    pub fn of(
        reference: &Reference,
        jobs: Vec<JobName>,
        ignored: Option<IgnoreCause>,
        seen_at: EpochMillis,
    ) -> Self {
        Self {
            event: EventRef::of(reference),
            delivery_id: reference.delivery_id.clone(),
            provider: reference.provider.clone(),
            tenant: reference.tenant.clone(),
            event_id: reference.event_id.clone(),
            event_type: reference.event_type.clone(),
            flags: reference.flags.clone(),
            sha256: reference.event_sha256().clone(),
            received_at: EpochMillis::new(reference.received_at_ms),
            pack: reference.object.is_pack().then(|| reference.object.clone()),
            jobs,
            ignored,
            seen_at,
        }
    }
}

impl Sighting {
    /// Where the delivery is, if it came in its message.
    #[must_use]
    pub fn packed(&self) -> Option<Packed> {
        let object = self.pack.clone()?;
        Some(Packed { delivery_id: self.delivery_id.clone(), object })
    }

    /// When the event's record may be cleaned up, if this is the last that is seen of it.
    #[must_use]
    pub fn expires_at(&self) -> EpochMillis {
        self.seen_at.plus(RECORD_LIFE)
    }
}

impl EventRecord {
    /// The pack that the delivery is in, if it came in its message.
    #[must_use]
    pub fn pack_of(&self, delivery: &DeliveryId) -> Option<&ObjectKey> {
        let packed = self.packed.iter().find(|packed| packed.delivery_id == *delivery);
        packed.map(|packed| &packed.object)
    }
}

impl EventRef {
    /// The event a reference is about.
    #[must_use]
    pub fn of(reference: &Reference) -> Self {
        Self { endpoint: reference.endpoint.clone(), key: reference.event_key.clone() }
    }
}

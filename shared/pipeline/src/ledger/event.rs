//! Events, as recorded.

use std::time::Duration;

use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};

use crate::delivery::identity::{Flag, IgnoreCause};
use crate::delivery::object_key::ObjectKey;
use crate::delivery::reference::Reference;
use crate::ledger::stored::{RECORD_LIFE, VERSION};
use crate::model::names::{
    BodyDigest, DeliveryId, EndpointId, EventId, EventKey, EventType, JobName, TenantId,
};
use crate::model::versioned::Unreadable;

/// More than the clocks of two workers differ.
const CLOCKS_DIFFER: Duration = Duration::from_secs(10);

/// One event: an endpoint and an event key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventRef {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// The event key.
    #[serde(rename = "event_key")]
    pub key: EventKey,
}

/// A delivery that carried an event, to be recorded.
#[derive(Debug, Clone)]
pub struct DeliveryRecord {
    /// The delivery, and the event as it tells it.
    pub reference: Reference,
    /// The jobs that are about to run for it.
    pub jobs: Vec<JobName>,
    /// Why it has no run, if it has none.
    pub ignored: Option<IgnoreCause>,
    /// When this was recorded.
    pub recorded_at: EpochMillis,
}

/// What the record of an event says of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// How the delivery stands to those that carried the event before.
    pub dedupe: Dedupe,
    /// Every job that ever ran for the event, or was about to.
    pub jobs: Vec<JobName>,
}

/// How a delivery stands to those that carried its event before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dedupe {
    /// It is the first of its event, or stands for it because nothing has run so far.
    First,
    /// It carries what the first carried.
    Repeat,
    /// It carries something else under the same id, or the same under another type, and never runs.
    Conflict {
        /// The first delivery.
        first: DeliveryId,
    },
}

/// Where a delivery is that came in its message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The pack that it is in.
    pub object: ObjectKey,
}

impl DeliveryRecord {
    /// Where the delivery is, if it came in its message.
    #[must_use]
    pub fn packed(&self) -> Option<Packed> {
        let Reference { delivery_id, object, .. } = &self.reference;
        let packed = || Packed { delivery_id: delivery_id.clone(), object: object.clone() };
        object.is_pack().then(packed)
    }

    /// When the event's record may be cleaned up, if this is its last delivery.
    #[must_use]
    pub fn expires_at(&self) -> EpochMillis {
        self.recorded_at.plus(RECORD_LIFE)
    }
}

impl EventRef {
    /// The event a reference is about.
    #[must_use]
    pub fn of(reference: &Reference) -> Self {
        Self { endpoint: reference.endpoint.clone(), key: reference.event_key.clone() }
    }
}

/// What is known of an event, as it is stored. Times are milliseconds since the epoch, but for `expires_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRecord {
    /// The version of this form.
    pub version: u32,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// The event key.
    pub event_key: EventKey,
    /// How many deliveries carried the event.
    pub deliveries: u64,
    /// The first delivery that a job ran for; as long as none has, the latest.
    pub first_delivery: DeliveryId,
    /// The provider's id in the catalogue.
    pub provider: String,
    /// Whose event it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// The provider's id for the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<EventId>,
    /// The provider's name for what happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<EventType>,
    /// What is odd about it.
    #[serde(default)]
    pub flags: Vec<Flag>,
    /// The digest of that delivery's body.
    pub sha256: BodyDigest,
    /// Deliveries that carried the event with another body, or under another type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<DeliveryId>,
    /// Where its deliveries are that came in their messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packed: Vec<Packed>,
    /// When that delivery came in.
    pub received_at_ms: i64,
    /// The jobs that ever ran for the event, or were about to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<JobName>,
    /// Why the event has no run, if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<IgnoreCause>,
    /// When the record may be cleaned up, in seconds since the epoch.
    pub expires_at: i64,
}

impl From<&DeliveryRecord> for EventRecord {
    /// The record of an event that is seen for the first time.
    fn from(delivery: &DeliveryRecord) -> Self {
        let reference = &delivery.reference;
        Self {
            version: VERSION,
            endpoint: reference.endpoint.clone(),
            event_key: reference.event_key.clone(),
            deliveries: 1,
            first_delivery: reference.delivery_id.clone(),
            provider: reference.provider.clone(),
            tenant: reference.tenant.clone(),
            event_id: reference.event_id.clone(),
            event_type: reference.event_type.clone(),
            flags: reference.flags.clone(),
            sha256: reference.event_sha256().clone(),
            conflicts: Vec::new(),
            packed: delivery.packed().into_iter().collect(),
            received_at_ms: reference.received_at_ms,
            jobs: delivery.jobs.clone(),
            ignored: delivery.ignored,
            expires_at: delivery.expires_at().to_seconds().get(),
        }
    }
}

impl EventRecord {
    /// How many conflicting deliveries are named; more are only counted among the deliveries.
    pub const CONFLICTS_KEPT: usize = 10;

    /// Of how many deliveries the packs are named; the others are found by the packs' names.
    pub const PACKED_KEPT: usize = 100;

    /// The record, unless another version wrote it.
    ///
    /// # Errors
    ///
    /// Another version did.
    pub fn known(self) -> Result<Self, Unreadable> {
        match self.version {
            VERSION => Ok(self),
            version => Err(Unreadable::Version(version)),
        }
    }

    /// The event.
    #[must_use]
    pub fn event(&self) -> EventRef {
        EventRef { endpoint: self.endpoint.clone(), key: self.event_key.clone() }
    }

    /// What it says of a delivery that is in it.
    #[must_use]
    pub fn says_of(&self, delivery: &DeliveryRecord) -> Recorded {
        let reference = &delivery.reference;
        let dedupe = if self.is_conflict(reference) {
            Dedupe::Conflict { first: self.first_delivery.clone() }
        } else if self.first_delivery == reference.delivery_id {
            Dedupe::First
        } else {
            Dedupe::Repeat
        };
        Recorded { dedupe, jobs: self.jobs.clone() }
    }

    /// The record after one more delivery carried the event.
    #[must_use]
    pub fn with_delivery(mut self, delivery: &DeliveryRecord) -> Self {
        self.deliveries = self.deliveries.saturating_add(1);
        if self.packed.len() < Self::PACKED_KEPT {
            self.packed.extend(delivery.packed());
        }
        let reference = &delivery.reference;
        if self.ignored.is_some() && !self.is_retyped(reference) {
            return self.with_repeat(delivery);
        }
        self.jobs.extend(self.unrecorded_jobs(delivery));
        self.expires_at = delivery.expires_at().to_seconds().get();
        if self.is_conflict(reference) && self.conflicts.len() < Self::CONFLICTS_KEPT {
            self.conflicts.push(reference.delivery_id.clone());
        }
        self
    }

    /// The record after a delivery came by that it has counted. As long as nothing has run for the
    /// event, the delivery replaces the first one: there may be a job for it by now. A write that
    /// arrives late does not, for its worker may be long dead and the message deleted. Nor does the
    /// same body under another type: somebody may have recorded it, and written the type.
    #[must_use]
    pub fn with_repeat(mut self, delivery: &DeliveryRecord) -> Self {
        match self.ignored {
            Some(_) if self.is_newer_than(delivery) || self.is_retyped(&delivery.reference) => self,
            Some(_) => {
                let Self { deliveries, packed, conflicts, .. } = self;
                Self { deliveries, packed, conflicts, ..Self::from(delivery) }
            }
            None => {
                self.jobs.extend(self.unrecorded_jobs(delivery));
                self
            }
        }
    }

    /// Whether the delivery carries something else than the first.
    fn is_conflict(&self, reference: &Reference) -> bool {
        self.sha256 != *reference.event_sha256() || self.event_type != reference.event_type
    }

    /// Whether the delivery carries the same bytes as the first under another type.
    fn is_retyped(&self, reference: &Reference) -> bool {
        self.sha256 == *reference.event_sha256() && self.event_type != reference.event_type
    }

    /// Whether it was written after the delivery was to be recorded, by more than clocks differ.
    fn is_newer_than(&self, delivery: &DeliveryRecord) -> bool {
        delivery.expires_at().plus(CLOCKS_DIFFER).to_seconds().get() < self.expires_at
    }

    /// The jobs that are about to run and are not on the record yet. For a conflict, none runs.
    #[must_use]
    pub fn unrecorded_jobs(&self, delivery: &DeliveryRecord) -> Vec<JobName> {
        if self.is_conflict(&delivery.reference) {
            return Vec::new();
        }
        delivery.jobs.iter().filter(|job| !self.jobs.contains(job)).cloned().collect()
    }

    /// The pack that the delivery is in, if it came in its message.
    #[must_use]
    pub fn pack_of(&self, delivery: &DeliveryId) -> Option<&ObjectKey> {
        let packed = self.packed.iter().find(|packed| packed.delivery_id == *delivery);
        packed.map(|packed| &packed.object)
    }
}

//! Events, as recorded.

use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};

use crate::delivery::identity::IgnoreCause;
use crate::delivery::object_key::ObjectKey;
use crate::delivery::reference::Reference;
use crate::ledger::item::EventRecord;
use crate::ledger::run::{RECORD_LIFE, Run};
use crate::model::names::{DeliveryId, EndpointId, EventKey, JobName};

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
    /// It carries something else under the same id, and never runs.
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

/// An event and all its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The event.
    pub event: EventRecord,
    /// Its runs, in the order of their jobs' names.
    pub runs: Vec<Run>,
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

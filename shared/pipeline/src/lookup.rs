//! A stored delivery, read by its name or by its id; and what a message of the queue is about.

use bytes::Bytes;
use serde::Deserialize;

use crate::delivery::message::Message;
use crate::delivery::object_key::ObjectKey;
use crate::ledger::EventRef;
use crate::model::names::{DeliveryId, EndpointId};
use crate::model::port_error::PortError;
use crate::ports::{Deliveries, Packs};

/// Reads a stored delivery out of its object. `None`: the object, or the line in it, is missing.
///
/// # Errors
///
/// The object cannot be read.
pub async fn read(
    deliveries: &impl Deliveries,
    object: &ObjectKey,
    id: &DeliveryId,
) -> Result<Option<Bytes>, PortError> {
    let Some(bytes) = deliveries.read(object).await? else {
        return Ok(None);
    };
    Ok(if object.is_pack() { line(&bytes, id) } else { Some(bytes) })
}

/// Looks for a delivery of which nothing but the id is known, and returns it with the object that
/// it is in. `None`: it is not stored, or still in its message.
///
/// # Errors
///
/// An object cannot be read, or the names of the packs cannot.
pub async fn find<D: Deliveries + Packs>(
    deliveries: &D,
    endpoint: &EndpointId,
    id: &DeliveryId,
) -> Result<Option<(ObjectKey, Bytes)>, PortError> {
    let own = ObjectKey::of(endpoint, id, id.received_at());
    if let Some(object) = deliveries.read(&own).await? {
        return Ok(Some((own, object)));
    }
    let packs = deliveries.packs(&ObjectKey::packs_of_hour(id)).await?;
    for pack in packs.into_iter().filter(|pack| pack.may_hold(id)) {
        if let Some(found) = read(deliveries, &pack, id).await?
            && Line::parse(&found).is_some_and(|line| line.endpoint == *endpoint)
        {
            return Ok(Some((pack, found)));
        }
    }
    Ok(None)
}

/// What a message of the queue is about.
#[derive(Debug)]
pub struct Queued {
    /// The event. That of a request with several is the request's own.
    pub event: EventRef,
    /// The delivery.
    pub delivery: DeliveryId,
    /// The delivery's stored form, if it is in the message.
    pub stored: Option<Bytes>,
}

/// What a message of the queue is about. `None`: it cannot be read.
#[must_use]
pub fn queued(message: &str) -> Option<Queued> {
    let message = Message::parse(message).ok()?;
    let (reference, stored) = match &message {
        Message::Reference(reference) => (&**reference, None),
        Message::Inline(inline) => (inline.unpacked(), Some(inline.stored().clone())),
    };
    let delivery = reference.delivery_id.clone();
    Some(Queued { event: EventRef::of(reference), delivery, stored })
}

/// What a line is told from the others by.
#[derive(Deserialize)]
struct Line {
    delivery_id: DeliveryId,
    endpoint: EndpointId,
}

impl Line {
    fn parse(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }
}

fn line(pack: &Bytes, id: &DeliveryId) -> Option<Bytes> {
    let mut lines = pack.split(|byte| *byte == b'\n');
    let found = lines.find(|line| Line::parse(line).is_some_and(|line| line.delivery_id == *id));
    found.map(|line| pack.slice_ref(line))
}

//! Several deliveries in one object, one on each line, so that they share the price of a write.
//!
//! A pack is named after its first and its last delivery, and all of them came in within one
//! hour. Ids sort by the time of receipt, so the names are an index: a delivery is in one of the
//! few packs of its hour between whose two ids its own lies.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;

use crate::fault::PortError;
use crate::inline::Inline;
use crate::names::{DeliveryId, EndpointId};
use crate::ports::{Deliveries, Packs};
use crate::sealed::ObjectKey;

/// An object with several deliveries.
#[derive(Clone)]
pub struct Pack {
    object: ObjectKey,
    deliveries: Vec<DeliveryId>,
    lines: Bytes,
}

impl fmt::Debug for Pack {
    /// What senders wrote stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pack").field("object", &self.object).finish_non_exhaustive()
    }
}

impl Pack {
    /// The packs of these deliveries, one for each hour in which any of them came in. They are of
    /// deliveries that came from the queue, and only sealed ones get there.
    pub(crate) fn all_of(deliveries: &BTreeMap<DeliveryId, Arc<Inline>>) -> Vec<Self> {
        let mut hours: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for delivery in deliveries {
            hours.entry(ObjectKey::packs_of_hour(delivery.0)).or_default().push(delivery);
        }
        hours.into_iter().filter_map(|(hour, deliveries)| Self::of(&hour, &deliveries)).collect()
    }

    fn of(hour: &str, deliveries: &[(&DeliveryId, &Arc<Inline>)]) -> Option<Self> {
        let ((first, _), (last, _)) = (deliveries.first()?, deliveries.last()?);
        let lines = deliveries.iter().flat_map(|(_, inline)| [inline.stored(), &b"\n"[..]]);
        let lines = lines.collect::<Vec<_>>().concat();
        Some(Self {
            object: ObjectKey::of_pack(hour, first, last, &lines),
            deliveries: deliveries.iter().map(|(id, _)| (*id).clone()).collect(),
            lines: lines.into(),
        })
    }

    /// Its name. It follows from the deliveries that are in it: the same pack written again is
    /// the same object, and another one never is.
    #[must_use]
    pub fn object(&self) -> &ObjectKey {
        &self.object
    }

    /// Which deliveries are in it, in order.
    #[must_use]
    pub fn deliveries(&self) -> &[DeliveryId] {
        &self.deliveries
    }

    /// The object to store: JSON Lines.
    #[must_use]
    pub fn lines(&self) -> &Bytes {
        &self.lines
    }
}

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

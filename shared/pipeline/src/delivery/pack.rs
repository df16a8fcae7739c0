//! Several deliveries in one object, one on each line, so that they share the price of a write.
//!
//! A pack is named after its first and its last delivery, and all of them came in within one
//! hour. Ids sort by the time of receipt, so the names are an index: a delivery is in one of the
//! few packs of its hour between whose two ids its own lies.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use derive_more::Debug;
use getset::Getters;

use crate::delivery::message::Inline;
use crate::delivery::object_key::ObjectKey;
use crate::model::names::DeliveryId;

/// An object with several deliveries.
#[derive(Clone, Debug, Getters)]
// What senders wrote stays out of logs.
#[debug("Pack({object})")]
pub struct Pack {
    /// Its name. It follows from the deliveries that are in it: the same pack written again is
    /// the same object, and another one never is.
    #[getset(get = "pub")]
    object: ObjectKey,
    /// Which deliveries are in it, in order.
    #[getset(get = "pub")]
    deliveries: Vec<DeliveryId>,
    /// The object to store: JSON Lines.
    #[getset(get = "pub")]
    lines: Bytes,
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
}

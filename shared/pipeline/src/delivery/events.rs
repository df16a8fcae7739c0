//! The events that a verified delivery carries: one, or one for each item of its body.

use std::collections::HashMap;

use hookdock_signature::{self as signature, Found, RequestView, SelectError};

use crate::delivery::identity::{Flag, StoredEvent, StoredItem, tenant_of_body};
use crate::delivery::part::{Batch, Item, Part};
use crate::delivery::verified::VerifiedDelivery;
use crate::model::names::{BodyDigest, EventKey, TenantId};

/// The largest number of items that are taken apart. Each is a message of its own, and reads the
/// stored delivery again. Known providers stay well below it.
pub const MOST_ITEMS: usize = 10_000;

/// What a verified delivery carries.
#[derive(Debug)]
pub(crate) struct Contents {
    /// What its reference is about.
    pub(crate) part: Part,
    /// Whose event it is.
    pub(crate) tenant: Option<TenantId>,
    /// The event; of several, the delivery as a whole.
    pub(crate) event: StoredEvent,
    /// The items, if it has any and not too many.
    pub(crate) items: Vec<StoredItem>,
    /// The digest of the body.
    pub(crate) body: BodyDigest,
}

impl Contents {
    /// Reads what a verified delivery carries.
    pub(crate) fn of(delivery: &VerifiedDelivery) -> Self {
        let request = delivery.raw().incoming.request();
        let body = BodyDigest::of(request.body);
        let view = RequestView::of(&request);
        let (tenant, mut event) = StoredEvent::whole(delivery, &view, &body);
        let items = delivery.endpoint().provider().items();
        match items.map(|items| (items.form(), items.find(&view, MOST_ITEMS))) {
            None | Some((_, Ok(None))) => {}
            Some((_, Err(error))) => event.flags.extend(flag(&error, &event.flags)),
            Some((form, Ok(Some(found)))) => {
                let count = found.count;
                let items = read(delivery, form, &body, found);
                return Self::of_items(count, items, (tenant, event), body);
            }
        }
        Self { part: Part::Whole, tenant, event, items: Vec::new(), body }
    }

    fn of_items(
        count: usize,
        items: Vec<StoredItem>,
        (tenant, whole): (Option<TenantId>, StoredEvent),
        body: BodyDigest,
    ) -> Self {
        let flagged = |flags: &[Flag]| StoredEvent { flags: flags.to_vec(), ..whole };
        let (part, tenant, event) = match (count, items.as_slice()) {
            (0, _) => (Part::Whole, tenant, flagged(&[Flag::NoItems])),
            (1, [StoredItem { item, tenant, event }]) => {
                (Part::Item(item.clone()), tenant.clone(), event.clone())
            }
            (_, listed) => {
                let flags: &[Flag] = if listed.is_empty() { &[Flag::TooManyItems] } else { &[] };
                (Part::Batch(Batch { items: count, sent: 0 }), tenant, flagged(flags))
            }
        };
        Self { part, tenant, event, items, body }
    }
}

/// Two items of one request that share an id and nothing else are two events, whatever the
/// provider promises of its ids.
fn read(
    delivery: &VerifiedDelivery,
    form: Option<&str>,
    body: &BodyDigest,
    found: Found<'_>,
) -> Vec<StoredItem> {
    let of_body = tenant_of_body(delivery);
    let mut seen: HashMap<EventKey, BodyDigest> = HashMap::new();
    let only_first = delivery.proof().only_first_item();
    let read = found.items.into_iter().enumerate().map(|(index, found)| {
        let item = item(form, &found);
        let (tenant, mut event) =
            StoredEvent::of_item(delivery, &found, &item, body, of_body.as_ref());
        if only_first && index > 0 {
            // It must not take the key of the event that it says it is.
            event.add_digest(&item.sha256);
            event.flags.push(Flag::Unsigned);
        }
        let first = seen.entry(event.key.clone()).or_insert_with(|| item.sha256.clone());
        if *first != item.sha256 {
            event.add_digest(&item.sha256);
        }
        StoredItem { item, tenant, event }
    });
    read.collect()
}

fn item(form: Option<&str>, found: &signature::Item<'_>) -> Item {
    Item {
        form: form.map(str::to_owned),
        pointer: found.pointer.clone(),
        sha256: BodyDigest::of(&found.bytes),
    }
}

fn flag(error: &SelectError, there: &[Flag]) -> Option<Flag> {
    let not_json = *error == SelectError::BodyNotJson;
    (not_json && !there.contains(&Flag::BodyNotJson)).then_some(Flag::BodyNotJson)
}

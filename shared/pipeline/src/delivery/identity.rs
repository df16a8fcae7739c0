//! Which event a verified delivery carries.

use hookdock_signature::{
    self as signature, RequestView, SelectError, Selected, Selector, Sought, item_at,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::IntoStaticStr;

use crate::delivery::part::Item;
use crate::delivery::verified::VerifiedDelivery;
use crate::endpoint::Expected;
use crate::model::names::{BodyDigest, EventId, EventKey, EventType, TenantId};

/// What the event key was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// The provider's id, which its signature covers.
    SignedId,
    /// The provider's id and the digest of the event's bytes, because the signature does not cover
    /// the id, or because other events share it.
    UnsignedIdAndBody,
    /// The digest of the body alone, and of an item its place; the provider sends no id, or one
    /// that may be new with each try.
    Body,
}

/// Something about a verified delivery that an operator wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The provider names the event inside a JSON body, and the body is not JSON.
    BodyNotJson,
    /// The event id is missing or not printable.
    EventIdMissing,
    /// The event type is missing or not printable.
    EventTypeMissing,
    /// The event type is not on the endpoint's list.
    EventTypeUnknown,
    /// The event type is on the list of types that never run.
    EventTypeIgnored,
    /// The signed body names no tenant.
    TenantMissing,
    /// The signed body names another tenant than the URL, or none; the event is held back.
    TenantMismatch,
    /// The body has a place for several events, and there is none in it.
    NoItems,
    /// The signature covers the first of several events, and this is another.
    Unsigned,
    /// The body carries more events than are taken apart.
    TooManyItems,
    /// Something that later code wrote and this code does not know.
    #[serde(other)]
    Unknown,
}

/// Why an event has no run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum IgnoreCause {
    /// Its type is on the endpoint's ignore list.
    EventTypeIgnored,
    /// Its tenant is in doubt.
    TenantMismatch,
    /// No job matches it.
    NoJob,
    /// The request carries no event.
    NoItems,
    /// The signature of the request does not cover it.
    Unsigned,
}

impl IgnoreCause {
    /// The stable code, as it is recorded.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.into()
    }
}

/// The event a stored delivery carries.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredEvent {
    /// What makes it the same event again.
    pub key: EventKey,
    /// What the key was made of.
    pub key_source: KeySource,
    /// The provider's id for it.
    pub id: Option<EventId>,
    /// The provider's name for what happened.
    #[serde(rename = "type")]
    pub event_type: Option<EventType>,
    /// What is odd about it.
    pub flags: Vec<Flag>,
}

/// One of the events of a stored delivery that carries several.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredItem {
    /// Where it is.
    pub item: Item,
    /// Whose event it is.
    pub tenant: Option<TenantId>,
    /// The event.
    pub event: StoredEvent,
}

impl StoredEvent {
    /// The event of a delivery that is one event as a whole, and whose it is. `body` is the digest
    /// of its body.
    pub(crate) fn whole(
        delivery: &VerifiedDelivery,
        view: &RequestView<'_>,
        body: &BodyDigest,
    ) -> (Option<TenantId>, Self) {
        let mut flags = Vec::new();
        let provider = delivery.endpoint().provider();
        let id = select(provider.event_id(), view, &mut flags);
        let id = event_id(id, provider.event_id_is_unique(), &mut flags);
        // Without a body there is nothing else to tell one event from another.
        let lasts = provider.event_id_is_of_the_event() || delivery.raw().incoming.body.is_empty();
        let event_type = match provider.control(view) {
            Some(control) => {
                Sought::Found(Selected { value: control.event_type().to_owned(), covered: false })
            }
            None => select(provider.event_type(), view, &mut flags),
        };
        let event_type = event_type_of(delivery, event_type, &mut flags);
        let tenant = tenant(delivery, tenant_of_body(delivery), &mut flags);
        let known_by = id.as_ref().filter(|_| lasts);
        let (key, key_source) = key(tenant.as_ref(), known_by, body, &[body.as_bytes()]);
        (tenant, Self { key, key_source, id: id.map(|id| id.text), event_type, flags })
    }

    /// The event of one item of a delivery, whose body names the tenant `of_body`, and whose it is.
    pub(crate) fn of_item(
        delivery: &VerifiedDelivery,
        found: &signature::Item<'_>,
        item: &Item,
        body: &BodyDigest,
        of_body: Option<&TenantId>,
    ) -> (Option<TenantId>, Self) {
        let mut flags = Vec::new();
        let id = event_id(found.id.clone(), found.id_is_unique, &mut flags);
        let event_type = event_type_of(delivery, found.event_type.clone(), &mut flags);
        let from_body = tenant_of_item(delivery, &found.bytes, of_body);
        let tenant = tenant(delivery, from_body, &mut flags);
        // Items without an id may read the same and be two events, so the place counts; and so
        // may those of two requests, so the whole body does.
        let place = [body.as_bytes(), item.pointer.as_bytes()];
        let (key, key_source) = key(tenant.as_ref(), id.as_ref(), &item.sha256, &place);
        (tenant, Self { key, key_source, id: id.map(|id| id.text), event_type, flags })
    }

    /// Makes the digest of the event's bytes a part of its key.
    pub(crate) fn add_digest(&mut self, digest: &BodyDigest) {
        self.key = EventKey::of(&[self.key.as_str().as_bytes(), digest.as_bytes()]);
        self.key_source = KeySource::UnsignedIdAndBody;
    }
}

/// Why an event with these flags never runs, if it does not.
#[must_use]
pub fn ignore_cause(flags: &[Flag]) -> Option<IgnoreCause> {
    flags.iter().find_map(|flag| match flag {
        Flag::EventTypeIgnored => Some(IgnoreCause::EventTypeIgnored),
        Flag::TenantMismatch => Some(IgnoreCause::TenantMismatch),
        Flag::NoItems => Some(IgnoreCause::NoItems),
        Flag::Unsigned => Some(IgnoreCause::Unsigned),
        Flag::BodyNotJson
        | Flag::EventIdMissing
        | Flag::EventTypeMissing
        | Flag::EventTypeUnknown
        | Flag::TenantMissing
        | Flag::TooManyItems
        | Flag::Unknown => None,
    })
}

/// An id, and whether it tells the event from all others by itself.
struct Id {
    text: EventId,
    alone: bool,
}

fn event_id(sought: Sought, unique: bool, flags: &mut Vec<Flag>) -> Option<Id> {
    let id = match sought {
        Sought::Nowhere => return None,
        Sought::Missing => None,
        Sought::Found(selected) => {
            selected.value.parse().ok().map(|text| Id { text, alone: selected.covered && unique })
        }
    };
    if id.is_none() {
        flags.push(Flag::EventIdMissing);
    }
    id
}

fn event_type_of(
    delivery: &VerifiedDelivery,
    sought: Sought,
    flags: &mut Vec<Flag>,
) -> Option<EventType> {
    let event_type: Option<EventType> = match sought {
        Sought::Nowhere => return None,
        Sought::Missing => None,
        Sought::Found(selected) => selected.value.parse().ok(),
    };
    match event_type.as_ref().map(|event_type| delivery.endpoint().expects(event_type)) {
        None => flags.push(Flag::EventTypeMissing),
        Some(Expected::No) => flags.push(Flag::EventTypeUnknown),
        Some(Expected::Ignored) => flags.push(Flag::EventTypeIgnored),
        Some(Expected::Yes) => {}
    }
    event_type
}

fn select(selector: Option<&Selector>, view: &RequestView<'_>, flags: &mut Vec<Flag>) -> Sought {
    let Some(selector) = selector else { return Sought::Nowhere };
    let selected = selector.select_from(view);
    if selected == Err(SelectError::BodyNotJson) && !flags.contains(&Flag::BodyNotJson) {
        flags.push(Flag::BodyNotJson);
    }
    selected.ok().flatten().map_or(Sought::Missing, Sought::Found)
}

/// The tenant that the body names, for all that is in it.
pub(crate) fn tenant_of_body(delivery: &VerifiedDelivery) -> Option<TenantId> {
    let body = &delivery.raw().incoming.body;
    tenant_in(&item_at(body, None, delivery.endpoint().tenant_from()?)?)
}

/// An item may name its own tenant; where it does not, the body does.
fn tenant_of_item(
    delivery: &VerifiedDelivery,
    item: &[u8],
    of_body: Option<&TenantId>,
) -> Option<TenantId> {
    match item_at(item, None, delivery.endpoint().tenant_from()?) {
        Some(json) => tenant_in(&json),
        None => of_body.cloned(),
    }
}

/// Whose event it is, by the URL and by the signed body, which have to agree.
fn tenant(
    delivery: &VerifiedDelivery,
    from_body: Option<TenantId>,
    flags: &mut Vec<Flag>,
) -> Option<TenantId> {
    let from_url = delivery.raw().tenant.clone();
    if delivery.endpoint().tenant_from().is_none() {
        return from_url;
    }
    if from_body.is_none() {
        flags.push(Flag::TenantMissing);
    }
    if from_url.is_some() && from_url != from_body {
        flags.push(Flag::TenantMismatch);
    }
    from_url.or(from_body)
}

/// Only a scalar is built: what else is there may be as large as the body.
fn tenant_in(json: &[u8]) -> Option<TenantId> {
    let scalar = Some(json).filter(|json| !json.starts_with(b"{") && !json.starts_with(b"["))?;
    match serde_json::from_slice(scalar).ok()? {
        Value::String(text) => TenantId::of_value(&text),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

/// The key of an event whose bytes have this digest; `otherwise` tells it from others where it
/// has no id.
fn key(
    tenant: Option<&TenantId>,
    id: Option<&Id>,
    digest: &BodyDigest,
    otherwise: &[&[u8]],
) -> (EventKey, KeySource) {
    let signed = |id| EventKey::of_signed_id(tenant, id);
    let tenant = tenant.map_or("", TenantId::as_str).as_bytes();
    match id {
        Some(Id { text, alone: true }) => (signed(text), KeySource::SignedId),
        // Without the bytes, whoever holds one signed delivery could send it under the id of an
        // event that is still to come, which would then be taken for a duplicate.
        Some(Id { text, alone: false }) => {
            let parts = [tenant, text.as_str().as_bytes(), digest.as_bytes()];
            (EventKey::of(&parts), KeySource::UnsignedIdAndBody)
        }
        None => (EventKey::of(&[&[tenant, b""], otherwise].concat()), KeySource::Body),
    }
}

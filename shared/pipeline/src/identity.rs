//! Which event a verified delivery carries.

use hookdock_signature::{Fields, SelectError, Selected, Selector};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::delivery::VerifiedDelivery;
use crate::endpoint::Expected;
use crate::names::{BodyDigest, EventId, EventKey, EventType, TenantId};

/// What the event key was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// The provider's id, which its signature covers.
    SignedId,
    /// The provider's id and the digest of the body, because the signature covers only the body.
    UnsignedIdAndBody,
    /// The digest of the body alone; the provider sends no id.
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
    /// Something that later code wrote and this code does not know.
    #[serde(other)]
    Unknown,
}

/// Why an event has no run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IgnoreCause {
    /// Its type is on the endpoint's ignore list.
    EventTypeIgnored,
    /// Its tenant is in doubt.
    TenantMismatch,
    /// No job matches it.
    NoJob,
}

/// The event a delivery carries, as far as it can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What makes it the same event again.
    pub key: EventKey,
    /// What the key was made of.
    pub key_source: KeySource,
    /// The provider's id for it.
    pub id: Option<EventId>,
    /// The provider's name for what happened.
    pub event_type: Option<EventType>,
    /// Whose event it is.
    pub tenant: Option<TenantId>,
    /// The digest of the body.
    pub sha256: BodyDigest,
    /// What is odd about it.
    pub flags: Vec<Flag>,
}

impl Identity {
    /// Reads the identity of a verified delivery.
    #[must_use]
    pub fn of(delivery: &VerifiedDelivery) -> Self {
        let mut flags = Vec::new();
        let request = delivery.raw().request();
        let mut fields = Fields::of(&request);
        let provider = delivery.endpoint().provider();
        let sha256 = BodyDigest::of(&delivery.raw().body);
        let id = event_id(provider.event_id(), &mut fields, &mut flags);
        let event_type = event_type(delivery, &mut fields, &mut flags);
        let tenant = tenant(delivery, &mut fields, &mut flags);
        let (key, key_source) = key(tenant.as_ref(), id.as_ref(), &sha256);
        let id = id.map(|(id, _)| id);
        Self { key, key_source, id, event_type, tenant, sha256, flags }
    }
}

/// Why an event with these flags never runs, if it does not.
#[must_use]
pub fn ignore_cause(flags: &[Flag]) -> Option<IgnoreCause> {
    flags.iter().find_map(|flag| match flag {
        Flag::EventTypeIgnored => Some(IgnoreCause::EventTypeIgnored),
        Flag::TenantMismatch => Some(IgnoreCause::TenantMismatch),
        Flag::BodyNotJson
        | Flag::EventIdMissing
        | Flag::EventTypeMissing
        | Flag::EventTypeUnknown
        | Flag::TenantMissing
        | Flag::Unknown => None,
    })
}

/// The id, and whether the signature covers it.
fn event_id(
    selector: Option<&Selector>,
    fields: &mut Fields<'_>,
    flags: &mut Vec<Flag>,
) -> Option<(EventId, bool)> {
    let selected = select(selector?, fields, flags)
        .and_then(|Selected { value, covered }| Some((value.parse().ok()?, covered)));
    if selected.is_none() {
        flags.push(Flag::EventIdMissing);
    }
    selected
}

fn event_type(
    delivery: &VerifiedDelivery,
    fields: &mut Fields<'_>,
    flags: &mut Vec<Flag>,
) -> Option<EventType> {
    let selector = delivery.endpoint().provider().event_type()?;
    let selected: Option<EventType> =
        select(selector, fields, flags).and_then(|selected| selected.value.parse().ok());
    match selected.as_ref().map(|event_type| delivery.endpoint().expects(event_type)) {
        None => flags.push(Flag::EventTypeMissing),
        Some(Expected::No) => flags.push(Flag::EventTypeUnknown),
        Some(Expected::Ignored) => flags.push(Flag::EventTypeIgnored),
        Some(Expected::Yes) => {}
    }
    selected
}

fn select(selector: &Selector, fields: &mut Fields<'_>, flags: &mut Vec<Flag>) -> Option<Selected> {
    let selected = selector.select_from(fields);
    if selected == Err(SelectError::BodyNotJson) && !flags.contains(&Flag::BodyNotJson) {
        flags.push(Flag::BodyNotJson);
    }
    selected.ok().flatten()
}

fn tenant(
    delivery: &VerifiedDelivery,
    fields: &mut Fields<'_>,
    flags: &mut Vec<Flag>,
) -> Option<TenantId> {
    let from_url = delivery.raw().tenant.clone();
    let Some(pointer) = delivery.endpoint().tenant_from() else {
        return from_url;
    };
    let from_body = tenant_in(fields, pointer);
    if from_body.is_none() {
        flags.push(Flag::TenantMissing);
    }
    if from_url.is_some() && from_url != from_body {
        flags.push(Flag::TenantMismatch);
    }
    from_url.or(from_body)
}

fn tenant_in(fields: &mut Fields<'_>, pointer: &str) -> Option<TenantId> {
    match fields.json().ok()?.pointer(pointer)? {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

fn key(
    tenant: Option<&TenantId>,
    id: Option<&(EventId, bool)>,
    sha256: &BodyDigest,
) -> (EventKey, KeySource) {
    let tenant = tenant.map_or("", TenantId::as_str).as_bytes();
    let body = sha256.as_bytes();
    match id {
        Some((id, true)) => (EventKey::of(&[tenant, id.as_str().as_bytes()]), KeySource::SignedId),
        // Without the body, whoever holds one signed delivery could send it under the id of an
        // event that is still to come, which would then be taken for a duplicate.
        Some((id, false)) => {
            (EventKey::of(&[tenant, id.as_str().as_bytes(), body]), KeySource::UnsignedIdAndBody)
        }
        None => (EventKey::of(&[tenant, b"", body]), KeySource::Body),
    }
}

//! The names of stored objects.

use std::fmt;

use derive_more::Display;
use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};

use crate::model::millis::timestamp;
use crate::model::names::{BodyDigest, DeliveryId, EndpointId, EventKey};

/// Where every pack is.
const PACKS: &str = "archive";

/// The name of a stored object: `deliveries/{endpoint}/{yyyy}/{mm}/{dd}/{hh}/{delivery id}.json`
/// of a delivery alone, `archive/{yyyy}/{mm}/{dd}/{hh}/{first}-{last}-{digest}.jsonl` of a pack,
/// or, at a direct endpoint, `direct/{endpoint}/{event key}.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Display)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// The name for a delivery. All its parts are ours; nothing a sender wrote is in it.
    #[must_use]
    pub fn of(endpoint: &EndpointId, id: &DeliveryId, received_at: EpochMillis) -> Self {
        Self(format!("deliveries/{endpoint}/{}/{id}.json", hour(received_at)))
    }

    /// How the names of all packs begin that may hold this delivery.
    #[must_use]
    pub fn packs_of_hour(id: &DeliveryId) -> String {
        format!("{PACKS}/{}/", hour(id.received_at()))
    }

    /// The name for a pack. Its content is in the name, so that no pack is written over another.
    pub(crate) fn of_pack(hour: &str, first: &DeliveryId, last: &DeliveryId, lines: &[u8]) -> Self {
        let digest: String = BodyDigest::of(lines).to_string().chars().take(16).collect();
        Self(format!("{hour}{first}-{last}-{digest}.jsonl"))
    }

    /// A name as a store lists it.
    #[must_use]
    pub fn listed(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// How the names of an endpoint's deliveries begin.
    #[must_use]
    pub fn deliveries_of(endpoint: &EndpointId) -> String {
        format!("deliveries/{endpoint}/")
    }

    /// What every name of a delivery that came to the endpoint from then on sorts after.
    #[must_use]
    pub fn before_deliveries(endpoint: &EndpointId, from: EpochMillis) -> String {
        let millis = u64::try_from(from.get()).unwrap_or_default();
        format!("deliveries/{endpoint}/{}/dlv_{millis:012x}", hour(from))
    }

    /// What every name of a pack of that hour, or of a later one, sorts after.
    #[must_use]
    pub fn before_packs(from: EpochMillis) -> String {
        format!("{PACKS}/{}/", hour(from))
    }

    /// The ids between which a name's deliveries lie: the same twice for a delivery alone. `None`:
    /// the name is of another kind.
    #[must_use]
    pub fn span(&self) -> Option<(DeliveryId, DeliveryId)> {
        let name = self.0.rsplit('/').next()?.split('.').next()?;
        let mut ids = name.split('-').map(str::parse);
        let first: DeliveryId = ids.next()?.ok()?;
        let last = if self.is_pack() { ids.next()?.ok()? } else { first.clone() };
        Some((first, last))
    }

    /// Whether it is that of a pack.
    #[must_use]
    pub fn is_pack(&self) -> bool {
        self.0.strip_prefix(PACKS).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether the pack of this name can hold the delivery: it lies between the first and the
    /// last.
    pub(crate) fn may_hold(&self, id: &DeliveryId) -> bool {
        let name = self.0.rsplit('/').next().unwrap_or_default();
        let mut ids = name.split('-');
        let (first, last) = (ids.next().unwrap_or_default(), ids.next().unwrap_or_default());
        self.is_pack() && first <= id.as_str() && id.as_str() <= last
    }

    /// The name for the first delivery of an event, at a direct endpoint. All that carry it share
    /// the name; the key is a digest that we made.
    #[must_use]
    pub fn direct(endpoint: &EndpointId, event: &EventKey) -> Self {
        Self(format!("direct/{endpoint}/{event}.json"))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The hour in the names of objects.
fn hour(at: EpochMillis) -> impl fmt::Display {
    timestamp(at).strftime("%Y/%m/%d/%H")
}

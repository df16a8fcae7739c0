//! What is known of an event, put together from the stored deliveries and the ledger.

use anyhow::Context as _;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::ledger::{EventRecord, EventRef};
use hookdock_pipeline::lookup;
use hookdock_pipeline::model::names::{EventKey, TenantId};
use hookdock_pipeline::ports::{Deliveries, Histories, Packs};
use serde::Serialize;

use crate::inspect::delivery::Received;
use crate::inspect::place::{Found, Unrecorded};
use crate::inspect::runs::RunAccount;
use crate::inspect::target::{Name, Target};

/// What is known of an event.
#[derive(Debug, Serialize)]
pub(crate) struct Account {
    version: u32,
    pub(super) endpoint: String,
    pub(super) event_key: String,
    /// The delivery that was asked for, or the first.
    pub(super) delivery: Option<Received>,
    /// What the ledger says. Nothing: no worker has taken the event.
    pub(super) event: Option<Recorded>,
    pub(super) runs: Vec<RunAccount>,
}

/// An event in the ledger.
#[derive(Debug, Serialize)]
pub(super) struct Recorded {
    pub(super) provider: String,
    pub(super) id: Option<String>,
    pub(super) event_type: Option<String>,
    pub(super) tenant: Option<String>,
    /// The provider's deliveries; never added to the attempts.
    pub(super) deliveries: u64,
    pub(super) first_delivery: String,
    pub(super) conflicts: Vec<String>,
    pub(super) flags: Vec<String>,
    pub(super) ignored: Option<String>,
}

impl Account {
    pub(crate) async fn of(
        deliveries: &(impl Deliveries + Packs + Unrecorded),
        ledger: &impl Histories,
        target: &Target,
        tenant: Option<&TenantId>,
    ) -> anyhow::Result<Self> {
        let (key, asked) = named(deliveries, target, tenant).await?;
        let event = EventRef { endpoint: target.endpoint.clone(), key };
        let history = ledger.history(&event).await?;
        let record = history.as_ref().map(|history| &history.event);
        let stored = match (asked, record) {
            (Some(asked), _) => Some(asked),
            (None, Some(record)) => first_of(deliveries, record).await?,
            (None, None) => {
                let found = without_record(deliveries, &event).await?;
                Some(found.with_context(|| unknown(target))?)
            }
        };
        let delivery = stored.map(|(place, stored)| Received::of(&stored, place, record));
        let successor = deliveries.successor();
        let of = |run| RunAccount::of(run, successor);
        let runs = history.iter().flat_map(|history| history.runs.iter().map(of));
        Ok(Self {
            version: 1,
            endpoint: event.endpoint.to_string(),
            event_key: event.key.to_string(),
            delivery: delivery.transpose()?,
            runs: runs.collect(),
            event: record.map(Recorded::of),
        })
    }
}

/// The key of the event, and the delivery if that is what was named.
async fn named(
    deliveries: &(impl Deliveries + Packs + Unrecorded),
    target: &Target,
    tenant: Option<&TenantId>,
) -> anyhow::Result<(EventKey, Option<Found>)> {
    match &target.name {
        Name::Key(key) => Ok((key.clone(), None)),
        Name::Id(id) => Ok((EventKey::of_signed_id(tenant, id), None)),
        Name::Delivery(id) => {
            let found = match lookup::find(deliveries, &target.endpoint, id).await? {
                Some((object, stored)) => Some((object.to_string(), stored)),
                None => deliveries.unnamed(&target.endpoint, id).await?,
            };
            let (place, stored) = found.with_context(|| unknown(target))?;
            let key = StoredDelivery::parse(&stored)?.event.key;
            Ok((key, Some((place, stored))))
        }
    }
}

/// The first delivery of an event. The record names its pack, or it is an object of its own.
async fn first_of(
    deliveries: &impl Deliveries,
    event: &EventRecord,
) -> anyhow::Result<Option<Found>> {
    let id = &event.first_delivery;
    let own = || ObjectKey::of(&event.endpoint, id, id.received_at());
    let object = event.pack_of(id).cloned().unwrap_or_else(own);
    let stored = lookup::read(deliveries, &object, id).await?;
    Ok(stored.map(|stored| (object.to_string(), stored)))
}

/// A delivery of an event that the ledger does not have: the processor never sees those of a direct
/// endpoint, and has not come to others yet.
async fn without_record(
    deliveries: &(impl Deliveries + Unrecorded),
    event: &EventRef,
) -> anyhow::Result<Option<Found>> {
    let direct = ObjectKey::direct(&event.endpoint, &event.key);
    match deliveries.read(&direct).await? {
        Some(stored) => Ok(Some((direct.to_string(), stored))),
        None => deliveries.unrecorded(event).await,
    }
}

fn unknown(target: &Target) -> String {
    let hint = match &target.name {
        Name::Id(_) => {
            "a provider's id is found where the provider signs it, and once a worker has taken the \
             event; else ask for its delivery: the answer's X-Hookdock-Delivery, which the \
             provider's own log shows"
        }
        Name::Delivery(_) => {
            "where the endpoint stores inline, a delivery is found once a worker has taken it; an \
             event of a direct endpoint has the name of its key, which the log shows beside the \
             delivery"
        }
        Name::Key(_) => {
            "until a worker has taken the event, ask for its delivery: the answer's \
             X-Hookdock-Delivery"
        }
    };
    format!("nothing of that name is known at {}; {hint}", target.endpoint)
}

impl Recorded {
    fn of(event: &EventRecord) -> Self {
        Self {
            provider: event.provider.clone(),
            id: event.event_id.as_ref().map(ToString::to_string),
            event_type: event.event_type.as_ref().map(ToString::to_string),
            tenant: event.tenant.as_ref().map(ToString::to_string),
            deliveries: event.deliveries,
            first_delivery: event.first_delivery.to_string(),
            conflicts: event.conflicts.iter().map(ToString::to_string).collect(),
            flags: event.flags.iter().map(code).collect(),
            ignored: event.ignored.as_ref().map(code),
        }
    }
}

/// The name under which a value is stored.
fn code(value: &impl Serialize) -> String {
    let code = serde_json::to_value(value).ok();
    code.and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default()
}

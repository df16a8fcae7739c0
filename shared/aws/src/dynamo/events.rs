//! The record of an event: the deliveries that carried it, and the jobs that run for it.
//!
//! ```text
//!   first --- recorded
//!     | refused: it is on record
//!     |--- nothing has run for it ----> replace_ignored
//!     |--- a delivery or job is new --> increment
//!     '--- neither is new ------------> nothing to write
//! ```

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::ledger::{DeliveryRecord, EventRecord, EventRef, Packed, Recorded};
use hookdock_pipeline::model::names::{DeliveryId, JobName};
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use hookdock_signature::EpochMillis;
use serde::Deserialize;

use super::condition::{Conflict, conditional};
use super::item::{Item, from_item, names, number, text, to_item, values};
use super::keys::{EVENT_SORT, partition};
use super::table::Table;
use crate::sdk_errors::port_error;

const FIND_PACK: &str = "look for the delivery's pack";
const RECORD: &str = "record the delivery";

/// How many ids of an event's deliveries are stored. Deliveries beyond that are only counted, and
/// one that is recorded twice then counts twice.
const DELIVERIES_KEPT: usize = 100;

/// How often a write is tried while the event changes each time.
const RECORD_TRIES: u32 = 3;

/// The events in the ledger's table.
pub(super) struct Events<'a>(pub(super) &'a Table);

impl Events<'_> {
    /// The pack that holds the delivery, if it is in one.
    pub(super) async fn find_pack(
        &self,
        event: &EventRef,
        delivery: &DeliveryId,
    ) -> Result<Option<ObjectKey>, PortError> {
        #[derive(Deserialize)]
        struct Packs {
            #[serde(default)]
            packed: Vec<Packed>,
        }
        let get = self
            .0
            .get([("pk", &partition(event)), ("sk", EVENT_SORT)])
            .projection_expression("#packed")
            .set_expression_attribute_names(names(["packed"]));
        let Some(item) = get.send().await.map_err(port_error(FIND_PACK))?.item else {
            return Ok(None);
        };
        let Packs { packed } = from_item(FIND_PACK, item)?;
        let pack = packed.into_iter().find(|packed| packed.delivery_id == *delivery);
        Ok(pack.map(|packed| packed.object))
    }

    /// Records a delivery, and says what was known of its event.
    pub(super) async fn record(&self, delivery: &DeliveryRecord) -> Result<Recorded, PortError> {
        for _ in 0..RECORD_TRIES {
            if let Some(event) = self.try_record(delivery).await? {
                let event = event.known().map_err(PortError::invalid(RECORD))?;
                return Ok(event.says_of(delivery));
            }
        }
        let error = PortError::new(RECORD, PortErrorKind::Unavailable);
        Err(error.with_source("the event changed each time it was looked at"))
    }

    /// `None`: the event changed meanwhile, so it has to be read again.
    async fn try_record(
        &self,
        delivery: &DeliveryRecord,
    ) -> Result<Option<EventRecord>, PortError> {
        let old = match self.first(delivery).await? {
            Ok(event) => return Ok(Some(event)),
            Err(Conflict(None)) => return Ok(None),
            Err(Conflict(Some(old))) => old,
        };
        let ids = delivery_ids(&old).to_vec();
        let event: EventRecord = from_item(RECORD, old)?;
        let known = ids.iter().any(|id| id == delivery.reference.delivery_id.as_str());
        if event.ignored.is_some() {
            return self.replace_ignored(&event, ids, known, delivery).await;
        }
        let jobs = event.unrecorded_jobs(delivery);
        if known && jobs.is_empty() {
            return Ok(Some(event));
        }
        let update = match known {
            true => EventUpdate { jobs, ..EventUpdate::default() },
            false => EventUpdate {
                counted: true,
                keep_id: ids.len() < DELIVERIES_KEPT,
                jobs,
                lists: lists(event, delivery)?,
            },
        };
        self.increment(delivery, update).await
    }

    /// Records an event that is not on record.
    ///
    /// ```text
    ///   (none) --- first ---> recorded --- first: refused --- (it expires) --- first --->
    /// ```
    ///
    /// The last case exists because DynamoDB removes expired items later: an event that has expired
    /// counts as never recorded.
    async fn first(
        &self,
        delivery: &DeliveryRecord,
    ) -> Result<Result<EventRecord, Conflict>, PortError> {
        let event = EventRecord::from(delivery);
        let put = self
            .0
            .put(event_item(&event, delivery)?)
            .condition_expression("attribute_not_exists(#pk) OR #expires_at <= :now")
            .set_expression_attribute_names(names(["pk", "expires_at"]))
            .expression_attribute_values(":now", seconds(delivery.recorded_at));
        Ok(conditional(RECORD, put.send().await)?.map(|_| event))
    }

    /// Records an event again for which nothing has run so far. `None`: it has changed since it was
    /// read.
    ///
    /// ```text
    ///   ignored --- replace_ignored ---> ignored, for this delivery     still no job
    ///           --- replace_ignored ---> to be run, for this delivery   from now on, `increment`
    /// ```
    async fn replace_ignored(
        &self,
        event: &EventRecord,
        mut ids: Vec<String>,
        known: bool,
        delivery: &DeliveryRecord,
    ) -> Result<Option<EventRecord>, PortError> {
        let next = match known {
            true => event.clone().with_repeat(delivery),
            false => event.clone().with_delivery(delivery),
        };
        if !known && ids.len() < DELIVERIES_KEPT {
            ids.push(delivery.reference.delivery_id.to_string());
        }
        let mut item = event_item(&next, delivery)?;
        item.insert("delivery_ids".to_owned(), AttributeValue::Ss(ids));
        let put = self
            .0
            .put(item)
            .condition_expression("#deliveries = :deliveries AND attribute_exists(#ignored)")
            .set_expression_attribute_names(names(["deliveries", "ignored"]))
            .expression_attribute_values(
                ":deliveries",
                AttributeValue::N(event.deliveries.to_string()),
            );
        Ok(conditional(RECORD, put.send().await)?.ok().map(|_| next))
    }

    /// Counts one more delivery of an event that is on record, adds the jobs that run for it, and
    /// moves its expiry.
    ///
    /// It succeeds while the record has not expired and does not hold the id of a delivery that is
    /// to be counted. It is refused, and `None` returned, when the record expired or was removed
    /// since it was read, or a copy of this message has counted the delivery.
    async fn increment(
        &self,
        delivery: &DeliveryRecord,
        change: EventUpdate,
    ) -> Result<Option<EventRecord>, PortError> {
        let update = self
            .0
            .update([("pk", &partition(&EventRef::of(&delivery.reference))), ("sk", EVENT_SORT)])
            .update_expression(change.expression())
            .condition_expression(change.condition())
            .set_expression_attribute_names(change.names())
            .set_expression_attribute_values(change.values(delivery))
            .return_values(ReturnValue::AllNew);
        let new = conditional(RECORD, update.send().await)?.ok().and_then(|done| done.attributes);
        new.map(|item| from_item(RECORD, item)).transpose()
    }
}

/// What a delivery adds to an event that is on record.
#[derive(Debug, Clone, Default)]
pub(super) struct EventUpdate {
    /// It is one more delivery.
    pub(super) counted: bool,
    /// Its id is kept, so that it is counted once.
    pub(super) keep_id: bool,
    /// The jobs that run for it and are not on the record.
    pub(super) jobs: Vec<JobName>,
    /// What is added to lists of that name: that its body is another one, and where it is.
    pub(super) lists: Vec<(&'static str, AttributeValue)>,
}

impl EventUpdate {
    pub(super) fn expression(&self) -> String {
        let appended = |(name, _): &(&'static str, AttributeValue)| {
            format!(", #{name} = list_append(if_not_exists(#{name}, :none), :{name})")
        };
        let lists: String = self.lists.iter().map(appended).collect();
        let added = [
            self.counted.then_some("#deliveries :one"),
            self.keep_id.then_some("#delivery_ids :ids"),
            (!self.jobs.is_empty()).then_some("#jobs :jobs"),
        ];
        let added = added.into_iter().flatten().collect::<Vec<_>>().join(", ");
        format!("SET #expires_at = :expires_at{lists} ADD {added}")
    }

    pub(super) fn condition(&self) -> &'static str {
        match self.counted {
            true => "#expires_at > :now AND NOT contains(#delivery_ids, :id)",
            false => "#expires_at > :now",
        }
    }

    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        let counted: &[_] = if self.counted { &["deliveries", "delivery_ids"] } else { &[] };
        let jobs = (!self.jobs.is_empty()).then_some("jobs");
        let lists = self.lists.iter().map(|(name, _)| *name);
        names(["expires_at"].into_iter().chain(counted.iter().copied()).chain(jobs).chain(lists))
    }

    pub(super) fn values(
        self,
        delivery: &DeliveryRecord,
    ) -> Option<HashMap<String, AttributeValue>> {
        let id = delivery.reference.delivery_id.as_str();
        let times = [
            ("expires_at", seconds(delivery.expires_at())),
            ("now", seconds(delivery.recorded_at)),
        ];
        let counted = self.counted.then(|| [("one", number(1)), ("id", text(id))]);
        let kept = self.keep_id.then(|| ("ids", AttributeValue::Ss(vec![id.to_owned()])));
        let jobs = job_set(&self.jobs).map(|jobs| ("jobs", jobs));
        let none = (!self.lists.is_empty()).then(|| ("none", AttributeValue::L(Vec::new())));
        let lists =
            self.lists.into_iter().map(|(name, value)| (name, AttributeValue::L(vec![value])));
        let added = counted.into_iter().flatten().chain(kept).chain(jobs).chain(none).chain(lists);
        values(times.into_iter().chain(added))
    }
}

pub(super) fn event_item(
    event: &EventRecord,
    delivery: &DeliveryRecord,
) -> Result<Item, PortError> {
    let mut item = to_item(RECORD, event)?;
    let keys = [
        ("pk", text(partition(&EventRef::of(&delivery.reference)))),
        ("sk", text(EVENT_SORT)),
        ("delivery_ids", AttributeValue::Ss(vec![delivery.reference.delivery_id.to_string()])),
    ];
    item.extend(keys.map(|(name, value)| (name.to_owned(), value)));
    if let Some(jobs) = job_set(&event.jobs) {
        item.insert("jobs".to_owned(), jobs);
    }
    if let Some(tenant) = &event.tenant {
        item.insert("tenant_key".to_owned(), text(format!("{}#{tenant}", event.endpoint)));
    }
    Ok(item)
}

/// A set, so that two workers who add the same job add it once. There is no empty set.
fn job_set(jobs: &[JobName]) -> Option<AttributeValue> {
    let names = jobs.iter().map(ToString::to_string).collect();
    (!jobs.is_empty()).then_some(AttributeValue::Ss(names))
}

/// What the delivery adds to the event's lists.
fn lists(
    event: EventRecord,
    delivery: &DeliveryRecord,
) -> Result<Vec<(&'static str, AttributeValue)>, PortError> {
    let (conflicts, packed) = (event.conflicts.len(), event.packed.len());
    let seen = event.with_delivery(delivery);
    let conflicts =
        seen.conflicts.iter().skip(conflicts).map(|id| Ok(("conflicts", text(id.as_str()))));
    let packed = seen
        .packed
        .iter()
        .skip(packed)
        .map(|packed| Ok(("packed", AttributeValue::M(to_item(RECORD, packed)?))));
    conflicts.chain(packed).collect()
}

pub(super) fn delivery_ids(item: &Item) -> &[String] {
    match item.get("delivery_ids") {
        Some(AttributeValue::Ss(ids)) => ids,
        _ => &[],
    }
}

fn seconds(at: EpochMillis) -> AttributeValue {
    number(at.to_seconds().get())
}

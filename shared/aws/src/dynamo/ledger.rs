//! The ledger in a DynamoDB table: one item per event, and one per run beside it.
//!
//! | attribute | event | run | |
//! | --- | --- | --- | --- |
//! | `pk` | `event#{endpoint}#{event key}` | the same | an event and its runs lie together |
//! | `sk` | `event` | `run#{job}` | |
//! | `state_key` | | `{state}#{shard}` | index `by_state`, while retrying, waiting or dead |
//! | `tenant_key` | `{endpoint}#{tenant}` | | index `by_tenant`, if there is a tenant |
//! | `delivery_ids` | the first hundred | | by which a delivery is counted once |
//! | `jobs` | a set | | every job that ever ran for the event, or was about to |
//!
//! The others are those of [`EventRecord`] and [`RunItem`]. The shard is the first digit of the
//! event key: an index takes a thousand writes a second for one key, and all runs of a stack
//! change their state under so few of them.
//!
//! What a conditional write met comes back with its refusal, so that the loser knows why without
//! a second call. The SDK repeats a write whose answer got lost; the repetition is refused by
//! what the first one wrote, and is told by the owner's token in it.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValue, ReturnValuesOnConditionCheckFailure as OnRefusal,
};
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::ledger::{
    DeliveryRecord, EventRecord, EventRef, Fence, Packed, Recorded, Run, RunId, RunItem, RunState,
};
use hookdock_pipeline::model::names::{DeliveryId, EventKey, JobName};
use hookdock_pipeline::model::port_error::{FaultKind, PortError};
use hookdock_pipeline::ports::{CommitRefused, Conditional, Ledger, Record};
use hookdock_signature::EpochMillis;
use serde::Deserialize;

use crate::dynamo::item::{
    Conflict, Item, conditional, from_item, names, number, one_put, text, to_item, transacted,
    unfit,
};
use crate::dynamo::records::DynamoRecords;
use crate::sdk_errors::port_error;

const FIND_PACK: &str = "look for the delivery's pack";
const RUN: &str = "read the run";
const RECORD: &str = "record the delivery";
const CLAIM: &str = "claim the run";
const WRITE: &str = "write the run";
const COMMIT: &str = "write the run and the record";

/// The stored run is as it was when it was read.
const FENCED: &str =
    "#owner = :owner AND #attempt = :attempt AND #state = :state AND #writes = :writes";

/// How many of an event's deliveries are told apart. A provider that sends more often than that
/// is only counted, and a delivery that is seen twice then counts twice.
const DELIVERIES_KEPT: usize = 100;

/// How often a delivery is tried that finds the event changed each time.
const RECORD_TRIES: u32 = 3;

/// The ledger in a DynamoDB table.
#[derive(Debug, Clone)]
pub struct DynamoLedger {
    pub(crate) client: Client,
    pub(crate) table: String,
    /// The other half of a commit.
    records: DynamoRecords,
}

impl Ledger for DynamoLedger {
    async fn find_pack(
        &self,
        event: &EventRef,
        delivery: &DeliveryId,
    ) -> Result<Option<ObjectKey>, PortError> {
        #[derive(Deserialize)]
        struct Places {
            #[serde(default)]
            packed: Vec<Packed>,
        }
        let get = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", text(partition(event)))
            .key("sk", text(EVENT_SORT))
            .projection_expression("#packed")
            .set_expression_attribute_names(names(["packed"]))
            .consistent_read(true);
        let Some(item) = get.send().await.map_err(port_error(FIND_PACK))?.item else {
            return Ok(None);
        };
        let Places { packed } = from_item(FIND_PACK, item)?;
        let place = packed.into_iter().find(|packed| packed.delivery_id == *delivery);
        Ok(place.map(|packed| packed.object))
    }

    async fn record_delivery(&self, delivery: &DeliveryRecord) -> Result<Recorded, PortError> {
        for _ in 0..RECORD_TRIES {
            if let Some(event) = self.try_record(delivery).await? {
                let event = event.known().map_err(|error| unfit(RECORD, error))?;
                return Ok(event.says_of(delivery));
            }
        }
        let error = PortError::new(RECORD, FaultKind::Unavailable);
        Err(error.because("the event changed each time it was looked at"))
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        let get = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", text(partition(&id.event)))
            .key("sk", text(run_sort(id)))
            .consistent_read(true);
        let item = get.send().await.map_err(port_error(RUN))?.item;
        item.map(|item| stored_run(RUN, item)).transpose()
    }

    /// ```text
    ///   (none) ----- create -----> running
    ///   any state -- create -----> refused, and the stored run says why
    /// ```
    ///
    /// A run whose time is over, and that DynamoDB has not cleaned up, is refused like any other:
    /// whoever may claim it does so by `compare_and_swap`.
    async fn create(&self, run: &Run) -> Result<Conditional<Run>, PortError> {
        let put = self
            .put(run_item(run)?)
            .condition_expression("attribute_not_exists(#pk)")
            .set_expression_attribute_names(names(["pk"]));
        match conditional(CLAIM, put.send().await)? {
            Ok(_) => Ok(Conditional::Written),
            Err(conflict) => other_than(CLAIM, run, conflict),
        }
    }

    /// ```text
    ///   A  open --- running(A,1) ------------ (dies) ----- done? refused: owner and attempt are B's
    ///   B                lease over: running(B,2) --- done
    ///   C                lease over: refused: B was faster
    /// ```
    ///
    /// It succeeds as long as nobody has written since the run was read: each claim brings a new
    /// owner and a higher attempt, what the owner itself writes is counted, and the last of it
    /// changes the state.
    async fn compare_and_swap(
        &self,
        from: &Fence,
        to: &Run,
    ) -> Result<Conditional<Run>, PortError> {
        let put = self
            .put(run_item(to)?)
            .condition_expression(FENCED)
            .set_expression_attribute_names(fence_names())
            .set_expression_attribute_values(Some(fence_values(from)));
        match conditional(WRITE, put.send().await)? {
            Ok(_) => Ok(Conditional::Written),
            Err(conflict) => other_than(WRITE, to, conflict),
        }
    }

    /// The SDK gives each such call a token, by which DynamoDB knows its repetition.
    async fn commit(
        &self,
        from: &Fence,
        to: &Run,
        record: &Record,
    ) -> Result<Conditional<CommitRefused>, PortError> {
        let run = Put::builder()
            .table_name(&self.table)
            .set_item(Some(run_item(to)?))
            .condition_expression(FENCED)
            .set_expression_attribute_names(fence_names())
            .set_expression_attribute_values(Some(fence_values(from)))
            .return_values_on_condition_check_failure(OnRefusal::AllOld);
        let call = self
            .client
            .transact_write_items()
            .transact_items(one_put(COMMIT, run)?)
            .transact_items(one_put(COMMIT, self.records.insertion(COMMIT, record)?)?);
        let Err([run, record]) = transacted(COMMIT, call.send().await)? else {
            return Ok(Conditional::Written);
        };
        match (run, record) {
            (Some(conflict), _) => Ok(match other_than(COMMIT, to, conflict)? {
                Conditional::Refused(run) => {
                    Conditional::Refused(CommitRefused::Fenced(Box::new(run)))
                }
                Conditional::Written => Conditional::Written,
            }),
            (None, Some(conflict)) => Ok(Conditional::Refused(CommitRefused::RecordExists(
                DynamoRecords::existing(COMMIT, conflict)?,
            ))),
            (None, None) => Err(unfit(COMMIT, "the transaction was cancelled for no reason")),
        }
    }
}

impl DynamoLedger {
    pub(crate) fn new(client: Client, table: &str, records: DynamoRecords) -> Self {
        Self { client, table: table.to_owned(), records }
    }

    /// `None`: the event changed meanwhile, so it is worth looking again.
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
    ///   (none) --- first ---> recorded --- first: refused --- (its time is over) --- first --->
    /// ```
    ///
    /// The last case is there because DynamoDB cleans up in its own time: what has expired counts
    /// as never recorded.
    async fn first(
        &self,
        delivery: &DeliveryRecord,
    ) -> Result<Result<EventRecord, Conflict>, PortError> {
        let event = EventRecord::from(delivery);
        let put = self
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
            .put(item)
            .condition_expression("#deliveries = :deliveries AND attribute_exists(#ignored)")
            .set_expression_attribute_names(names(["deliveries", "ignored"]))
            .expression_attribute_values(
                ":deliveries",
                AttributeValue::N(event.deliveries.to_string()),
            );
        Ok(conditional(RECORD, put.send().await)?.ok().map(|_| next))
    }

    /// Counts one more delivery of an event that is on record and adds the jobs that run for it,
    /// and puts its expiry off.
    ///
    /// It succeeds while the record stands and does not know a delivery that is to be counted. It
    /// is refused, and `None` returned, when the record expired or was cleaned up since it was
    /// read, or a twin of this message has counted the delivery.
    async fn increment(
        &self,
        delivery: &DeliveryRecord,
        change: EventUpdate,
    ) -> Result<Option<EventRecord>, PortError> {
        let id = delivery.reference.delivery_id.as_str();
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", text(partition(&EventRef::of(&delivery.reference))))
            .key("sk", text(EVENT_SORT))
            .update_expression(change.expression())
            .condition_expression(change.condition())
            .expression_attribute_names("#expires_at", "expires_at")
            .expression_attribute_values(":expires_at", seconds(delivery.expires_at()))
            .expression_attribute_values(":now", seconds(delivery.recorded_at))
            .return_values(ReturnValue::AllNew);
        let update = match change.counted {
            true => update
                .expression_attribute_names("#deliveries", "deliveries")
                .expression_attribute_names("#delivery_ids", "delivery_ids")
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":id", text(id)),
            false => update,
        };
        let update = match change.keep_id {
            true => {
                update.expression_attribute_values(":ids", AttributeValue::Ss(vec![id.to_owned()]))
            }
            false => update,
        };
        let update = match job_set(&change.jobs) {
            Some(jobs) => update
                .expression_attribute_names("#jobs", "jobs")
                .expression_attribute_values(":jobs", jobs),
            None => update,
        };
        let update = change.lists.into_iter().fold(update, |update, (name, value)| {
            update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), AttributeValue::L(vec![value]))
                .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
        });
        let new = conditional(RECORD, update.send().await)?.ok().and_then(|done| done.attributes);
        new.map(|item| from_item(RECORD, item)).transpose()
    }

    fn put(&self, item: Item) -> PutItemFluentBuilder {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(OnRefusal::AllOld)
    }
}

/// What a delivery adds to an event that is on record.
#[derive(Debug, Default)]
struct EventUpdate {
    /// It is one more delivery.
    counted: bool,
    /// Its id is kept, so that it is counted once.
    keep_id: bool,
    /// The jobs that run for it and are not on the record.
    jobs: Vec<JobName>,
    /// What is added to lists of that name: that its body is another one, and where it is.
    lists: Vec<(&'static str, AttributeValue)>,
}

impl EventUpdate {
    fn expression(&self) -> String {
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

    fn condition(&self) -> &'static str {
        match self.counted {
            true => "#expires_at > :now AND NOT contains(#delivery_ids, :id)",
            false => "#expires_at > :now",
        }
    }
}

pub(crate) const EVENT_SORT: &str = "event";

pub(crate) fn partition(event: &EventRef) -> String {
    format!("event#{}#{}", event.endpoint, event.key)
}

fn run_sort(id: &RunId) -> String {
    format!("run#{}", id.job)
}

fn event_item(event: &EventRecord, delivery: &DeliveryRecord) -> Result<Item, PortError> {
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

fn run_item(run: &Run) -> Result<Item, PortError> {
    let mut item = to_item(WRITE, &RunItem::from(run))?;
    item.insert("pk".to_owned(), text(partition(&run.id.event)));
    item.insert("sk".to_owned(), text(run_sort(&run.id)));
    if let Some(key) = state_key(&run.state, &run.id.event.key) {
        item.insert("state_key".to_owned(), text(key));
    }
    Ok(item)
}

/// A run that goes straight from its claim to its end is in no list of things to look after, and
/// costs no write to an index.
fn state_key(state: &RunState, key: &EventKey) -> Option<String> {
    match state {
        RunState::Retrying { .. } | RunState::Waiting { .. } | RunState::Dead { .. } => {
            let shard = key.as_str().chars().next()?;
            Some(format!("{}#{shard}", state.name()))
        }
        RunState::Running { .. } | RunState::Done | RunState::Ignored { .. } => None,
    }
}

/// The run that stood in the way, unless it is the very one that was to be written: then an
/// earlier try of the same call has succeeded, and its answer got lost.
fn other_than(
    action: &'static str,
    written: &Run,
    conflict: Conflict,
) -> Result<Conditional<Run>, PortError> {
    let Conflict(Some(item)) = conflict else {
        return Err(unfit(action, "the run is not recorded any more"));
    };
    Ok(match stored_run(action, item)? {
        stored if stored == *written => Conditional::Written,
        stored => Conditional::Refused(stored),
    })
}

pub(crate) fn stored_run(action: &'static str, item: Item) -> Result<Run, PortError> {
    let item: RunItem = from_item(action, item)?;
    Run::try_from(item).map_err(|error| unfit(action, error))
}

/// What the event's lists have more of, once it is seen again.
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

fn delivery_ids(item: &Item) -> &[String] {
    match item.get("delivery_ids") {
        Some(AttributeValue::Ss(ids)) => ids,
        _ => &[],
    }
}

fn fence_names() -> Option<HashMap<String, String>> {
    names(["owner", "attempt", "state", "writes"])
}

fn fence_values(fence: &Fence) -> HashMap<String, AttributeValue> {
    HashMap::from([
        (":owner".to_owned(), text(fence.owner.as_str())),
        (":attempt".to_owned(), number(fence.attempt)),
        (":state".to_owned(), text(fence.state)),
        (":writes".to_owned(), number(fence.writes)),
    ])
}

fn seconds(at: EpochMillis) -> AttributeValue {
    number(at.to_seconds().get())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hookdock_pipeline::delivery::part::Part;
    use hookdock_pipeline::delivery::reference::{MessageKind, Reference};
    use hookdock_pipeline::job::{ErrorClass, Failure};
    use hookdock_pipeline::ledger::{Claim, DeadReason, Settlement};
    use hookdock_pipeline::model::names::{BodyDigest, CodeVersion, DeliveryId, Owner};

    use super::*;

    /// 2026-11-21T23:59:59.999Z
    const NOW: EpochMillis = EpochMillis::new(1_795_305_599_999);

    fn run() -> Run {
        let event = EventRef {
            endpoint: "orders".parse().expect("a name"),
            key: EventKey::of(&[b"evt_1"]),
        };
        let claim = Claim {
            owner: Owner::new(7),
            code: CodeVersion::of_this_package(),
            now: NOW,
            lease_until: NOW.plus(Duration::from_secs(62)),
            generation: 0,
        };
        Run::opened(RunId { event, job: "fulfil_order".parse().expect("a name") }, &claim)
    }

    fn delivery(tenant: Option<&str>) -> DeliveryRecord {
        let RunId { event, job } = run().id;
        let delivery_id = DeliveryId::new(NOW, 1);
        DeliveryRecord {
            reference: Reference {
                version: Reference::VERSION,
                kind: MessageKind::Reference,
                generation: 0,
                job: None,
                part: Part::Whole,
                object: ObjectKey::of(&event.endpoint, &delivery_id, NOW),
                delivery_id,
                endpoint: event.endpoint,
                provider: "shopify".to_owned(),
                tenant: tenant.map(|name| name.parse().expect("a name")),
                event_key: event.key,
                event_id: None,
                event_type: Some("orders/create".parse().expect("a type")),
                flags: Vec::new(),
                sha256: BodyDigest::of(b"{}"),
                received_at_ms: NOW.get(),
            },
            jobs: vec![job],
            ignored: None,
            recorded_at: NOW.plus(Duration::from_secs(3)),
        }
    }

    fn attribute<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
        match item.get(name)? {
            AttributeValue::S(text) | AttributeValue::N(text) => Some(text),
            _ => None,
        }
    }

    fn failed() -> Failure {
        Failure::permanent(ErrorClass::BadData, "no total")
    }

    /// As DynamoDB counts (Developer Guide, "DynamoDB item sizes and formats", read 2026-11).
    fn bytes(value: &AttributeValue) -> usize {
        match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(number) => number.len() / 2 + 2,
            AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
            AttributeValue::L(items) => 3 + items.iter().map(|item| 1 + bytes(item)).sum::<usize>(),
            AttributeValue::M(fields) => 3 + fields.len() + named_bytes(fields),
            AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
            other => panic!("no size is known of {other:?}"),
        }
    }

    fn named_bytes(fields: &Item) -> usize {
        fields.iter().map(|(name, value)| name.len() + bytes(value)).sum()
    }

    /// Three writes of up to 1 KiB, and none to an index: see tests/it/process.rs for the calls.
    #[test]
    fn a_run_without_steps_costs_three_write_units() {
        let mut delivery = delivery(None);
        let reference = &mut delivery.reference;
        reference.event_id = Some("evt_1PgafmB7WZ01zgkWKaOP0n4D".parse().expect("an id"));
        let name = "checkout.session.async_payment_succeeded";
        reference.event_type = Some(name.parse().expect("a type"));
        let id = "dlv_019aa8a9d6ff7000800000000000001f";
        let pack = format!("archive/2026/11/21/23/{id}-{id}-0123456789abcdef.jsonl");
        let mut packed = delivery.clone();
        packed.reference.object = ObjectKey::listed(pack);
        let claimed = run();
        let written = [
            event_item(&EventRecord::from(&delivery), &delivery).expect("an item"),
            event_item(&EventRecord::from(&packed), &packed).expect("an item"),
            run_item(&claimed).expect("an item"),
            run_item(&claimed.settled(Settlement::Done, NOW)).expect("an item"),
        ];
        for item in written {
            assert!(named_bytes(&item) <= 1024, "{} bytes: {item:?}", named_bytes(&item));
            let indexed = ["state_key", "tenant_key"].into_iter().any(|key| item.contains_key(key));
            assert!(!indexed, "an index costs one more: {item:?}");
        }
    }

    #[test]
    fn an_event_and_its_runs_share_a_partition() {
        let run_item = run_item(&run()).expect("an item");
        let event = delivery(None);
        let event_item = event_item(&EventRecord::from(&event), &event).expect("an item");
        let partition = format!("event#orders#{}", EventKey::of(&[b"evt_1"]));
        assert_eq!(attribute(&run_item, "pk"), Some(partition.as_str()));
        assert_eq!(attribute(&event_item, "pk"), Some(partition.as_str()));
        assert_eq!(attribute(&run_item, "sk"), Some("run#fulfil_order"));
        assert_eq!(attribute(&event_item, "sk"), Some("event"));
    }

    #[test]
    fn events_are_listed_by_tenant_if_they_have_one() {
        for (tenant, key) in [(None, None), (Some("acme"), Some("orders#acme"))] {
            let delivery = delivery(tenant);
            let item = event_item(&EventRecord::from(&delivery), &delivery).expect("an item");
            assert_eq!(attribute(&item, "tenant_key"), key);
            assert_eq!(attribute(&item, "received_at_ms"), Some("1795305599999"));
            assert_eq!(attribute(&item, "expires_at"), Some("1797897602"));
        }
    }

    #[test]
    fn only_runs_that_need_looking_after_are_listed_by_state() {
        let claimed = run();
        let shard = claimed.id.event.key.as_str().chars().next().expect("a digit");
        for (settlement, state) in [
            (None, None),
            (Some(Settlement::PutOff(NOW, "the window".to_owned())), Some("waiting")),
            (Some(Settlement::Retry(NOW, failed())), Some("retrying")),
            (Some(Settlement::Dead(DeadReason::Permanent, failed())), Some("dead")),
            (Some(Settlement::Done), None),
            (Some(Settlement::Ignored("test mode".to_owned())), None),
        ] {
            let run = settlement.map_or(claimed.clone(), |end| claimed.settled(end, NOW));
            let item = run_item(&run).expect("an item");
            let expected = state.map(|state| format!("{state}#{shard}"));
            assert_eq!(attribute(&item, "state_key"), expected.as_deref());
            assert_eq!(attribute(&item, "updated_at_ms"), Some("1795305599999"));
        }
    }

    #[test]
    fn a_run_comes_back_as_it_was_written() {
        for run in [run(), run().settled(Settlement::Retry(NOW, failed()), NOW)] {
            assert_eq!(stored_run(WRITE, run_item(&run).expect("an item")).expect("a run"), run);
        }
    }

    #[test]
    fn an_event_comes_back_as_it_was_written() {
        let delivery = delivery(Some("acme"));
        let event = EventRecord::from(&delivery);
        let item = event_item(&event, &delivery).expect("an item");
        assert_eq!(delivery_ids(&item), [delivery.reference.delivery_id.to_string()]);
        assert_eq!(from_item::<EventRecord>(RECORD, item).expect("an event"), event);
    }

    #[test]
    fn a_write_that_meets_itself_has_succeeded() {
        let run = run();
        let conflict = |run: &Run| Conflict(Some(run_item(run).expect("an item")));
        assert_eq!(other_than(CLAIM, &run, conflict(&run)).expect("read"), None);
        let other = Run { owner: Owner::new(8), ..run.clone() };
        assert_eq!(other_than(CLAIM, &run, conflict(&other)).expect("read"), Some(other));
    }

    #[test]
    fn a_run_of_another_version_is_not_read() {
        let mut item = run_item(&run()).expect("an item");
        item.insert("version".to_owned(), number(2));
        let error = stored_run(WRITE, item).expect_err("not readable");
        assert_eq!(error.kind(), FaultKind::Invalid);
    }
}

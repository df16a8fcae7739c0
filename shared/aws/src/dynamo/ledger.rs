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
//! The others are those of [`EventItem`] and [`RunItem`]. The shard is the first digit of the
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
    EventItem, EventRecord, EventRef, Fence, Packed, Run, RunId, RunItem, RunState, Sighting,
};
use hookdock_pipeline::model::names::{DeliveryId, EventKey, JobName};
use hookdock_pipeline::model::port_error::{FaultKind, PortError};
use hookdock_pipeline::ports::{Committed, Ledger, Record};
use hookdock_signature::EpochMillis;
use serde::Deserialize;

use crate::dynamo::item::{
    Conflict, Item, conditional, from_item, names, number, one_put, text, to_item, transacted,
    unfit,
};
use crate::dynamo::records::DynamoRecords;
use crate::sdk_errors::port_error;

const PLACE: &str = "look for the delivery's pack";
const RUN: &str = "read the run";
const SIGHT: &str = "record the event";
const CLAIM: &str = "claim the run";
const WRITE: &str = "write the run";
const COMMIT: &str = "write the run and the record";

/// The stored run is as it was when it was read.
const FENCED: &str =
    "#owner = :owner AND #attempt = :attempt AND #state = :state AND #writes = :writes";

/// How many of an event's deliveries are told apart. A provider that sends more often than that
/// is only counted, and a delivery that is seen twice then counts twice.
const DELIVERIES_KEPT: usize = 100;

/// How often a sighting is tried that finds the event changed each time.
const SIGHT_TRIES: u32 = 3;

/// The ledger in a DynamoDB table.
#[derive(Debug, Clone)]
pub struct DynamoLedger {
    pub(crate) client: Client,
    pub(crate) table: String,
    /// The other half of a commit.
    records: DynamoRecords,
}

impl Ledger for DynamoLedger {
    async fn place(
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
        let Some(item) = get.send().await.map_err(port_error(PLACE))?.item else {
            return Ok(None);
        };
        let Places { packed } = from_item(PLACE, item)?;
        let place = packed.into_iter().find(|packed| packed.delivery_id == *delivery);
        Ok(place.map(|packed| packed.object))
    }

    async fn sight(&self, sighting: &Sighting) -> Result<EventRecord, PortError> {
        for _ in 0..SIGHT_TRIES {
            if let Some(event) = self.try_sight(sighting).await? {
                return EventRecord::try_from(event).map_err(|error| unfit(SIGHT, error));
            }
        }
        let error = PortError::new(SIGHT, FaultKind::Unavailable);
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
    ///   (none) ----- open -----> running
    ///   any state -- open -----> refused, and the stored run says why
    /// ```
    ///
    /// A run whose time is over, and that DynamoDB has not cleaned up, is refused like any other:
    /// whoever may claim it does so by `advance`.
    async fn open(&self, run: &Run) -> Result<Option<Run>, PortError> {
        let put = self
            .put(run_item(run)?)
            .condition_expression("attribute_not_exists(#pk)")
            .set_expression_attribute_names(names(["pk"]));
        match conditional(CLAIM, put.send().await)? {
            Ok(_) => Ok(None),
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
    async fn advance(&self, from: &Fence, to: &Run) -> Result<Option<Run>, PortError> {
        let put = self
            .put(run_item(to)?)
            .condition_expression(FENCED)
            .set_expression_attribute_names(fence_names())
            .set_expression_attribute_values(Some(fence_values(from)));
        match conditional(WRITE, put.send().await)? {
            Ok(_) => Ok(None),
            Err(conflict) => other_than(WRITE, to, conflict),
        }
    }

    /// The SDK gives each such call a token, by which DynamoDB knows its repetition.
    async fn commit(
        &self,
        from: &Fence,
        to: &Run,
        record: &Record,
    ) -> Result<Committed, PortError> {
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
            return Ok(Committed::Both);
        };
        match (run, record) {
            (Some(conflict), _) => Ok(match other_than(COMMIT, to, conflict)? {
                Some(stored) => Committed::Fenced(Box::new(stored)),
                None => Committed::Both,
            }),
            (None, Some(conflict)) => {
                Ok(Committed::Already(DynamoRecords::existing(COMMIT, conflict)?))
            }
            (None, None) => Err(unfit(COMMIT, "the transaction was cancelled for no reason")),
        }
    }
}

impl DynamoLedger {
    pub(crate) fn new(client: Client, table: &str, records: DynamoRecords) -> Self {
        Self { client, table: table.to_owned(), records }
    }

    /// `None`: the event changed meanwhile, so it is worth looking again.
    async fn try_sight(&self, sighting: &Sighting) -> Result<Option<EventItem>, PortError> {
        let old = match self.first(sighting).await? {
            Ok(event) => return Ok(Some(event)),
            Err(Conflict(None)) => return Ok(None),
            Err(Conflict(Some(old))) => old,
        };
        let ids = delivery_ids(&old).to_vec();
        let event: EventItem = from_item(SIGHT, old)?;
        let known = ids.iter().any(|id| id == sighting.delivery_id.as_str());
        if event.ignored.is_some() {
            return self.anew(&event, ids, known, sighting).await;
        }
        let jobs = event.unrecorded_jobs(sighting);
        if known && jobs.is_empty() {
            return Ok(Some(event));
        }
        let news = match known {
            true => News { jobs, ..News::default() },
            false => News {
                counted: true,
                keep_id: ids.len() < DELIVERIES_KEPT,
                jobs,
                lists: lists(event, sighting)?,
            },
        };
        self.further(sighting, news).await
    }

    /// Records an event that is not on record.
    ///
    /// ```text
    ///   (none) --- first ---> recorded --- first: refused --- (its time is over) --- first --->
    /// ```
    ///
    /// The last case is there because DynamoDB cleans up in its own time: what has expired counts
    /// as never recorded.
    async fn first(&self, sighting: &Sighting) -> Result<Result<EventItem, Conflict>, PortError> {
        let event = EventItem::from(sighting);
        let put = self
            .put(event_item(&event, sighting)?)
            .condition_expression("attribute_not_exists(#pk) OR #expires_at <= :seen_at")
            .set_expression_attribute_names(names(["pk", "expires_at"]))
            .expression_attribute_values(":seen_at", seconds(sighting.seen_at));
        Ok(conditional(SIGHT, put.send().await)?.map(|_| event))
    }

    /// Records an event anew for which nothing has run so far. `None`: it has changed since it was
    /// read.
    ///
    /// ```text
    ///   ignored --- anew ---> ignored, for this delivery     still no job
    ///           --- anew ---> to be run, for this delivery   from now on, `further`
    /// ```
    async fn anew(
        &self,
        event: &EventItem,
        mut ids: Vec<String>,
        known: bool,
        sighting: &Sighting,
    ) -> Result<Option<EventItem>, PortError> {
        let next = match known {
            true => event.clone().looked_at_again(sighting),
            false => event.clone().seen_again(sighting),
        };
        if !known && ids.len() < DELIVERIES_KEPT {
            ids.push(sighting.delivery_id.to_string());
        }
        let mut item = event_item(&next, sighting)?;
        item.insert("delivery_ids".to_owned(), AttributeValue::Ss(ids));
        let put = self
            .put(item)
            .condition_expression("#deliveries = :deliveries AND attribute_exists(#ignored)")
            .set_expression_attribute_names(names(["deliveries", "ignored"]))
            .expression_attribute_values(
                ":deliveries",
                AttributeValue::N(event.deliveries.to_string()),
            );
        Ok(conditional(SIGHT, put.send().await)?.ok().map(|_| next))
    }

    /// Counts one more delivery of an event that is on record and adds the jobs that run for it,
    /// and puts its expiry off.
    ///
    /// It succeeds while the record stands and does not know a delivery that is to be counted. It
    /// is refused, and `None` returned, when the record expired or was cleaned up since it was
    /// read, or a twin of this message has counted the delivery.
    async fn further(
        &self,
        sighting: &Sighting,
        news: News,
    ) -> Result<Option<EventItem>, PortError> {
        let id = sighting.delivery_id.as_str();
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", text(partition(&sighting.event)))
            .key("sk", text(EVENT_SORT))
            .update_expression(news.expression())
            .condition_expression(news.condition())
            .expression_attribute_names("#expires_at", "expires_at")
            .expression_attribute_values(":expires_at", seconds(sighting.expires_at()))
            .expression_attribute_values(":seen_at", seconds(sighting.seen_at))
            .return_values(ReturnValue::AllNew);
        let update = match news.counted {
            true => update
                .expression_attribute_names("#deliveries", "deliveries")
                .expression_attribute_names("#delivery_ids", "delivery_ids")
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":id", text(id)),
            false => update,
        };
        let update = match news.keep_id {
            true => {
                update.expression_attribute_values(":ids", AttributeValue::Ss(vec![id.to_owned()]))
            }
            false => update,
        };
        let update = match job_set(&news.jobs) {
            Some(jobs) => update
                .expression_attribute_names("#jobs", "jobs")
                .expression_attribute_values(":jobs", jobs),
            None => update,
        };
        let update = news.lists.into_iter().fold(update, |update, (name, value)| {
            update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), AttributeValue::L(vec![value]))
                .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
        });
        let new = conditional(SIGHT, update.send().await)?.ok().and_then(|done| done.attributes);
        new.map(|item| from_item(SIGHT, item)).transpose()
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
struct News {
    /// It is one more delivery.
    counted: bool,
    /// Its id is kept, so that it is counted once.
    keep_id: bool,
    /// The jobs that run for it and are not on the record.
    jobs: Vec<JobName>,
    /// What is added to lists of that name: that its body is another one, and where it is.
    lists: Vec<(&'static str, AttributeValue)>,
}

impl News {
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
            true => "#expires_at > :seen_at AND NOT contains(#delivery_ids, :id)",
            false => "#expires_at > :seen_at",
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

fn event_item(event: &EventItem, sighting: &Sighting) -> Result<Item, PortError> {
    let mut item = to_item(SIGHT, event)?;
    let keys = [
        ("pk", text(partition(&sighting.event))),
        ("sk", text(EVENT_SORT)),
        ("delivery_ids", AttributeValue::Ss(vec![sighting.delivery_id.to_string()])),
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
) -> Result<Option<Run>, PortError> {
    let Conflict(Some(item)) = conflict else {
        return Err(unfit(action, "the run is not recorded any more"));
    };
    Ok(Some(stored_run(action, item)?).filter(|stored| stored != written))
}

pub(crate) fn stored_run(action: &'static str, item: Item) -> Result<Run, PortError> {
    let item: RunItem = from_item(action, item)?;
    Run::try_from(item).map_err(|error| unfit(action, error))
}

/// What the event's lists have more of, once it is seen again.
fn lists(
    event: EventItem,
    sighting: &Sighting,
) -> Result<Vec<(&'static str, AttributeValue)>, PortError> {
    let (conflicts, packed) = (event.conflicts.len(), event.packed.len());
    let seen = event.seen_again(sighting);
    let conflicts =
        seen.conflicts.iter().skip(conflicts).map(|id| Ok(("conflicts", text(id.as_str()))));
    let packed = seen
        .packed
        .iter()
        .skip(packed)
        .map(|packed| Ok(("packed", AttributeValue::M(to_item(SIGHT, packed)?))));
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

    fn sighting(tenant: Option<&str>) -> Sighting {
        Sighting {
            event: run().id.event,
            delivery_id: DeliveryId::new(NOW, 1),
            provider: "shopify".to_owned(),
            tenant: tenant.map(|name| name.parse().expect("a name")),
            event_id: None,
            event_type: Some("orders/create".parse().expect("a type")),
            flags: Vec::new(),
            sha256: BodyDigest::of(b"{}"),
            received_at: NOW,
            pack: None,
            jobs: vec![run().id.job],
            ignored: None,
            seen_at: NOW.plus(Duration::from_secs(3)),
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
        let sighting = Sighting {
            event_id: Some("evt_1PgafmB7WZ01zgkWKaOP0n4D".parse().expect("an id")),
            event_type: Some("checkout.session.async_payment_succeeded".parse().expect("a type")),
            ..sighting(None)
        };
        let id = "dlv_019aa8a9d6ff7000800000000000001f";
        let pack = format!("archive/2026/11/21/23/{id}-{id}-0123456789abcdef.jsonl");
        let packed = Sighting { pack: Some(ObjectKey::listed(pack)), ..sighting.clone() };
        let claimed = run();
        let written = [
            event_item(&EventItem::from(&sighting), &sighting).expect("an item"),
            event_item(&EventItem::from(&packed), &packed).expect("an item"),
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
        let event = sighting(None);
        let event_item = event_item(&EventItem::from(&event), &event).expect("an item");
        let partition = format!("event#orders#{}", EventKey::of(&[b"evt_1"]));
        assert_eq!(attribute(&run_item, "pk"), Some(partition.as_str()));
        assert_eq!(attribute(&event_item, "pk"), Some(partition.as_str()));
        assert_eq!(attribute(&run_item, "sk"), Some("run#fulfil_order"));
        assert_eq!(attribute(&event_item, "sk"), Some("event"));
    }

    #[test]
    fn events_are_listed_by_tenant_if_they_have_one() {
        for (tenant, key) in [(None, None), (Some("acme"), Some("orders#acme"))] {
            let sighting = sighting(tenant);
            let item = event_item(&EventItem::from(&sighting), &sighting).expect("an item");
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
        let sighting = sighting(Some("acme"));
        let event = EventItem::from(&sighting);
        let item = event_item(&event, &sighting).expect("an item");
        assert_eq!(delivery_ids(&item), [sighting.delivery_id.to_string()]);
        assert_eq!(from_item::<EventItem>(SIGHT, item).expect("an event"), event);
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

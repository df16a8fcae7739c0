//! The items of the ledger.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::part::Part;
use hookdock_pipeline::delivery::reference::{MessageKind, Reference};
use hookdock_pipeline::job::{ErrorClass, Failure};
use hookdock_pipeline::ledger::{
    Claim, DeadReason, DeliveryRecord, EventRecord, EventRef, Run, RunId, Settlement,
};
use hookdock_pipeline::model::names::{BodyDigest, CodeVersion, DeliveryId, EventKey, Owner};
use hookdock_pipeline::model::port_error::PortErrorKind;
use hookdock_pipeline::ports::Conditional;
use hookdock_signature::EpochMillis;

use super::condition::Conflict;
use super::events::{EventUpdate, delivery_ids, event_item};
use super::item::{Item, from_item, number, text};
use super::runs::{other_than, run_item, stored_run};

const ACTION: &str = "try";

/// 2026-11-21T23:59:59.999Z
const NOW: EpochMillis = EpochMillis::new(1_795_305_599_999);

fn run() -> Run {
    let event =
        EventRef { endpoint: "orders".parse().expect("a name"), key: EventKey::of(&[b"evt_1"]) };
    let claim = Claim {
        owner: Owner::new(7),
        code: CodeVersion::of_this_package(),
        now: NOW,
        lease_until: NOW.plus(Duration::from_secs(62)),
        generation: 0,
        restart: None,
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
            restart: None,
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
            stored_bytes: 2,
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
        run_item(ACTION, &claimed).expect("an item"),
        run_item(ACTION, &claimed.settled(Settlement::Done, None, NOW)).expect("an item"),
    ];
    for item in written {
        assert!(named_bytes(&item) <= 1024, "{} bytes: {item:?}", named_bytes(&item));
        let indexed = ["state_key", "tenant_key"].into_iter().any(|key| item.contains_key(key));
        assert!(!indexed, "an index costs one more: {item:?}");
    }
}

#[test]
fn an_event_and_its_runs_share_a_partition() {
    let run_item = run_item(ACTION, &run()).expect("an item");
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
        (Some(Settlement::Defer(NOW, "the window".to_owned())), Some("waiting")),
        (Some(Settlement::Retry(NOW, failed())), Some("retrying")),
        (Some(Settlement::Dead(DeadReason::Permanent, failed())), Some("dead")),
        (Some(Settlement::Done), None),
        (Some(Settlement::Ignored("test mode".to_owned())), None),
    ] {
        let run = settlement.map_or(claimed.clone(), |end| claimed.settled(end, None, NOW));
        let item = run_item(ACTION, &run).expect("an item");
        let expected = state.map(|state| format!("{state}#{shard}"));
        assert_eq!(attribute(&item, "state_key"), expected.as_deref());
        assert_eq!(attribute(&item, "updated_at_ms"), Some("1795305599999"));
    }
}

#[test]
fn a_run_comes_back_as_it_was_written() {
    for run in [run(), run().settled(Settlement::Retry(NOW, failed()), None, NOW)] {
        assert_eq!(
            stored_run(ACTION, run_item(ACTION, &run).expect("an item")).expect("a run"),
            run
        );
    }
}

#[test]
fn an_event_comes_back_as_it_was_written() {
    let delivery = delivery(Some("acme"));
    let event = EventRecord::from(&delivery);
    let item = event_item(&event, &delivery).expect("an item");
    assert_eq!(delivery_ids(&item), [delivery.reference.delivery_id.to_string()]);
    assert_eq!(from_item::<EventRecord>(ACTION, item).expect("an event"), event);
}

#[test]
fn a_write_that_meets_itself_has_succeeded() {
    let run = run();
    let conflict = |run: &Run| Conflict(Some(run_item(ACTION, run).expect("an item")));
    assert_eq!(other_than(ACTION, &run, conflict(&run)).expect("read"), Conditional::Written);
    let other = Run { owner: Owner::new(8), ..run.clone() };
    let refused = other_than(ACTION, &run, conflict(&other)).expect("read");
    assert_eq!(refused, Conditional::Refused(other));
}

#[test]
fn a_run_of_another_version_is_not_read() {
    let mut item = run_item(ACTION, &run()).expect("an item");
    item.insert("version".to_owned(), number(2));
    let error = stored_run(ACTION, item).expect_err("not readable");
    assert_eq!(error.kind(), PortErrorKind::Invalid);
}

/// The words of an expression that begin with this character, as `#pk` and `:pk` do.
fn words(expression: &str, first: char) -> BTreeSet<&str> {
    let ends = |c: char| !c.is_ascii_alphanumeric() && !"_#:".contains(c);
    expression.split(ends).filter(|word| word.starts_with(first)).collect()
}

/// DynamoDB refuses an expression with a name or a value that is missing, or one too many.
#[test]
fn an_update_of_an_event_has_each_name_and_value_that_its_expressions_use_and_no_other() {
    let all = EventUpdate {
        counted: true,
        keep_id: true,
        jobs: vec![run().id.job],
        lists: vec![("conflicts", text("dlv_1")), ("packed", text("an object"))],
    };
    for update in [
        all.clone(),
        EventUpdate { keep_id: false, ..all.clone() },
        EventUpdate { lists: Vec::new(), ..all.clone() },
        EventUpdate { jobs: Vec::new(), ..all.clone() },
        EventUpdate { jobs: all.jobs, ..EventUpdate::default() },
    ] {
        let used = format!("{} {}", update.expression(), update.condition());
        let names = update.names().expect("names");
        assert_eq!(names.keys().map(String::as_str).collect::<BTreeSet<_>>(), words(&used, '#'));
        let values = update.values(&delivery(None)).expect("values");
        assert_eq!(values.keys().map(String::as_str).collect::<BTreeSet<_>>(), words(&used, ':'));
    }
}

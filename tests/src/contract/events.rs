//! Deliveries are recorded, and their events tell what they were.

use std::time::Duration;

use futures_util::future::join_all;
use hookdock_pipeline::delivery::identity::IgnoreCause;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::part::Part;
use hookdock_pipeline::delivery::reference::{MessageKind, Reference};
use hookdock_pipeline::ledger::{
    Dedupe, DeliveryRecord, EventRecord, History, Recorded, Run, RunId,
};
use hookdock_pipeline::model::names::BodyDigest;
use hookdock_pipeline::ports::{Histories as _, Ledger as _};

use crate::contract::{Bench, claim, delivery_id, event_ref, run_id};
use crate::stack::START;

/// An event counts each delivery once, however often and however many at once it is recorded,
/// and keeps what its first delivery said.
pub async fn events<B: Bench>(bench: &B) {
    let event = recorded(1);
    let first = bench.ledger().record_delivery(&event).await.expect("recorded");
    assert_eq!(first, Recorded { dedupe: Dedupe::First, jobs: Vec::new() });
    let known = history_after(bench, &event).await;
    assert_eq!(known.deliveries, 1);
    assert_eq!(known.event_type, event.reference.event_type);
    assert_eq!(known.tenant, event.reference.tenant);
    assert_eq!(history_after(bench, &event).await, known, "nothing changes");

    let of = |number| {
        let reference = Reference { delivery_id: delivery_id(number), ..event.reference.clone() };
        DeliveryRecord { reference, ..event.clone() }
    };
    let others: Vec<DeliveryRecord> = (2..=21).map(of).collect();
    let answers = join_all(others.iter().map(|other| bench.ledger().record_delivery(other))).await;
    for answer in answers {
        assert_eq!(answer.expect("recorded").dedupe, Dedupe::Repeat);
    }
    let known = history_after(bench, &event).await;
    assert_eq!(known.deliveries, 21);
    assert_eq!(known.first_delivery, delivery_id(1));

    let mut changed = of(30);
    changed.reference.sha256 = BodyDigest::of(b"another body");
    for _ in 0..2 {
        let answer = bench.ledger().record_delivery(&changed).await.expect("recorded");
        assert_eq!(answer.dedupe, Dedupe::Conflict { first: delivery_id(1) });
        let known = history_after(bench, &changed).await;
        assert_eq!((known.deliveries, &known.sha256), (22, &event.reference.sha256));
        assert_eq!(known.conflicts, [delivery_id(30)], "a delivery with another body is named");
    }

    let month = Duration::from_secs(31 * 24 * 60 * 60);
    let after_its_life = DeliveryRecord { recorded_at: START.plus(month), ..of(22) };
    let known = history_after(bench, &after_its_life).await;
    assert_eq!(known.deliveries, 1, "an event whose record life is over begins again");
}

/// An event names each job that ever ran for it once, whoever recorded it and in which order.
pub async fn jobs<B: Bench>(bench: &B) {
    let named = |number, jobs: &[&str]| DeliveryRecord {
        jobs: jobs.iter().map(|name| name.parse().expect("a name")).collect(),
        ..recorded(number)
    };
    let record = async |delivery: DeliveryRecord| {
        let answer = bench.ledger().record_delivery(&delivery).await.expect("recorded");
        let mut jobs: Vec<_> = answer.jobs.iter().map(ToString::to_string).collect();
        jobs.sort();
        (history_after(bench, &delivery).await.deliveries, jobs.join(" "))
    };
    for (delivery, deliveries, jobs) in [
        (DeliveryRecord { ignored: Some(IgnoreCause::NoJob), ..recorded(1) }, 1, ""),
        (named(1, &["a"]), 1, "a"),
        (named(1, &["a"]), 1, "a"),
        (named(1, &["b", "c"]), 1, "a b c"),
        (named(2, &["b", "d"]), 2, "a b c d"),
        (named(2, &[]), 2, "a b c d"),
        (named(3, &[]), 3, "a b c d"),
    ] {
        assert_eq!(record(delivery.clone()).await, (deliveries, jobs.to_owned()), "{delivery:?}");
    }
    let twins = (4..12).map(|number| record(named(number, &["e", "f"])));
    join_all(twins).await;
    assert_eq!(record(named(1, &[])).await, (11, "a b c d e f".to_owned()));
}

/// As long as an event is ignored, its latest delivery is the one that counts; from then on that
/// one is the first, and others are compared with it.
pub async fn ignored<B: Bench>(bench: &B) {
    let delivery = |number: u128, body: &[u8], ignored| {
        let mut delivery = DeliveryRecord { ignored, ..recorded(number) };
        delivery.reference.sha256 = BodyDigest::of(body);
        delivery.reference.event_type = Some(format!("type.{number}").parse().expect("a type"));
        delivery
    };
    let record = async |delivery| history_after(bench, &delivery).await;
    let no_job = Some(IgnoreCause::NoJob);
    let told = |record: &EventRecord| {
        let EventRecord { deliveries, first_delivery, sha256, ignored, conflicts, .. } = record;
        (*deliveries, first_delivery.clone(), sha256.clone(), *ignored, conflicts.len())
    };
    let known = record(delivery(1, b"one", no_job)).await;
    assert_eq!(told(&known), (1, delivery_id(1), BodyDigest::of(b"one"), no_job, 0));
    let known = record(delivery(2, b"two", no_job)).await;
    assert_eq!(told(&known), (2, delivery_id(2), BodyDigest::of(b"two"), no_job, 0));
    assert_eq!(known.event_type.as_ref().map(|name| name.as_str()), Some("type.2"));

    let late = DeliveryRecord {
        recorded_at: START.minus(Duration::from_secs(60)),
        jobs: vec!["a".parse().expect("a name")],
        ..delivery(1, b"one", None)
    };
    assert_eq!(record(late).await, known, "a write that arrives late changes nothing");

    let again = record(delivery(1, b"one", None)).await;
    assert_eq!(told(&again), (2, delivery_id(1), BodyDigest::of(b"one"), None, 0));
    let late = record(delivery(2, b"two", no_job)).await;
    assert_eq!(late, again, "a worker that knows no job yet changes nothing");
    let other = record(delivery(3, b"three", None)).await;
    assert_eq!(told(&other), (3, delivery_id(1), BodyDigest::of(b"one"), None, 1));
}

/// An event's type is fixed when it is first recorded: the same body under another type is a
/// conflict, whether or not anything has run, and names no job.
pub async fn retyped<B: Bench>(bench: &B) {
    let delivery = |number: u128, event_type: &str, jobs: &[&str]| {
        let mut delivery = recorded(number);
        delivery.reference.event_type = Some(event_type.parse().expect("a type"));
        delivery.jobs = jobs.iter().map(|name| name.parse().expect("a name")).collect();
        delivery.ignored = jobs.is_empty().then_some(IgnoreCause::NoJob);
        delivery
    };
    let conflict = Dedupe::Conflict { first: delivery_id(1) };
    let record = async |delivery: &DeliveryRecord| {
        bench.ledger().record_delivery(delivery).await.expect("recorded")
    };
    record(&delivery(1, "customer.deleted", &[])).await;
    let other = delivery(2, "customer.updated", &["sync"]);
    for _ in 0..2 {
        let answer = record(&other).await;
        assert_eq!((answer.dedupe, answer.jobs), (conflict.clone(), Vec::new()));
        let known = history_after(bench, &other).await;
        assert_eq!((known.deliveries, known.ignored), (2, Some(IgnoreCause::NoJob)));
        assert_eq!((known.first_delivery, known.conflicts), (delivery_id(1), vec![delivery_id(2)]));
    }
    let answer = record(&delivery(1, "customer.deleted", &["forget"])).await;
    assert_eq!(answer.dedupe, Dedupe::First, "a job for its own type was added");
    for other in [other, delivery(3, "customer.created", &["sync"])] {
        let answer = record(&other).await;
        assert_eq!(answer.dedupe, conflict);
        assert_eq!(answer.jobs.iter().map(ToString::to_string).collect::<Vec<_>>(), ["forget"]);
    }
}

/// Of several deliveries that come at once when there is a job, one is the first, and all others
/// are conflicts.
pub async fn ignored_at_once<B: Bench>(bench: &B) {
    let delivery = |number: u128| {
        let mut delivery = recorded(number);
        delivery.reference.sha256 = BodyDigest::of(&number.to_be_bytes());
        delivery
    };
    let ignored = DeliveryRecord { ignored: Some(IgnoreCause::NoJob), ..delivery(1) };
    bench.ledger().record_delivery(&ignored).await.expect("recorded");
    let deliveries: Vec<DeliveryRecord> = (2..=9).map(delivery).collect();
    let seen = join_all(deliveries.iter().map(|other| bench.ledger().record_delivery(other))).await;
    assert!(seen.iter().all(Result::is_ok), "{seen:?}");
    let record = history_after(bench, &deliveries[0]).await;
    assert_eq!((record.deliveries, record.ignored, record.conflicts.len()), (9, None, 7));
    assert!(!record.conflicts.contains(&record.first_delivery), "{record:?}");
}

/// All that is recorded of an event is read in one go, its runs by the names of their jobs.
pub async fn histories<B: Bench>(bench: &B) {
    let (ledger, histories) = (bench.ledger(), bench.histories());
    assert_eq!(histories.history(&event_ref()).await.expect("an answer"), None);
    ledger.record_delivery(&recorded(1)).await.expect("recorded");
    let event = EventRecord::from(&recorded(1));
    let other = RunId { job: "another_job".parse().expect("a name"), ..run_id() };
    let runs = [Run::opened(other, &claim(1)), Run::opened(run_id(), &claim(2))];
    for run in runs.iter().rev() {
        ledger.create(run).await.expect("opened");
    }
    let history = histories.history(&event_ref()).await.expect("an answer");
    assert_eq!(history, Some(History { event, runs: runs.into() }));
}

pub(super) fn recorded(number: u128) -> DeliveryRecord {
    DeliveryRecord {
        reference: Reference {
            version: Reference::VERSION,
            kind: MessageKind::Reference,
            generation: 0,
            job: None,
            restart: None,
            part: Part::Whole,
            delivery_id: delivery_id(number),
            endpoint: event_ref().endpoint,
            provider: "stripe".to_owned(),
            tenant: Some("acme".parse().expect("a name")),
            event_key: event_ref().key,
            event_id: None,
            event_type: Some("caf\u{e9}.opened".parse().expect("a type")),
            flags: Vec::new(),
            object: ObjectKey::of(&event_ref().endpoint, &delivery_id(number), START),
            sha256: BodyDigest::of(b"x"),
            stored_bytes: 2,
            received_at_ms: START.get(),
        },
        jobs: Vec::new(),
        ignored: None,
        recorded_at: START,
    }
}

/// What is known of the only event, once the delivery is recorded.
async fn history_after<B: Bench>(bench: &B, delivery: &DeliveryRecord) -> EventRecord {
    bench.ledger().record_delivery(delivery).await.expect("recorded");
    let history = bench.histories().history(&event_ref()).await.expect("an answer");
    history.expect("it is recorded").event
}

//! The contracts of the ports: what the pipeline relies on, whoever keeps the data.
//!
//! Each function takes a fresh [`Bench`] and panics where the contract is broken.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use hookdock_embedded::{EndpointFile, TestSystem};
use hookdock_pipeline::delivery::identity::IgnoreCause;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::part::{Item, Part};
use hookdock_pipeline::delivery::reference::{MessageKind, Reference};
use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::delivery::verified::{RawDelivery, VerifiedDelivery};
use hookdock_pipeline::job::{Effects, ErrorClass, Failure, Registry};
use hookdock_pipeline::ledger::dead_letter::DeadLetter;
use hookdock_pipeline::ledger::{
    Claim, DeadReason, Dedupe, DeliveryRecord, EventRecord, EventRef, Fence, History, Recorded,
    Run, RunId, Settlement, StepResult,
};
use hookdock_pipeline::lookup;
use hookdock_pipeline::model::names::{
    BodyDigest, CellTag, CodeVersion, DeliveryId, EventKey, Owner, StepName,
};
use hookdock_pipeline::model::scope::Scope;
use hookdock_pipeline::ports::{
    Archive, Captured, Captures, Cell, Cells as _, CommitRefused, Conditional, Deliveries,
    Document, DocumentName, Documents, Endpoints as _, Histories, Ledger, MOST_AT_ONCE, Messages,
    Packs, Record, Records, WorkQueue,
};
use hookdock_pipeline::process::{CrashIsolation, Process, Received, Settings, Verdict};
use hookdock_signature::{EpochMillis, Keys, Secret};
use serde_json::json;

use crate::requests::{Draft, ENDPOINTS};
use crate::stack::{START, scope};

/// Calls a macro with the names of all contracts, so that no adapter is spared one.
#[macro_export]
macro_rules! each_contract {
    ($contracts:ident) => {
        $contracts!(
            archive,
            once,
            packs,
            captures,
            queue,
            items,
            events,
            jobs,
            ignored,
            ignored_at_once,
            retyped,
            claims,
            fences,
            states,
            commits,
            cells,
            histories,
            records,
            documents,
            scopes
        );
    };
}

/// A set of adapters, and what a test has to see behind them.
pub trait Bench: Sync {
    /// The adapters.
    type Ports: Archive
        + Captures
        + Deliveries
        + Packs
        + WorkQueue
        + Messages
        + Ledger
        + Histories
        + Records
        + Documents;

    /// The adapters.
    fn ports(&self) -> &Self::Ports;

    /// Hands out the visible messages of the work queue.
    fn receive(&self) -> impl Future<Output = Vec<Seen>> + Send;

    /// Hands out what lies in the dead-letter queue.
    fn dead_letters(&self) -> impl Future<Output = Vec<Seen>> + Send;

    /// Lets time pass.
    fn wait(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// A message as a consumer of the queue sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its handle.
    pub receipt: String,
    /// Its body.
    pub body: String,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// How often it was handed out.
    pub receives: u32,
}

/// A delivery that is stored can be read back byte for byte, and others are missing.
pub async fn archive<B: Bench>(bench: &B) {
    let sealed = seal(&Draft::github(Bytes::from_static(b"\x00\xff binary")), 1).await;
    let object = &sealed.reference().object;
    assert_eq!(
        Deliveries::read(bench.ports(), object).await.expect("an answer"),
        None,
        "nothing is there yet"
    );

    bench.ports().put(&sealed).await.expect("stored");
    let stored = Deliveries::read(bench.ports(), object).await.expect("an answer").expect("stored");
    assert_eq!(&stored, sealed.object(), "byte for byte");

    bench.ports().put(&sealed).await.expect("storing it again is harmless");
    let other = ObjectKey::of(&sealed.reference().endpoint, &delivery_id(2), START);
    assert_eq!(Deliveries::read(bench.ports(), &other).await.expect("an answer"), None);
}

/// Of several deliveries of an event that are stored once, at the same time or later, one is new,
/// and it stays.
pub async fn once<B: Bench>(bench: &B) {
    let draft = Draft::to("direct", "github", "{}");
    let mut sealed = Vec::new();
    for number in 1..=8 {
        sealed.push(seal(&draft, number).await);
    }
    let object = &sealed[0].reference().object;
    assert_eq!(Deliveries::read(bench.ports(), object).await.expect("an answer"), None);
    let all = sealed[..7].iter().map(|sealed| bench.ports().put_once(sealed));
    let all = join_all(all).await;
    let new = all.iter().map(|kept| kept.as_ref().expect("an answer"));
    let new: Vec<_> = new.enumerate().filter(|(_, kept)| **kept == Conditional::Written).collect();
    assert_eq!(new.len(), 1, "{new:?}");
    let later = bench.ports().put_once(&sealed[7]).await.expect("an answer");
    assert_eq!(later, Conditional::Refused(()));
    let stored = Deliveries::read(bench.ports(), object).await.expect("an answer").expect("stored");
    assert_eq!(&stored, sealed[new[0].0].object(), "the first, byte for byte");
}

/// Deliveries that come in their messages are packed, those of an hour together, before anything
/// is recorded of them; each is found by its id, and the ledger says where it is.
pub async fn packs<B: Bench>(bench: &B) {
    let ports = bench.ports();
    let an_hour = Duration::from_secs(60 * 60);
    let mut sealed = Vec::new();
    for (number, at) in [(1, START), (2, START), (3, START), (4, START.plus(an_hour))] {
        // The last two carry the same event.
        let draft = Draft::small_checkout(&format!("evt_{}", number.min(3)), "cs_1");
        sealed.push(seal_at(&draft, number, at).await);
    }
    let process = Process {
        deliveries: ports.clone(),
        messages: ports.clone(),
        ledger: ports.clone(),
        system: TestSystem::starting_at(START),
        effects: Effects::new(Arc::new(ports.clone())),
        registry: Registry::new(),
        settings: Settings::default(),
        crash_isolation: CrashIsolation::default(),
        breakers: Arc::default(),
    };
    let message = |sealed: &SealedDelivery, receives| Received {
        body: sealed.message().to_owned(),
        receipt: String::new(),
        receives,
        sent_at: START,
        deadline: START.plus(an_hour),
    };
    let first: Vec<_> = sealed.iter().map(|sealed| message(sealed, 1)).collect();
    let verdicts = join_all(process.batch(&first)).await;
    assert_eq!(verdicts, [Verdict::Finished; 4]);

    let mut packs = Vec::new();
    for sealed in &sealed {
        let Reference { endpoint, delivery_id, .. } = sealed.reference();
        let found = lookup::find(ports, endpoint, delivery_id).await.expect("an answer");
        let (object, stored) = found.expect("it is in a pack");
        assert_eq!(&stored, sealed.object(), "byte for byte");
        let event = EventRef::of(sealed.reference());
        let place = ports.find_pack(&event, delivery_id).await.expect("an answer");
        assert_eq!(place.as_ref(), Some(&object), "the ledger says the same");
        packs.push(object);
    }
    assert!(packs[0].is_pack() && packs[0] == packs[1] && packs[1] == packs[2], "{packs:?}");
    assert!(packs[3].is_pack() && packs[3] != packs[0], "another hour, another pack: {packs:?}");

    let Reference { endpoint, delivery_id, .. } = sealed[1].reference();
    let stranger = "github".parse().expect("a name");
    let found = lookup::find(ports, &stranger, delivery_id).await.expect("an answer");
    assert_eq!(found, None, "the id of another endpoint");
    let found = lookup::find(ports, endpoint, &delivery_id_at(START, 9)).await.expect("an answer");
    assert_eq!(found, None);
    let unseen = ports.find_pack(&event_ref(), delivery_id).await.expect("an answer");
    assert_eq!(unseen, None);

    let again: Vec<_> = sealed.iter().skip(1).map(|sealed| message(sealed, 2)).collect();
    join_all(process.batch(&again)).await;
    let names = ports.packs("archive/").await.expect("an answer");
    assert_eq!(names, [packs[0].clone(), packs[3].clone()], "what is packed is not packed again");
}

/// A reference that is sent is received; put off, it is hidden for that long and counted again;
/// a dead letter keeps its body and its attributes.
pub async fn queue<B: Bench>(bench: &B) {
    let sealed = seal(&Draft::order("acme", "acme secret"), 1).await;
    bench.ports().send(&sealed).await.expect("sent");
    let first = only(bench.receive().await);
    assert_eq!(first.body, sealed.message());
    assert_eq!(first.attributes["endpoint"], "orders");
    assert_eq!(first.attributes["event_type"], "orders/create");
    assert_eq!(first.receives, 1);
    let object = &sealed.reference().object;
    let stored = Deliveries::read(bench.ports(), object).await.expect("an answer");
    assert_eq!(stored.is_some(), <B::Ports as WorkQueue>::STORES, "it stores what it says");
    assert_eq!(bench.receive().await, [], "a message that was handed out is hidden");

    let second = Duration::from_secs(1);
    bench.ports().change_visibility(&first.receipt, second).await.expect("put off");
    assert_eq!(bench.receive().await, [], "a message that was put off is hidden");
    bench.wait(second + Duration::from_millis(200)).await;
    assert_eq!(only(bench.receive().await).receives, 2);

    let letter = DeadLetter {
        body: "caf\u{e9}".to_owned(),
        attributes: vec![("reason", "bad_reference".to_owned()), ("job", "a_job".to_owned())],
    };
    bench.ports().dead_letter(&letter).await.expect("dead_lettered");
    let dead_lettered = only(bench.dead_letters().await);
    assert_eq!(dead_lettered.body, letter.body);
    assert_eq!(dead_lettered.attributes["reason"], "bad_reference");
    assert_eq!(dead_lettered.attributes["job"], "a_job");
}

/// References to items are received like any other, all of them, each with its own attributes.
pub async fn items<B: Bench>(bench: &B) {
    let batch = seal(&Draft::order("acme", "acme secret"), 1).await.into_reference();
    let item = |number: usize| Reference {
        event_type: Some(format!("type {number}").parse().expect("a type")),
        tenant: batch.tenant.clone().filter(|_| number.is_multiple_of(2)),
        part: Part::Item(Item {
            form: None,
            pointer: format!("/{number}"),
            sha256: BodyDigest::of(&[]),
        }),
        ..batch.clone()
    };
    let items: Vec<Reference> = (0..MOST_AT_ONCE).map(item).collect();
    let trace = Some("Root=1-5759e988-bd862e3fe1be46a994272793");
    let refused = bench.ports().send_items(&items, trace).await.expect("an answer");
    assert_eq!(refused, [0_usize; 0]);
    assert!(bench.ports().send_items(&items[..1], None).await.expect("an answer").is_empty());

    let mut seen = Vec::new();
    while seen.len() < items.len() + 1 {
        let more = bench.receive().await;
        assert!(!more.is_empty(), "{} are missing", items.len() + 1 - seen.len());
        seen.extend(more);
    }
    for item in &items {
        let body = item.to_json().expect("a reference");
        let found = seen.iter().find(|seen| seen.body == body).expect("each is there");
        let event_type = item.event_type.as_ref().expect("each has one").as_str();
        assert_eq!(found.attributes["event_type"], event_type);
        assert_eq!(found.attributes["endpoint"], "orders");
    }
}

/// An event counts each delivery once, however often and however many at once it is recorded,
/// and keeps what its first delivery said.
pub async fn events<B: Bench>(bench: &B) {
    let event = recorded(1);
    let first = bench.ports().record_delivery(&event).await.expect("recorded");
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
    let answers = join_all(others.iter().map(|other| bench.ports().record_delivery(other))).await;
    for answer in answers {
        assert_eq!(answer.expect("recorded").dedupe, Dedupe::Repeat);
    }
    let known = history_after(bench, &event).await;
    assert_eq!(known.deliveries, 21);
    assert_eq!(known.first_delivery, delivery_id(1));

    let mut changed = of(30);
    changed.reference.sha256 = BodyDigest::of(b"another body");
    for _ in 0..2 {
        let answer = bench.ports().record_delivery(&changed).await.expect("recorded");
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
        let answer = bench.ports().record_delivery(&delivery).await.expect("recorded");
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
        bench.ports().record_delivery(delivery).await.expect("recorded")
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
    bench.ports().record_delivery(&ignored).await.expect("recorded");
    let deliveries: Vec<DeliveryRecord> = (2..=9).map(delivery).collect();
    let seen = join_all(deliveries.iter().map(|other| bench.ports().record_delivery(other))).await;
    assert!(seen.iter().all(Result::is_ok), "{seen:?}");
    let record = history_after(bench, &deliveries[0]).await;
    assert_eq!((record.deliveries, record.ignored, record.conflicts.len()), (9, None, 7));
    assert!(!record.conflicts.contains(&record.first_delivery), "{record:?}");
}

/// A run is opened by one worker only, and the others are told what they lost to.
pub async fn claims<B: Bench>(bench: &B) {
    let runs: Vec<Run> = (1..=10).map(|owner| Run::opened(run_id(), &claim(owner))).collect();
    let answers = join_all(runs.iter().map(|run| bench.ports().create(run))).await;
    let answers: Vec<Option<Run>> =
        answers.into_iter().map(|answer| answer.expect("an answer").refused()).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_none()).count(), 1, "one wins");
    let winner = runs.iter().zip(&answers).find(|(_, answer)| answer.is_none());
    let winner = winner.expect("one wins").0;
    for told in answers.iter().flatten() {
        assert_eq!(told, winner, "the others are told by whom they were beaten");
    }
}

/// A run moves on only for who holds its fence: owner, attempt and state must all be right.
pub async fn fences<B: Bench>(bench: &B) {
    let run = Run::opened(run_id(), &claim(1));
    let missing = bench.ports().compare_and_swap(&run.fence(), &run).await;
    assert!(missing.is_err(), "a run that was never opened has no state to move on from");
    bench.ports().create(&run).await.expect("opened");
    let done = run.settled(Settlement::Done, START);
    let right = run.fence();
    for wrong in [
        Fence { owner: Owner::new(2), ..right.clone() },
        Fence { attempt: 2, ..right.clone() },
        Fence { state: "retrying", ..right.clone() },
        Fence { writes: 1, ..right.clone() },
    ] {
        let answer =
            bench.ports().compare_and_swap(&wrong, &done).await.expect("an answer").refused();
        assert_eq!(answer.as_ref(), Some(&run), "{wrong:?} is refused");
    }
    assert_eq!(
        bench.ports().compare_and_swap(&right, &done).await.expect("an answer").refused(),
        None
    );
    let again = bench.ports().compare_and_swap(&right, &done).await.expect("an answer").refused();
    assert_eq!(again, None, "a write whose answer got lost may be made again");
    let late = run.settled(Settlement::Ignored("too late".to_owned()), START);
    let answer = bench.ports().compare_and_swap(&right, &late).await.expect("an answer").refused();
    assert_eq!(answer, Some(done.clone()), "another outcome cannot replace the first");
    assert_eq!(bench.ports().run(&run.id).await.expect("an answer"), Some(done));
    let other = RunId { job: "another".parse().expect("a name"), ..run.id };
    assert_eq!(bench.ports().run(&other).await.expect("an answer"), None);
}

/// Every state a run can be in is read back as it was written.
pub async fn states<B: Bench>(bench: &B) {
    let failure = || Failure::transient(ErrorClass::Throttled, "slow down, caf\u{e9}");
    let mut run = Run::opened(run_id(), &claim(1));
    bench.ports().create(&run).await.expect("opened");
    let later = START.plus(Duration::from_secs(60));
    let dead = run.settled(Settlement::Dead(DeadReason::Permanent, failure()), later);
    let kept = StepResult::Kept { sha256: BodyDigest::of(b"large"), bytes: 1 << 20 };
    let next = [
        run.settled(Settlement::Retry(later, failure()), START),
        run.settled(Settlement::Defer(later, "not before noon".to_owned()), START),
        run.step_begun(&step("first"), START)
            .step_saved(&step("first"), inline(r#"{"order":1.0,"note":"caf\u00e9"}"#), START)
            .step_begun(&step("large"), START)
            .step_saved(&step("large"), kept, START)
            .step_begun(&step("second"), later)
            .settled(Settlement::Retry(later, failure()), later),
        run.settled(Settlement::Done, START),
        run.settled(Settlement::Ignored("nothing to do".to_owned()), START),
        dead.dead_lettered(),
        dead,
        run.waiting_for_job(later, START),
        run.given_up_without_job(START),
    ];
    for next in next {
        let answer =
            bench.ports().compare_and_swap(&run.fence(), &next).await.expect("an answer").refused();
        assert_eq!(answer, None, "{next:?} is written");
        let other = Run::opened(run_id(), &claim(2));
        let stored = bench.ports().create(&other).await.expect("an answer").refused();
        assert_eq!(stored.as_ref(), Some(&next));
        run = next;
    }
}

/// A run and a record are written together, or neither is, and the loser learns to what it lost.
pub async fn commits<B: Bench>(bench: &B) {
    let ports = bench.ports();
    let run = Run::opened(run_id(), &claim(1));
    ports.create(&run).await.expect("opened");
    let saved = run.step_saved(&step("commit"), inline("null"), START);
    let (order, other) =
        (record("orders", "1", &json!({"n": 1})), record("orders", "2", &json!(2)));

    let wrong = Fence { owner: Owner::new(2), ..run.fence() };
    let fenced = ports.commit(&wrong, &saved, &order).await.expect("an answer");
    assert_eq!(fenced, Conditional::Refused(CommitRefused::Fenced(Box::new(run.clone()))));
    assert_eq!(ports.get("orders", "1").await.expect("an answer"), None, "nothing is written");

    ports.insert(other.clone()).await.expect("inserted");
    let taken = ports.commit(&run.fence(), &saved, &other).await.expect("an answer");
    assert_eq!(taken, Conditional::Refused(CommitRefused::RecordExists(json!(2))));
    let stored =
        ports.create(&Run::opened(run_id(), &claim(3))).await.expect("an answer").refused();
    assert_eq!(stored.as_ref(), Some(&run), "the run is not written either");

    let both = ports.commit(&run.fence(), &saved, &order).await.expect("an answer");
    assert_eq!(both, Conditional::Written);
    assert_eq!(ports.get("orders", "1").await.expect("an answer"), Some(json!({"n": 1})));
    let stored =
        ports.create(&Run::opened(run_id(), &claim(3))).await.expect("an answer").refused();
    assert_eq!(stored.as_ref(), Some(&saved));
    let again = ports.commit(&run.fence(), &saved, &order).await.expect("an answer");
    assert_eq!(again, Conditional::Written, "a write whose answer got lost may be made again");
}

/// A cell is written by one of those who saw the same in it, and the others are told what it holds.
pub async fn cells<B: Bench>(bench: &B) {
    let ports = bench.ports();
    let job = "sync_customer".parse().expect("a name");
    let entity = |id| Scope::SHARED.entity_cell(&job, id);
    let (name, other) = (entity("1"), entity("2"));
    let read = async |name| ports.cell(name).await.expect("an answer");
    assert_eq!(read(&name).await, None);

    let cells: Vec<Cell> = (1..=10).map(cell).collect();
    let swaps = join_all(cells.iter().map(|to| ports.swap(&name, None, to))).await;
    let swaps: Vec<Conditional<Option<Cell>>> =
        swaps.into_iter().map(|swap| swap.expect("an answer")).collect();
    let won = swaps.iter().position(|swap| *swap == Conditional::Written).expect("one is written");
    for (place, swap) in swaps.into_iter().enumerate() {
        if place != won {
            assert_eq!(swap, Conditional::Refused(Some(cells[won].clone())));
        }
    }
    assert_eq!(read(&name).await.as_ref(), Some(&cells[won]));
    assert_eq!(read(&other).await, None, "cells are apart");

    let (first, wrong, next) = (&cells[won].tag, cell(12).tag, cell(11));
    let swap = async |from, to| ports.swap(&name, from, to).await.expect("an answer");
    assert_eq!(swap(Some(&wrong), &next).await, Conditional::Refused(Some(cells[won].clone())));
    assert_eq!(swap(Some(first), &next).await, Conditional::Written);
    let again = "a write whose answer got lost may be made again";
    assert_eq!(swap(Some(first), &next).await, Conditional::Written, "{again}");
    assert_eq!(swap(Some(first), &cell(13)).await, Conditional::Refused(Some(next.clone())));
    assert_eq!(read(&name).await, Some(next.clone()), "its time is over, and it is still there");
    let missing = ports.swap(&other, Some(first), &next).await.expect("an answer");
    assert_eq!(missing, Conditional::Refused(None));
}

/// All that is recorded of an event is read in one go, its runs by the names of their jobs.
pub async fn histories<B: Bench>(bench: &B) {
    let ports = bench.ports();
    assert_eq!(ports.history(&event_ref()).await.expect("an answer"), None);
    ports.record_delivery(&recorded(1)).await.expect("recorded");
    let event = EventRecord::from(&recorded(1));
    let other = RunId { job: "another_job".parse().expect("a name"), ..run_id() };
    let runs = [Run::opened(other, &claim(1)), Run::opened(run_id(), &claim(2))];
    for run in runs.iter().rev() {
        ports.create(run).await.expect("opened");
    }
    let history = ports.history(&event_ref()).await.expect("an answer");
    assert_eq!(history, Some(History { event, runs: runs.into() }));
}

/// A business record is written by one only, and the others are told what is there.
pub async fn records<B: Bench>(bench: &B) {
    let ports = bench.ports();
    assert_eq!(ports.get("orders", "1").await.expect("an answer"), None);
    let bodies = (0..10).map(|number| json!({ "number": number, "lines": [1.5, null, "x"] }));
    let bodies: Vec<_> = bodies.collect();
    let inserts = bodies.iter().map(|body| ports.insert(record("orders", "1", body)));
    let answers = join_all(inserts).await;
    let answers: Vec<Conditional<serde_json::Value>> =
        answers.into_iter().map(|answer| answer.expect("an answer")).collect();
    let won =
        answers.iter().position(|answer| *answer == Conditional::Written).expect("one is new");
    for (place, answer) in answers.into_iter().enumerate() {
        if place != won {
            assert_eq!(answer, Conditional::Refused(bodies[won].clone()));
        }
    }
    let there = ports.get("orders", "1").await.expect("an answer");
    assert_eq!(there.as_ref(), Some(&bodies[won]));
    let elsewhere = ports.insert(record("invoices", "1", &json!("x"))).await;
    assert_eq!(elsewhere.expect("an answer"), Conditional::Written, "collections are apart");
}

/// A document is kept by one only, byte for byte, and stays as it is.
pub async fn documents<B: Bench>(bench: &B) {
    let ports = bench.ports();
    let invoice = |id| DocumentName::of(Scope::SHARED, "invoices", id, "txt");
    let name = invoice("order 1");
    let read = async |name| Documents::read(ports, name).await.expect("an answer");
    assert_eq!(read(&name).await, None);
    let document = |number: u8| Document {
        name: name.clone(),
        content_type: "text/plain",
        body: Bytes::from(vec![number, 0x00, 0xff]),
    };
    let kept = join_all((0..10).map(|number| ports.keep(document(number)))).await;
    let kept: Vec<Conditional<()>> =
        kept.into_iter().map(|kept| kept.expect("an answer")).collect();
    assert_eq!(kept.iter().filter(|kept| **kept == Conditional::Written).count(), 1, "{kept:?}");
    let winner = kept.iter().position(|kept| *kept == Conditional::Written).expect("one is new");
    let winner = u8::try_from(winner).expect("a small number");
    assert_eq!(read(&name).await, Some(document(winner).body));
    assert_eq!(read(&invoice("order 2")).await, None);
}

/// What has one id in several scopes is several things, each as it was written.
pub async fn scopes<B: Bench>(bench: &B) {
    let ports = bench.ports();
    let (job, crm) = ("sync".parse().expect("a name"), "crm".parse().expect("a name"));
    let a = scope("stripe", Some("a"));
    let others = [scope("stripe", Some("b")), scope("stripe", None), scope("shop", Some("a"))];
    let all = [a].into_iter().chain(others).chain([Scope::Shared]);
    let all: Vec<(u8, Scope)> = (1..).zip(all).collect();
    let invoice = |scope| DocumentName::of(scope, "invoices", "1", "txt");
    let cells = |scope: &Scope| [scope.entity_cell(&job, "1"), scope.breaker_cell(&crm, "1")];
    for (number, scope) in &all {
        let inserted = ports.insert(record("orders", &scope.key("1"), &json!(number))).await;
        assert_eq!(inserted.expect("an answer"), Conditional::Written, "{scope:?}");
        let body = Bytes::from(vec![*number]);
        let document = Document { name: invoice(scope), content_type: "text/plain", body };
        assert_eq!(
            ports.keep(document).await.expect("an answer"),
            Conditional::Written,
            "{scope:?}"
        );
        for name in cells(scope) {
            let swapped = ports.swap(&name, None, &cell((*number).into())).await;
            assert_eq!(swapped.expect("an answer"), Conditional::Written, "{scope:?}");
        }
    }
    for (number, scope) in &all {
        let found = ports.get("orders", &scope.key("1")).await.expect("an answer");
        assert_eq!(found, Some(json!(number)), "{scope:?}");
        let found = Documents::read(ports, &invoice(scope)).await.expect("an answer");
        assert_eq!(found.as_deref(), Some(&[*number][..]), "{scope:?}");
        for name in cells(scope) {
            let found = ports.cell(&name).await.expect("an answer");
            assert_eq!(found, Some(cell((*number).into())), "{scope:?}");
        }
    }
}

/// The first secret that a provider hands over is kept, the same again changes nothing, and
/// another is refused.
pub async fn captures<B: Bench>(bench: &B) {
    let ports = bench.ports();
    let (asana, clio) = ("asana".parse().expect("a name"), "clio".parse().expect("a name"));
    let secret = |value: &str| Secret::new("captured", value).expect("not empty");
    let hand = async |id, value| ports.capture(id, &secret(value)).await.expect("an answer");
    assert_eq!(hand(&asana, "the first secret").await, Captured::New);
    assert_eq!(hand(&asana, "the first secret").await, Captured::Same);
    assert_eq!(hand(&asana, "another secret").await, Captured::Other);
    assert_eq!(hand(&asana, "the first secret").await, Captured::Same, "it stayed");
    assert_eq!(hand(&clio, "another secret").await, Captured::New, "endpoints are apart");
}

fn only(mut seen: Vec<Seen>) -> Seen {
    assert_eq!(seen.len(), 1, "{seen:?}");
    seen.remove(0)
}

fn record(collection: &str, id: &str, body: &serde_json::Value) -> Record {
    Record { collection: collection.to_owned(), id: id.to_owned(), body: body.clone() }
}

fn inline(json: &str) -> StepResult {
    StepResult::Inline(json.to_owned())
}

/// Its life is over: that is nothing to the store.
fn cell(number: u128) -> Cell {
    Cell {
        tag: CellTag::new(number),
        value: format!(r#"{{"version":1,"note":"café {number}"}}"#),
        expires_at: START.minus(Duration::from_secs(60)).to_seconds(),
    }
}

fn step(name: &str) -> StepName {
    name.parse().expect("a name")
}

fn delivery_id(number: u128) -> DeliveryId {
    delivery_id_at(START, number)
}

fn delivery_id_at(at: EpochMillis, number: u128) -> DeliveryId {
    DeliveryId::new(at, number << 64)
}

fn event_ref() -> EventRef {
    EventRef { endpoint: "stripe".parse().expect("a name"), key: EventKey::of(&[b"the event"]) }
}

fn run_id() -> RunId {
    RunId { event: event_ref(), job: "fulfil_order".parse().expect("a name") }
}

fn claim(owner: u128) -> Claim {
    Claim {
        owner: Owner::new(owner),
        code: CodeVersion::of_this_package(),
        now: START,
        lease_until: START.plus(Duration::from_secs(30)),
        generation: 0,
    }
}

fn recorded(number: u128) -> DeliveryRecord {
    DeliveryRecord {
        reference: Reference {
            version: Reference::VERSION,
            kind: MessageKind::Reference,
            generation: 0,
            job: None,
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
            received_at_ms: START.get(),
        },
        jobs: Vec::new(),
        ignored: None,
        recorded_at: START,
    }
}

/// What is known of the only event, once the delivery is recorded.
async fn history_after<B: Bench>(bench: &B, delivery: &DeliveryRecord) -> EventRecord {
    bench.ports().record_delivery(delivery).await.expect("recorded");
    let history = bench.ports().history(&event_ref()).await.expect("an answer");
    history.expect("it is recorded").event
}

/// A delivery, verified and sealed.
pub async fn seal(draft: &Draft, number: u128) -> SealedDelivery {
    seal_at(draft, number, START).await
}

async fn seal_at(draft: &Draft, number: u128, at: EpochMillis) -> SealedDelivery {
    let mut parts = draft.path.trim_start_matches("/webhooks/").split('/');
    let id = parts.next().expect("an endpoint").parse().expect("a name");
    let tenant = parts.next().map(|tenant| tenant.parse().expect("a name"));
    let endpoints = EndpointFile::parse(ENDPOINTS).expect("usable endpoints");
    let endpoint = endpoints.find(&id).await.expect("an answer").expect("registered");
    let raw = RawDelivery {
        id: delivery_id_at(at, number),
        endpoint: id,
        tenant,
        received_at: at,
        incoming: draft.signed(at),
    };
    let verified =
        VerifiedDelivery::verify(raw, Arc::clone(&endpoint), &Keys::none()).expect("verified");
    SealedDelivery::of(&verified).expect("sealed")
}

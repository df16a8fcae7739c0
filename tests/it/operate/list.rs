//! Lists, against a model that knows every event.

use std::collections::BTreeSet;
use std::time::Duration;

use fastrand::Rng;
use futures_util::future::join_all;
use hookdock_embedded::{Embedded, QueueSettings, TestSystem};
use hookdock_operate::{Beginning, Event, Filters, Operator};
use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::job::{ErrorClass, Failure, Registry};
use hookdock_pipeline::ledger::{
    Claim, DeadReason, DeliveryRecord, EventRef, Run, RunId, Settlement,
};
use hookdock_pipeline::model::names::{CodeVersion, Owner};
use hookdock_pipeline::ports::{Archive as _, Ledger as _};
use hookdock_pipeline::process::{Process, Received, Settings, Worker};
use hookdock_signature::EpochMillis;
use hookdock_tests::contract::seal_at;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::START;

use super::{operator, page};

/// What the model knows of an event: enough for each filter.
#[derive(Debug, Clone)]
struct Known {
    delivery: String,
    endpoint: String,
    event_type: &'static str,
    state: &'static str,
    received: EpochMillis,
    changed: EpochMillis,
}

const EVENTS: u32 = 240;

/// How long the events of the model took to come in.
const SPAN: Duration = Duration::from_secs(30 * 60 * 60);

struct World {
    operator: Operator<Embedded<TestSystem>, TestSystem>,
    known: Vec<Known>,
}

fn draft(random: &mut Rng, number: u32) -> (Draft, &'static str, &'static str) {
    let id = format!("evt_{number}");
    let kind = ["checkout.session.completed", "checkout.session.expired", "charge.failed"]
        [random.usize(..3)];
    let body = serde_json::json!({ "id": id, "type": kind }).to_string();
    let (endpoint, secret) =
        [("stripe", "whsec_test"), ("patient", "whsec_patient"), ("small", "whsec_small")]
            [random.usize(..3)];
    (Draft::stripe(endpoint, secret, &body), endpoint, kind)
}

impl World {
    async fn of(seed: u64, events: u32) -> Self {
        let mut random = Rng::with_seed(seed);
        let system = TestSystem::starting_at(START.plus(SPAN));
        let local = Embedded::in_memory(system.clone(), QueueSettings::default()).expect("memory");
        let (mut known, mut inline) = (Vec::new(), Vec::new());
        for number in 0..events {
            // Some come in together, so that ids differ in their chance alone.
            let span = u64::try_from(SPAN.as_millis()).expect("small");
            let received = START.plus(Duration::from_millis(random.u64(..span) / 1000 * 1000));
            let (draft, endpoint, event_type) = draft(&mut random, number);
            let sealed = seal_at(&draft, u128::from(number) + 1, received).await;
            if endpoint == "small" {
                inline.push(sealed.clone());
            } else {
                local.put(&sealed).await.expect("stored");
            }
            let changed = received.plus(Duration::from_millis(random.u64(1..5000)));
            let state = match endpoint {
                "small" => "ignored",
                _ => settle(&local, &sealed, &mut random, received, changed).await,
            };
            // A repeat is no row of its own, once a worker has seen the event.
            if number % 8 == 0 && !["queued", "ignored"].contains(&state) {
                let number = u128::from(number) + 1_000_000;
                let again = seal_at(&draft, number, received.plus(SPAN / 1000)).await;
                local.put(&again).await.expect("stored");
            }
            known.push(Known {
                delivery: sealed.reference().delivery_id.to_string(),
                endpoint: endpoint.to_owned(),
                event_type,
                state,
                received,
                changed,
            });
        }
        pack(&local, &inline).await;
        Self { operator: operator(&local, &system), known }
    }

    /// What a list has to show, in its order.
    fn expected(&self, filters: &Filters) -> Vec<String> {
        let attended = ["dead", "retrying", "waiting", "dismissed"];
        let by_change = filters.state.as_deref().is_some_and(|state| attended.contains(&state));
        let order = |known: &Known| match by_change {
            true => known.changed,
            false => known.received,
        };
        let after = |at: EpochMillis, time: Option<jiff::Timestamp>| {
            time.is_none_or(|time| at.get() >= time.as_millisecond())
        };
        let meant = self.known.iter().filter(|known| {
            filters.endpoint.as_ref().is_none_or(|endpoint| *endpoint == known.endpoint)
                && filters.state.as_ref().is_none_or(|state| *state == known.state)
                && filters.event_type.as_ref().is_none_or(|pattern| {
                    let beginning = pattern.trim_end_matches('*');
                    known.event_type.starts_with(beginning)
                })
                && after(order(known), filters.since)
                && filters.until.is_none_or(|until| order(known).get() < until.as_millisecond())
        });
        let mut meant: Vec<_> = meant.collect();
        match by_change {
            true => meant.sort_by_key(|known| std::cmp::Reverse(known.changed)),
            false => meant.sort_by_key(|known| std::cmp::Reverse(known.delivery.clone())),
        }
        meant.into_iter().map(|known| known.delivery.clone()).collect()
    }

    async fn listed(&self, filters: &Filters, limit: usize) -> Vec<String> {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = page(&self.operator, filters, limit, cursor).await;
            assert!(page.items.len() <= limit, "a page of {limit} has {}", page.items.len());
            assert_eq!(page.looked.complete, page.next.is_none());
            all.extend(page.items.iter().map(delivery));
            cursor = page.next;
            if cursor.is_none() {
                return all;
            }
        }
    }
}

fn delivery(event: &Event) -> String {
    event.first_delivery.clone().expect("each has one")
}

/// Records the event and brings its run into some state.
async fn settle(
    local: &Embedded<TestSystem>,
    sealed: &SealedDelivery,
    random: &mut Rng,
    received: EpochMillis,
    changed: EpochMillis,
) -> &'static str {
    let state = ["queued", "done", "dead", "retrying", "waiting", "dismissed"][random.usize(..6)];
    if state == "queued" && random.bool() {
        return state;
    }
    let reference = sealed.reference();
    let job = "a_job".parse().expect("a name");
    let record = DeliveryRecord {
        reference: reference.clone(),
        jobs: vec![job],
        ignored: None,
        recorded_at: received,
    };
    local.record_delivery(&record).await.expect("recorded");
    if state == "queued" {
        return state;
    }
    let claim = Claim {
        owner: Owner::new(1),
        code: CodeVersion::of_this_package(),
        now: received,
        lease_until: received.plus(Duration::from_secs(60)),
        generation: 0,
        restart: None,
    };
    let id = RunId { event: EventRef::of(reference), job: "a_job".parse().expect("a name") };
    let run = Run::opened(id, &claim);
    local.create(&run).await.expect("opened");
    let failure = Failure::transient(ErrorClass::TimedOut, "the CRM does not answer");
    let later = changed.plus(Duration::from_secs(999));
    let settlement = match state {
        "done" => Settlement::Done,
        "retrying" => Settlement::Retry(later, failure),
        "waiting" => Settlement::Defer(later, "not yet".to_owned()),
        _ => Settlement::Dead(DeadReason::AttemptsExhausted, failure),
    };
    let mut settled = run.settled(settlement, None, changed);
    if state == "dismissed" {
        settled = settled.dismissed("anna", "a test", changed).expect("it is dead");
    }
    local.compare_and_swap(&run.fence(), &settled).await.expect("settled");
    state
}

/// Has the deliveries packed as the processor does it; no job is for them.
async fn pack(local: &Embedded<TestSystem>, inline: &[SealedDelivery]) {
    let process = Process {
        deliveries: local.clone(),
        messages: local.clone(),
        ledger: local.clone(),
        system: TestSystem::starting_at(START.plus(SPAN)),
        effects: local.effects(),
        registry: Registry::new(),
        settings: Settings::default(),
        worker: Worker::default(),
    };
    for some in inline.chunks(7) {
        let messages: Vec<Received> = some
            .iter()
            .map(|sealed| Received {
                body: sealed.message().to_owned(),
                receipt: String::new(),
                receives: 1,
                sent_at: START.plus(SPAN),
                deadline: START.plus(SPAN * 2),
            })
            .collect();
        join_all(process.batch(&messages)).await;
    }
}

fn time(hours: i64) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_millisecond(START.get() + hours * 3_600_000).ok()
}

fn filters() -> Vec<Filters> {
    let name = |name: &str| Some(name.to_owned());
    let plain = Filters::default();
    let mut all = vec![
        plain.clone(),
        Filters { endpoint: name("patient"), ..plain.clone() },
        Filters { endpoint: name("small"), ..plain.clone() },
        Filters { event_type: name("checkout.*"), ..plain.clone() },
        Filters { since: time(5), until: time(6), ..plain.clone() },
        Filters { endpoint: name("stripe"), state: name("dead"), ..plain.clone() },
        Filters { state: name("dead"), since: time(5), until: time(20), ..plain.clone() },
    ];
    for state in ["queued", "done", "dead", "retrying", "waiting", "dismissed", "ignored", "direct"]
    {
        all.push(Filters { state: name(state), ..plain.clone() });
    }
    all
}

#[tokio::test(start_paused = true)]
async fn a_list_shows_what_a_model_says_with_each_filter_and_in_pages_of_any_size() {
    let world = World::of(1, EVENTS).await;
    for filters in filters() {
        let expected = world.expected(&filters);
        for limit in [7, 50, 1000] {
            let listed = world.listed(&filters, limit).await;
            let by_change = filters.state.is_some();
            if by_change {
                // Runs that changed in one millisecond come in the order of their keys.
                let (a, b): (BTreeSet<_>, BTreeSet<_>) =
                    (listed.iter().collect(), expected.iter().collect());
                assert_eq!((listed.len(), a), (expected.len(), b), "{filters:?} by {limit}");
            } else {
                assert_eq!(listed, expected, "{filters:?} by {limit}");
            }
        }
    }
    assert!(world.known.iter().any(|known| known.state == "dismissed"), "the model has all states");
}

#[tokio::test(start_paused = true)]
async fn each_event_is_listed_once_from_every_cursor_while_new_ones_come_in() {
    let world = World::of(2, 90).await;
    let filters = Filters::default();
    let expected = world.expected(&filters);
    let (mut seen, mut cursor, mut number) = (Vec::new(), None, 5_000_000_u128);
    loop {
        let page = page(&world.operator, &filters, 1 + seen.len() % 5, cursor).await;
        seen.extend(page.items.iter().map(delivery));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
        number += 1;
        let body = format!(r#"{{"id":"evt_{number}","type":"charge.failed"}}"#);
        let draft = Draft::stripe("stripe", "whsec_test", &body);
        let new = seal_at(&draft, number, START.plus(SPAN)).await;
        world.operator.place.put(&new).await.expect("stored");
    }
    assert_eq!(seen, expected);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_may_look_no_further_says_so_and_goes_on_from_there() {
    let world = World::of(3, 90).await;
    let rare = Filters { event_type: Some("nothing".to_owned()), ..Filters::default() };
    let selection = rare.check().expect("usable");
    let (mut cursor, mut pages) = (None, 0);
    loop {
        let paging = hookdock_operate::Paging { limit: 10, look: 10, cursor };
        let page = world.operator.list(&selection, &paging).await.expect("an answer");
        assert!(page.items.is_empty() && page.looked.names <= 10, "{:?}", page.looked);
        pages += 1;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
        assert!(!page.looked.complete);
    }
    assert!(pages > 5, "{pages} pages of ten for ninety deliveries");
}

#[tokio::test(start_paused = true)]
async fn the_items_of_one_delivery_are_rows_of_their_own_and_a_page_can_end_between_them() {
    let system = TestSystem::starting_at(START);
    let local = Embedded::in_memory(system.clone(), QueueSettings::default()).expect("memory");
    let ids: Vec<String> = (0..9).map(|number| format!("EV{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let sealed = seal_at(&Draft::payments(&ids), 1, START).await;
    local.put(&sealed).await.expect("stored");
    let operator = operator(&local, &system);
    for limit in 1..=10 {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page = page(&operator, &Filters::default(), limit, cursor).await;
            seen.extend(page.items.iter().filter_map(|event| event.id.clone()));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, ids, "pages of {limit}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cursor_of_other_filters_is_refused() {
    let world = World::of(4, 20).await;
    let first = page(&world.operator, &Filters::default(), 5, None).await;
    let other = Filters { state: Some("done".to_owned()), ..Filters::default() };
    for cursor in [first.next.clone().expect("more"), "nonsense".to_owned(), String::new()] {
        let paging = hookdock_operate::Paging { cursor: Some(cursor), ..Default::default() };
        let refused = world.operator.list(&other.clone().check().expect("usable"), &paging).await;
        let code = refused.expect_err("refused").code;
        assert_eq!(code, hookdock_operate::Code::CursorMismatch);
    }
}

/// A list reads the first bytes of an object: the names of the event stand before what a sender
/// makes as long as it likes.
#[tokio::test(start_paused = true)]
async fn the_names_of_an_event_stand_at_the_beginning_of_its_stored_delivery() {
    let long = "x".repeat(100_000);
    let draft = Draft::stripe(
        "stripe",
        "whsec_test",
        &format!(r#"{{"id":"evt_1","type":"a","b":",\"provider_timestamp\":","long":"{long}"}}"#),
    )
    .with("X-Long", &"y".repeat(10_000));
    let sealed = seal_at(&draft, 1, START).await;
    let whole = sealed.object();
    let beginning = Beginning::parse(&whole[..2048]).expect("it is in the first 2 KiB");
    assert_eq!(beginning.delivery_id, sealed.reference().delivery_id);
    assert_eq!(beginning.event.id.expect("an id").as_str(), "evt_1");
    assert_eq!(beginning.received_at.as_millisecond(), START.get());
    assert!(Beginning::parse(&whole[..100]).is_none(), "too little of it says nothing");
    let text = std::str::from_utf8(whole).expect("JSON");
    let place = |name: &str| text.find(&format!("\"{name}\":")).expect(name);
    let names = [
        "version",
        "delivery_id",
        "endpoint",
        "provider",
        "tenant",
        "event",
        "received_at",
        "sha256",
        "provider_timestamp",
        "verification",
        "method",
        "url",
        "headers",
        "body",
    ];
    assert!(names.map(place).is_sorted(), "the order of the stored form");
}

//! Requests that carry several events.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookdock_pipeline::delivery::events::MOST_ITEMS;
use hookdock_pipeline::delivery::identity::{Flag, IgnoreCause};
use hookdock_pipeline::delivery::part::{Batch, Part};
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::job::{Context, Delivery, JobResult, Json, On, Outcome, Registry};
use hookdock_pipeline::ledger::{EventRecord, RunState};
use hookdock_pipeline::model::names::BodyDigest;
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::process::{Received, Verdict};
use hookdock_tests::contract;
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::requests::{Draft, form};
use hookdock_tests::stack::Stack;
use http::StatusCode;
use serde_json::{Value, json};

use crate::scripts::{accept, attribute, letter, receive, unavailable};

/// The private half of the key of the endpoint `mail`, made for these tests.
const SENDGRID_KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgwHqMll6a6b7SD2M4I7aIPJXr1FA5EGZxe1Bt7lDltlihRANCAATw0YTqXHwFWOd1vzobc/IUfTEyUfANKk4I31cNR5l0rGJOSCkr7sVilHnUAf1+l5M9xZpVbn1lTvLgSqtnfUrQ";

/// Adyen's own worked example.
const ADYEN: &str = include_str!("../../shared/signature/vectors/adyen.json");

/// What the jobs were handed, in the order of the attempts.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Value>>>);

impl Seen {
    fn all(&self) -> Vec<Value> {
        self.0.lock().expect("a lock").clone()
    }

    /// How often each event was handed to the job, by what it has under this name.
    fn counts(&self, name: &str) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for event in self.all() {
            *counts.entry(event[name].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        counts
    }
}

/// A job that notes what it is handed, and fails on the first event that says so.
fn noting() -> (Registry, Seen) {
    let seen = Seen::default();
    let notes = seen.clone();
    let job = move |cx: Context, Json(event): Json<Value>| {
        notes.0.lock().expect("a lock").push(event.clone());
        async move {
            match cx.attempt() {
                1 if event["fails"] == json!(true) => Err(unavailable()),
                _ => Ok(Outcome::Done),
            }
        }
    };
    (Registry::new().job("noting", On::endpoint("*"), job), seen)
}

/// A request of SendGrid, signed with its own key.
async fn post_mail(stack: &Stack, body: &str) -> StatusCode {
    let key = STANDARD.decode(SENDGRID_KEY).expect("base64");
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key).expect("a key");
    let time = "1800000000";
    let message = format!("{time}{body}");
    let signature = key.sign(&SystemRandom::new(), message.as_bytes()).expect("signed");
    let draft = Draft::to("mail", "sendgrid", body)
        .with("X-Twilio-Email-Event-Webhook-Signature", &STANDARD.encode(signature))
        .with("X-Twilio-Email-Event-Webhook-Timestamp", time);
    stack.send(draft.unsigned()).await.status()
}

fn ids(events: &[EventRecord]) -> Vec<&str> {
    let ids = events.iter().filter_map(|event| event.event_id.as_ref());
    let mut ids: Vec<&str> = ids.map(|id| id.as_str()).collect();
    ids.sort_unstable();
    ids
}

fn times(counted: &[(&str, usize)]) -> BTreeMap<String, usize> {
    counted.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[tokio::test(start_paused = true)]
async fn three_items_are_three_events_and_the_one_that_fails_is_tried_again_alone() {
    let (jobs, seen) = noting();
    let stack = Stack::with(jobs);
    let body = r#"[{"event":"open","sg_event_id":"a"},
        {"event":"click","sg_event_id":"b","fails":true},{"event":"open","sg_event_id":"c"}]"#;
    assert_eq!(post_mail(&stack, &format!("{body}\r\n")).await, StatusCode::OK);
    stack.drain().await;
    assert_eq!(seen.counts("sg_event_id"), times(&[("a", 1), ("b", 2), ("c", 1)]));
    let events = stack.local.events().expect("memory");
    assert_eq!(ids(&events), ["a", "b", "c"]);
    for event in &events {
        let runs = stack.local.runs(&event.event()).expect("memory");
        assert_eq!(runs[0].state, RunState::Done);
        let fails = event.event_id.as_ref().is_some_and(|id| id.as_str() == "b");
        assert_eq!(event.event_type.as_ref().is_some_and(|name| name.as_str() == "click"), fails);
        assert_eq!(runs[0].attempt, if fails { 2 } else { 1 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_sent_again_in_other_groups_gives_no_second_run() {
    let (jobs, seen) = noting();
    let stack = Stack::with(jobs);
    for group in [&["a", "b", "c"][..], &["b"], &["c", "d", "a"], &["a", "b", "c"]] {
        accept(&stack, &Draft::payments(group)).await;
        stack.drain().await;
    }
    assert_eq!(seen.counts("id"), times(&[("a", 1), ("b", 1), ("c", 1), ("d", 1)]));
    let events = stack.local.events().expect("memory");
    let mut deliveries: Vec<u64> = events.iter().map(|event| event.deliveries).collect();
    deliveries.sort_unstable();
    assert_eq!(deliveries, [1, 3, 3, 3]);
}

#[tokio::test(start_paused = true)]
async fn one_item_is_an_ordinary_event_without_a_detour() {
    let (jobs, seen) = noting();
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::payments(&["a"])).await;
    let message = receive(&stack).await;
    let reference = Reference::parse(&message.body).expect("a reference");
    let Part::Item(item) = &reference.part else { panic!("{:?}", reference.part) };
    assert_eq!(item.pointer, "/events/0");
    assert_eq!(stack.work_on(&message).await, Verdict::Finished);
    assert_eq!(seen.all(), [json!({"id":"a","resource_type":"payments","action":"confirmed"})]);
    assert_eq!(stack.event().event_type.expect("a type").as_str(), "payments.confirmed");
    assert!(!stack.plan.calls().contains(&Call::SendItems));
}

#[tokio::test(start_paused = true)]
async fn a_request_without_items_is_stored_and_has_no_run() {
    let (jobs, seen) = noting();
    let stack = Stack::with(jobs);
    for _ in 0..2 {
        accept(&stack, &Draft::payments(&[])).await;
    }
    stack.drain().await;
    let event = stack.event();
    assert_eq!((event.ignored, event.deliveries), (Some(IgnoreCause::NoItems), 2));
    assert_eq!(event.flags, [Flag::NoItems]);
    assert_eq!(stack.local.objects().expect("memory").len(), 2);
    assert_eq!(seen.all(), [Value::Null; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_the_array_is_one_event() {
    let (jobs, seen) = noting();
    let stack = Stack::with(jobs);
    for body in [r#"{"events":{"id":"a"}}"#, r#"{"other":[]}"#, "7"] {
        accept(&stack, &Draft::to("payments", "gocardless", body)).await;
        stack.drain().await;
        let whole: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(seen.all().last(), Some(&whole));
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_fails_or_dies_on_the_way_leaves_each_item_exactly_one_run() {
    let ids: Vec<String> = (0..25).map(|number| format!("e{number:02}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let once: Vec<(&str, usize)> = ids.iter().map(|id| (*id, 1)).collect();
    for (well, call) in
        [(0, Call::Fetch), (0, Call::SendItems), (1, Call::SendItems), (2, Call::SendItems)]
    {
        for fault in Fault::ALL {
            let (jobs, seen) = noting();
            let stack = Stack::with(jobs);
            stack.plan.strike_after(well, call, fault);
            accept(&stack, &Draft::payments(&ids)).await;
            stack.drain().await;
            let case = format!("{call:?} {well} {fault:?}");
            assert!(stack.plan.has_struck(), "{case}");
            assert_eq!(seen.counts("id"), times(&once), "{case}");
            assert_eq!(stack.local.dead_letters().expect("memory").len(), 0, "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_with_little_time_says_where_to_go_on() {
    let ids: Vec<String> = (0..95).map(|number| format!("e{number:02}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let (jobs, seen) = noting();
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::payments(&ids)).await;
    stack.plan.slow_down(Call::SendItems, Duration::from_secs(1));
    let message = receive(&stack).await;
    let short = |seconds| Received {
        deadline: stack.system.now().plus(Duration::from_secs(seconds)),
        ..stack.received(&message)
    };
    assert_eq!(stack.process.one(&short(2)).await, Verdict::Again, "no time at all");
    assert_eq!(stack.process.one(&short(6)).await, Verdict::Finished);
    stack.local.delete(&message.receipt).await.expect("memory");
    let messages = stack.local.receive(200).await.expect("memory");
    let rest = messages.iter().filter_map(|message| {
        match Reference::parse(&message.body).expect("a reference").part {
            Part::Batch(batch) => Some(batch),
            Part::Whole | Part::Item(_) => None,
        }
    });
    assert_eq!(rest.collect::<Vec<_>>(), [Batch { items: 95, sent: 40 }]);
    for message in &messages {
        stack.work_on(message).await;
    }
    stack.drain().await;
    let once: Vec<(&str, usize)> = ids.iter().map(|id| (*id, 1)).collect();
    assert_eq!(seen.counts("id"), times(&once));
}

#[tokio::test(start_paused = true)]
async fn more_items_than_are_taken_apart_end_in_the_dead_letters_as_a_whole() {
    let (jobs, seen) = noting();
    let stack = Stack::with(jobs);
    let post = async |count: usize| {
        let events = vec![r#"{"id":"same"}"#; count].join(",");
        let body = format!(r#"{{"events":[{events}]}}"#);
        accept(&stack, &Draft::to("payments", "gocardless", &body)).await;
        let message = receive(&stack).await;
        assert_eq!(stack.work_on(&message).await, Verdict::Finished);
    };
    post(MOST_ITEMS + 1).await;
    assert_eq!(stack.local.backlog().expect("memory"), 0);
    post(MOST_ITEMS).await;
    assert_eq!(stack.local.backlog().expect("memory"), MOST_ITEMS as u64);
    assert_eq!(seen.all(), [Value::Null; 0]);
    let letter = letter(&stack);
    assert_eq!(attribute(&letter, "reason"), "too_many_items");
    assert_eq!(
        attribute(&letter, "message"),
        "the delivery carries 10001 events, at most 10000 are taken apart"
    );
    let reference = Reference::parse(&letter.body).expect("a reference");
    let stored = stack.local.stored(&reference.delivery_id).expect("memory").expect("stored").1;
    let stored = StoredDelivery::parse(&stored).expect("readable");
    assert_eq!(stored.event.flags, [Flag::TooManyItems]);
    assert_eq!(BodyDigest::of(&stored.body_bytes().expect("a body")), reference.sha256);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_cannot_be_read_is_dead_with_the_reason() {
    for (change, class) in
        [("remove", "body_missing"), ("digest", "digest_mismatch"), ("count", "digest_mismatch")]
    {
        for fault in [None, Some(Fault::Fails), Some(Fault::Hangs)] {
            let (jobs, _) = noting();
            let stack = Stack::with(jobs);
            accept(&stack, &Draft::payments(&["a", "b"])).await;
            let message = receive(&stack).await;
            let mut reference = Reference::parse(&message.body).expect("a reference");
            match change {
                "remove" => stack.local.expire(&reference.object).await.expect("memory"),
                "digest" => reference.sha256 = BodyDigest::of(b"other"),
                _ => reference.part = Part::Batch(Batch { items: 3, sent: 0 }),
            }
            stack.local.delete(&message.receipt).await.expect("memory");
            let changed = reference.to_json().expect("a reference");
            stack.local.enqueue(changed, Vec::new()).await.expect("memory");
            if let Some(fault) = fault {
                stack.plan.strike(Call::DeadLetter, fault);
            }
            stack.drain().await;
            assert_eq!(attribute(&letter(&stack), "reason"), class, "{change} {fault:?}");
            let again = Reference::parse(&letter(&stack).body).expect("a reference");
            assert_eq!((again.generation, again.part), (1, reference.part), "{change}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_is_one_of_the_bytes_that_were_verified() {
    let (jobs, _) = noting();
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::payments(&["a"])).await;
    let message = receive(&stack).await;
    let mut reference = Reference::parse(&message.body).expect("a reference");
    for pointer in ["/events/1", "/events", "/meta", "", "events/0", "/events/x", "/~"] {
        let Part::Item(item) = &mut reference.part else { panic!("one item") };
        item.pointer = pointer.to_owned();
        let object = stack.local.stored(&reference.delivery_id).expect("memory").expect("stored").1;
        let refused = Delivery::open(&object, &reference).expect_err("another item");
        assert_eq!(refused.to_string(), "the stored item is not the one that was verified");
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_is_handed_the_item_and_may_look_at_the_whole_request() {
    async fn looks(_: Context, delivery: Delivery) -> JobResult {
        let item = delivery.item.as_ref().expect("an item");
        assert_eq!(&item[..], br#"{"_id": "m2",  "event":"open","ts":2}"#);
        assert!(delivery.body.starts_with(b"mandrill_events=%5B"));
        assert_eq!(delivery.event_bytes(), item);
        assert_eq!(delivery.event_id.expect("an id").as_str(), "m2.open.2");
        Ok(Outcome::Done)
    }
    let jobs = Registry::new().job("looks", On::provider("mandrill").event("open"), looks);
    let stack = Stack::with(jobs);
    let json = r#"[{"_id":"m1","event":"send","ts":1}, {"_id": "m2",  "event":"open","ts":2} ]"#;
    let form = form("mandrill_events", json);
    accept(&stack, &Draft::to("letters", "mandrill", &form)).await;
    stack.drain().await;
    let events = stack.local.events().expect("memory");
    assert_eq!(ids(&events), ["m1.send.1", "m2.open.2"]);
    let ran = events.iter().map(|event| stack.local.runs(&event.event()).expect("memory").len());
    assert_eq!(ran.sum::<usize>(), 1);
    assert_eq!(stack.local.dead_letters().expect("memory").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_badly_signed_item_refuses_the_whole_request() {
    let vector: Value = serde_json::from_str(ADYEN).expect("JSON");
    let body = vector["vectors"][0]["body"].as_str().expect("a body");
    let mut batch: Value = serde_json::from_str(body).expect("JSON");
    let post = async |body: &Value| {
        let (jobs, seen) = noting();
        let stack = Stack::with(jobs);
        let draft = Draft::to("cards", "adyen", &body.to_string());
        let status = stack.send(draft.unsigned()).await.status();
        stack.drain().await;
        let events = stack.local.events().expect("memory");
        (status, ids(&events).join(" "), seen.all(), stack.local.objects().expect("memory").len())
    };
    let good = batch["notificationItems"][0].clone();
    let event = good["NotificationRequestItem"].clone();
    let id = "AUTHORISATION.7914073381342284.true".to_owned();
    assert_eq!(post(&batch).await, (StatusCode::OK, id, vec![event], 1));

    let mut bad = good;
    bad["NotificationRequestItem"]["success"] = json!("false");
    batch["notificationItems"].as_array_mut().expect("a list").push(bad);
    assert_eq!(post(&batch).await, (StatusCode::UNAUTHORIZED, String::new(), vec![], 0));
}

#[tokio::test(start_paused = true)]
async fn items_without_an_id_are_told_apart_by_request_and_place() {
    let (jobs, seen) = noting();
    let stack = Stack::with(jobs);
    let event = r#"{"name":"channel_occupied","channel":"c"}"#;
    let body = |time: u32, events: &[&str]| {
        format!(r#"{{"time_ms":{time},"events":[{}]}}"#, events.join(","))
    };
    for body in [body(1, &[event]), body(2, &[event]), body(3, &[event, event])] {
        for _ in 0..2 {
            accept(&stack, &Draft::to("channels", "pusher", &body)).await;
            stack.drain().await;
        }
    }
    assert_eq!(seen.all().len(), 4);
    let events = stack.local.events().expect("memory");
    assert!(events.iter().all(|event| event.deliveries == 2), "{events:#?}");
}

#[tokio::test(start_paused = true)]
async fn items_of_one_request_that_share_an_id_and_nothing_else_are_two_events() {
    let (jobs, seen) = noting();
    let stack = Stack::with(jobs);
    let body = r#"{"events":[{"id":"a","n":"1"},{"id":"a","n":"2"},{"id":"a","n":"1"}]}"#;
    for _ in 0..2 {
        accept(&stack, &Draft::to("payments", "gocardless", body)).await;
        stack.drain().await;
    }
    assert_eq!(seen.counts("n"), times(&[("1", 1), ("2", 1)]));
}

#[tokio::test(start_paused = true)]
async fn each_item_has_the_tenant_and_the_policy_of_its_own() {
    let (jobs, _) = noting();
    let stack = Stack::with(jobs);
    let event = |tenant: &str, category: &str| {
        json!({
            "tenantId": tenant, "resourceId": category, "eventDateUtc": "2026-11-22T01:02:03.000",
            "eventCategory": category, "eventType": "UPDATE",
        })
    };
    let events = [event("t1", "INVOICE"), event("t2", "INVOICE"), event("t2", "CONTACT")];
    let body = json!({ "events": events, "firstEventSequence": 1 });
    accept(&stack, &Draft::to("books", "xero", &body.to_string())).await;
    stack.drain().await;
    let mut found: Vec<_> = stack
        .local
        .events()
        .expect("memory")
        .into_iter()
        .map(|event| {
            let text = |text: Option<String>| text.unwrap_or_default();
            let tenant = text(event.tenant.map(|tenant| tenant.to_string()));
            let event_type = text(event.event_type.map(|name| name.to_string()));
            (tenant, event_type, event.ignored)
        })
        .collect();
    found.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    let row = |tenant: &str, name: &str, ignored| (tenant.to_owned(), name.to_owned(), ignored);
    assert_eq!(
        found,
        [
            row("t1", "INVOICE.UPDATE", None),
            row("t2", "CONTACT.UPDATE", Some(IgnoreCause::EventTypeIgnored)),
            row("t2", "INVOICE.UPDATE", None),
        ]
    );
}

#[tokio::test]
async fn a_reference_is_below_two_kibibytes_whatever_part_it_is_about() {
    let drafts = [&[][..], &["a"], &["a", "b"]].map(Draft::payments);
    for draft in drafts.iter().chain([&Draft::checkout("evt_1", "cs_1")]) {
        assert!(contract::seal(draft, 1).await.message().len() < 2048);
    }
}

#[tokio::test]
async fn space_between_the_items_changes_no_key() {
    let keys = async |body: &str| {
        let sealed = contract::seal(&Draft::to("payments", "gocardless", body), 1).await;
        let stored = StoredDelivery::parse(sealed.object()).expect("readable");
        let items = stored.items.into_iter();
        items.map(|stored| (stored.event.key, stored.item)).collect::<Vec<_>>()
    };
    let tight = keys(r#"{"events":[{"id":"a"},{"id": "b"}]}"#).await;
    assert_eq!(tight.len(), 2);
    let wide = "\r\n{ \"events\" :\t[ {\"id\":\"a\"} \n,\n {\"id\": \"b\"} ] , \"x\":1 }\n";
    assert_eq!(keys(wide).await, tight);
    assert_ne!(keys(r#"{"events":[{"id": "a"},{"id": "b"}]}"#).await[0].1, tight[0].1);
}

//! Deliveries that travel in their messages, and are packed before anything else is done.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use hookdock_pipeline::delivery::identity::IgnoreCause;
use hookdock_pipeline::delivery::message::LONGEST_MESSAGE_BYTES;
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::endpoint::Store;
use hookdock_pipeline::job::{
    Context, Delivery, ErrorClass, Failure, JobResult, On, Outcome, Registry,
};
use hookdock_pipeline::ledger::RunState;
use hookdock_pipeline::lookup;
use hookdock_pipeline::model::names::DeliveryId;
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::ports::Deliveries as _;
use hookdock_pipeline::process::Verdict;
use hookdock_tests::contract;
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;
use http::StatusCode;
use proptest::prelude::{ProptestConfig, any, prop};
use proptest::prop_assert;
use serde_json::{Value, json};

use crate::scripts::{accept, attribute, letter, receive, scripted, unavailable};

fn checkout(number: u32) -> Draft {
    Draft::small_checkout(&format!("evt_{number}"), &format!("cs_{number}"))
}

/// A GitHub event, whose body may be anything, for an endpoint that leaves it in its message.
fn push(body: impl Into<Bytes>) -> Draft {
    Draft { path: "/webhooks/pushes".to_owned(), ..Draft::github(body) }
}

/// The same payments for an endpoint that leaves them in their message.
fn transfers(ids: &[&str]) -> Draft {
    Draft { path: "/webhooks/transfers".to_owned(), ..Draft::payments(ids) }
}

fn bad_data() -> Failure {
    Failure::permanent(ErrorClass::BadData, "no total")
}

fn count(stack: &Stack, call: Call) -> usize {
    stack.plan.calls().into_iter().filter(|made| *made == call).count()
}

fn packs(stack: &Stack) -> Vec<String> {
    stack.local.objects().expect("memory")
}

/// Posts it, and returns the id that the answer gives it.
async fn accepted(stack: &Stack, draft: &Draft) -> DeliveryId {
    let answer = stack.post(draft).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let id = answer.headers()["x-hookdock-delivery"].to_str().expect("ASCII");
    id.parse().expect("an id")
}

async fn body_of(stack: &Stack, endpoint: &str, id: &DeliveryId) -> Option<Bytes> {
    let endpoint = endpoint.parse().expect("a name");
    let (_, stored) = lookup::find(&stack.local, &endpoint, id).await.expect("memory")?;
    Some(StoredDelivery::parse(&stored).expect("readable").body_bytes().expect("a body"))
}

#[tokio::test(start_paused = true)]
async fn ten_small_events_cost_ten_messages_and_one_object() {
    let (jobs, _) = scripted(vec![]);
    let stack = Stack::with(jobs);
    for number in 0..10 {
        accept(&stack, &checkout(number)).await;
    }
    assert_eq!(stack.plan.calls(), [[Call::Find, Call::Send]; 10].concat());
    assert_eq!(packs(&stack), [""; 0], "they are in their messages only");
    stack.drain().await;
    assert_eq!(packs(&stack).len(), 1);
    let made = [Call::Pack, Call::RecordDelivery, Call::Create, Call::CompareAndSwap]
        .map(|call| count(&stack, call));
    assert_eq!(made, [1, 10, 10, 10]);
    let all = stack.plan.calls().len();
    assert_eq!(all, 20 + 31 + 1, "and nothing besides: {:?}", stack.plan.calls());
}

#[tokio::test(start_paused = true)]
async fn a_delivery_is_packed_before_anything_is_recorded_of_it() {
    let (jobs, _) = scripted(vec![]);
    let stack = Stack::with(jobs);
    accept(&stack, &checkout(1)).await;
    stack.drain().await;
    let calls = [
        Call::Find,
        Call::Send,
        Call::Pack,
        Call::RecordDelivery,
        Call::Cell,
        Call::Create,
        Call::CompareAndSwap,
    ];
    assert_eq!(stack.plan.calls(), calls);
}

#[tokio::test(start_paused = true)]
async fn whatever_becomes_of_an_event_its_delivery_is_packed() {
    let (jobs, _) = scripted(vec![Err(unavailable().after(Duration::from_secs(7200)))]);
    let stack = Stack::with(jobs);
    let conflict = Draft::stripe("small", "whsec_small", r#"{"id":"evt_1","type":"x"}"#);
    let drafts = [checkout(1), checkout(1), conflict, transfers(&[])];
    let posted = join_all(drafts.iter().map(|draft| accepted(&stack, draft))).await;
    stack.drain().await;
    let events = stack.local.events().expect("memory");
    assert_eq!(events.len(), 2);
    assert_eq!((events[0].deliveries, events[0].conflicts.len()), (3, 1));
    assert_eq!(events[1].ignored, Some(IgnoreCause::NoItems));
    for (draft, id) in drafts.iter().zip(&posted) {
        let endpoint = draft.path.trim_start_matches("/webhooks/");
        let body = body_of(&stack, endpoint, id).await;
        assert_eq!(body.as_ref(), Some(&draft.body), "{id}");
        let event = events.iter().find(|event| event.endpoint.as_str() == endpoint);
        let named = event.expect("recorded").pack_of(id).expect("its record names its pack");
        assert!(packs(&stack).contains(&named.to_string()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_comes_back_is_neither_packed_nor_read_again() {
    let (jobs, calls) = scripted(vec![Err(unavailable()), Err(unavailable())]);
    let stack = Stack::with(jobs);
    accept(&stack, &checkout(1)).await;
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    let made = [Call::Pack, Call::FindPack, Call::Fetch].map(|call| count(&stack, call));
    assert_eq!(made, [1, 2, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_around_packing_delays_an_event_and_loses_neither_it_nor_its_delivery() {
    for call in
        [Call::Pack, Call::FindPack, Call::RecordDelivery, Call::Create, Call::CompareAndSwap]
    {
        for fault in Fault::ALL {
            let (jobs, _) = scripted(vec![Err(unavailable())]);
            let stack = Stack::with(jobs);
            stack.plan.strike(call, fault);
            let id = accepted(&stack, &checkout(1)).await;
            stack.drain().await;
            let case = format!("{call:?} {fault:?}");
            assert!(stack.plan.has_struck(), "{case}");
            assert_eq!(stack.run().state, RunState::Done, "{case}");
            let body = body_of(&stack, "small", &id).await;
            assert_eq!(body, Some(checkout(1).body), "{case}");
            let event = stack.event();
            let named = event.pack_of(&id).expect("its record names its pack");
            let stored = lookup::read(&stack.local, named, &id).await.expect("memory");
            assert!(stored.is_some(), "{case}: it is where its record says");
            assert_eq!(stack.local.dead_letters().expect("memory").len(), 0, "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_queue_is_answered_503_and_nothing_is_stored() {
    for fault in Fault::ALL {
        let stack = Stack::with(Registry::new());
        stack.plan.strike(Call::Send, fault);
        let answer = stack.post(&checkout(1)).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{fault:?}");
        assert_eq!(packs(&stack), [""; 0], "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_archive_uses_no_attempt_and_loses_no_event() {
    let (jobs, _) = scripted(vec![]);
    let stack = Stack::with(jobs);
    stack.plan.strike_times(40, Call::Pack, Fault::Fails);
    accept(&stack, &checkout(1)).await;
    stack.drain().await;
    assert!(stack.plan.has_struck());
    assert_eq!((stack.run().state, stack.run().attempt), (RunState::Done, 1));
}

#[tokio::test(start_paused = true)]
async fn an_archive_that_hangs_holds_up_no_reference_of_the_same_batch() {
    let (jobs, _) = scripted(vec![]);
    let stack = Stack::with(jobs);
    stack.plan.strike(Call::Pack, Fault::Hangs);
    accept(&stack, &checkout(1)).await;
    accept(&stack, &Draft::checkout("evt_2", "cs_2")).await;
    let began = stack.system.now();
    let messages = stack.local.receive(10).await.expect("memory");
    let received: Vec<_> = messages.iter().map(|message| stack.received(message)).collect();
    let verdicts = stack.process.batch(&received).into_iter();
    let verdicts = verdicts.map(async |verdict| (verdict.await, began.until(stack.system.now())));
    let [inline, reference] = join_all(verdicts).await[..] else { panic!("two messages") };
    assert_eq!(reference, (Verdict::Finished, Duration::ZERO));
    // Two seconds are left of the worker's thirty, to put the message off.
    assert_eq!(inline, (Verdict::Again, Duration::from_secs(28)));
    assert_eq!(count(&stack, Call::ChangeVisibility), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_names_the_pack_and_runs_from_it_when_it_is_moved_back() {
    let (jobs, _) = scripted(vec![Err(bad_data())]);
    let stack = Stack::with(jobs);
    accept(&stack, &checkout(1)).await;
    stack.drain().await;
    let dead = letter(&stack);
    let reference = Reference::parse(&dead.body).expect("a reference");
    assert!(dead.body.len() < 2048);
    assert_eq!(packs(&stack), [reference.object.as_str()]);
    assert_eq!(attribute(&dead, "reason"), "bad_data");
    assert_eq!(attribute(&dead, "endpoint"), "small");

    stack.local.redrive().await.expect("memory");
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
    assert_eq!((count(&stack, Call::Fetch), packs(&stack).len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_pack_that_is_lost_is_a_missing_body() {
    let (jobs, _) = scripted(vec![Err(bad_data())]);
    let stack = Stack::with(jobs);
    accept(&stack, &checkout(1)).await;
    stack.drain().await;
    let reference = Reference::parse(&letter(&stack).body).expect("a reference");
    stack.local.expire(&reference.object).await.expect("memory");
    stack.local.redrive().await.expect("memory");
    stack.drain().await;
    assert_eq!(attribute(&letter(&stack), "reason"), "body_missing");
}

/// Every character there is, as much of them in a body as fits, and every byte.
fn bodies() -> Vec<Bytes> {
    let characters: Vec<char> = ('\0'..=char::MAX).collect();
    let texts = characters.chunks(10_000).map(|some| some.iter().collect::<String>().into());
    let bytes = Bytes::from_iter(0..=u8::MAX);
    texts.chain([bytes]).collect()
}

/// SQS, `SendMessage` (read 2026-11).
fn takes(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn body_in(sealed: &SealedDelivery) -> Bytes {
    let message: Value = serde_json::from_str(sealed.message()).expect("JSON");
    let stored = message["delivery"].to_string();
    let stored = StoredDelivery::parse(stored.as_bytes()).expect("a delivery");
    stored.body_bytes().expect("a body")
}

#[tokio::test(start_paused = true)]
async fn any_body_comes_through_a_message_byte_for_byte() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sees = Arc::clone(&seen);
    let job = move |_: Context, delivery: Delivery| {
        sees.lock().expect("a lock").push(delivery.body);
        async { JobResult::Ok(Outcome::Done) }
    };
    let stack = Stack::with(Registry::new().job("sees", On::endpoint("*"), job));
    for body in bodies() {
        let draft = push(body.clone());
        let sealed = contract::seal(&draft, 1).await;
        assert_eq!(sealed.store(), Store::Inline);
        assert!(sealed.message().chars().all(takes));
        assert_eq!(body_in(&sealed), body);
        let id = accepted(&stack, &draft).await;
        stack.drain().await;
        assert_eq!(body_of(&stack, "pushes", &id).await.as_ref(), Some(&body));
        assert_eq!(seen.lock().expect("a lock").pop().as_ref(), Some(&body));
    }
}

proptest::proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_body_makes_a_message_that_sqs_refuses_or_that_reads_back_as_another(
        body in prop::collection::vec(any::<u8>(), 0..2048),
        text in any::<String>(),
    ) {
        for body in [body, text.into_bytes()] {
            let body = Bytes::from(body);
            let draft = push(body.clone());
            let sealed = contract::seal(&draft, 1).now_or_never().expect("nothing waits");
            prop_assert!(sealed.message().chars().all(takes));
            prop_assert!(body_in(&sealed) == body);
        }
    }
}

#[tokio::test]
async fn a_message_is_as_long_as_one_request_may_be_and_not_a_byte_longer() {
    // SQS counts name, type and value of each attribute (SQS quotas, read 2026-11).
    let attributes = "endpointStringpushes".len() + "event_typeStringpush".len();
    for byte in ["x", "\"", "\0", "\u{ffff}"] {
        let seal = async |length| contract::seal(&push(byte.repeat(length)), 1).await;
        let (mut fits, mut too_long) = (0, LONGEST_MESSAGE_BYTES);
        while fits + 1 < too_long {
            let middle = usize::midpoint(fits, too_long);
            match seal(middle).await.store() {
                Store::Inline => fits = middle,
                Store::Object => too_long = middle,
            }
        }
        let longest = seal(fits).await.message().len() + attributes;
        assert!(longest <= 65_536, "{byte:?}: {longest}");
        assert!(longest + 6 > 65_536, "{byte:?}: one more would have fitted in {longest}");
        let object = seal(too_long).await;
        assert_eq!(object.message().len(), object.reference().to_json().expect("JSON").len());
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_into_a_message_is_an_object_of_its_own() {
    let (jobs, _) = scripted(vec![]);
    let stack = Stack::with(jobs);
    let draft = push("x".repeat(70_000));
    let id = accepted(&stack, &draft).await;
    assert!(stack.local.stored(&id).expect("memory").is_some(), "before it is answered");
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
    let ingest = [Call::Find, Call::Put, Call::Send];
    let process =
        [Call::RecordDelivery, Call::Cell, Call::Fetch, Call::Create, Call::CompareAndSwap];
    assert_eq!(stack.plan.calls(), [&ingest[..], &process[..]].concat());
}

#[tokio::test(start_paused = true)]
async fn several_events_in_a_request_are_an_object_and_one_is_not() {
    let (jobs, calls) = scripted(vec![]);
    let stack = Stack::with(jobs);
    assert_eq!(contract::seal(&transfers(&["a", "b"]), 1).await.store(), Store::Object);
    assert_eq!(contract::seal(&transfers(&["a"]), 1).await.store(), Store::Inline);
    accept(&stack, &transfers(&["a", "b"])).await;
    accept(&stack, &transfers(&["c"])).await;
    stack.drain().await;
    assert_eq!(stack.local.events().expect("memory").len(), 3);
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    assert_eq!((count(&stack, Call::Put), count(&stack, Call::Pack)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_brings_something_else_is_buried_and_a_later_version_waits() {
    let sealed = contract::seal(&checkout(1), 1).await;
    let change = |name: &str, value: Value| {
        let mut message: Value = serde_json::from_str(sealed.message()).expect("JSON");
        message["delivery"][name] = value;
        message.to_string()
    };
    let jobs = || scripted(vec![]).0;
    for (message, reason) in [
        (r#"{"version":1,"kind":"delivery","delivery":{"version":1}}"#.to_owned(), "bad_reference"),
        (r#"{"version":1,"kind":"delivery","delivery":null}"#.to_owned(), "bad_reference"),
        (change("items", json!("x")), "bad_reference"),
        (change("body", json!("another body")), "digest_mismatch"),
        (change("body_encoding", json!("base64")), "body_unreadable"),
    ] {
        let stack = Stack::with(jobs());
        stack.local.enqueue(message.clone(), Vec::new()).await.expect("memory");
        stack.drain().await;
        assert_eq!(attribute(&letter(&stack), "reason"), reason, "{message}");
    }
    for later in
        [change("version", json!(2)), r#"{"version":2,"kind":"delivery","delivery":{}}"#.to_owned()]
    {
        let stack = Stack::with(jobs());
        stack.local.enqueue(later, Vec::new()).await.expect("memory");
        let message = receive(&stack).await;
        assert_eq!(stack.work_on(&message).await, Verdict::Again);
        assert_eq!(packs(&stack), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_a_person_laid_out_anew_is_one_line_of_its_pack() {
    let sealed = contract::seal(&checkout(1), 1).await;
    let message: Value = serde_json::from_str(sealed.message()).expect("JSON");
    let pretty = serde_json::to_string_pretty(&message).expect("JSON").replace('\n', "\r\n");
    let (jobs, _) = scripted(vec![]);
    let stack = Stack::with(jobs);
    stack.local.enqueue(pretty, Vec::new()).await.expect("memory");
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
    let event = stack.event();
    let object = event.pack_of(&event.first_delivery).expect("packed");
    let lines = stack.local.read(object).await.expect("memory").expect("stored");
    assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 1);
    let body = body_of(&stack, "small", &event.first_delivery).await;
    assert_eq!(body, Some(checkout(1).body));
}

//! Events that had no job when they came, and have one when they come again.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use hookdock_pipeline::delivery::identity::IgnoreCause;
use hookdock_pipeline::job::{Context, Json, On, Outcome, Registry};
use hookdock_pipeline::ledger::RunState;
use hookdock_tests::logs::Logs;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;
use serde_json::Value;

use crate::scripts::{accept, receive, scripted};

/// A job that notes which session it ran for.
fn noting() -> (Registry, Arc<Mutex<Vec<String>>>) {
    let sessions = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&sessions);
    let job = move |_: Context, Json(event): Json<Value>| {
        let session = event["data"]["object"]["id"].as_str().expect("an id").to_owned();
        noted.lock().expect("a lock").push(session);
        async { Ok(Outcome::Done) }
    };
    (Registry::new().job("noting", On::endpoint("*"), job), sessions)
}

/// A stack without jobs that has seen the event, for the session `cs_1`.
async fn ignoring() -> Stack {
    let stack = Stack::with(Registry::new());
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!(stack.event().ignored, Some(IgnoreCause::NoJob));
    stack
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_delivered_again_runs_once_there_is_a_job_for_it() {
    let mut stack = ignoring().await;
    let (jobs, calls) = scripted(vec![]);
    stack.process.registry = jobs;
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!((stack.run().state, calls.load(Ordering::SeqCst)), (RunState::Done, 1));
    assert_eq!((stack.event().ignored, stack.event().deliveries), (None, 2));
}

#[tokio::test(start_paused = true)]
async fn a_changed_body_is_no_conflict_as_long_as_nothing_has_run() {
    let mut stack = ignoring().await;
    let first = stack.event().first_delivery;
    let logs = Logs::capture();
    accept(&stack, &Draft::checkout("evt_1", "cs_2")).await;
    stack.drain().await;
    let event = stack.event();
    assert_eq!((event.ignored, event.conflicts.len()), (Some(IgnoreCause::NoJob), 0));
    assert_ne!(event.first_delivery, first, "the latest stands for the event");

    let (jobs, sessions) = noting();
    stack.process.registry = jobs;
    accept(&stack, &Draft::checkout("evt_1", "cs_3")).await;
    stack.drain().await;
    assert_eq!((stack.run().state, stack.event().ignored), (RunState::Done, None));
    assert!(!logs.text().contains("payload_conflict"), "{}", logs.text());

    accept(&stack, &Draft::checkout("evt_1", "cs_4")).await;
    stack.drain().await;
    assert_eq!(stack.event().conflicts.len(), 1, "what has run is not replaced");
    assert!(logs.text().contains("payload_conflict"));
    assert_eq!(*sessions.lock().expect("a lock"), ["cs_3"]);
}

/// A Shopify order under this topic, which no signature covers.
fn order(topic: &str) -> Draft {
    let mut draft = Draft::order("acme", "acme secret");
    for (name, value) in &mut draft.headers {
        if name == "X-Shopify-Topic" {
            topic.clone_into(value);
        }
    }
    draft
}

#[tokio::test(start_paused = true)]
async fn what_was_recorded_under_one_type_never_runs_under_another() {
    let mut stack = Stack::with(Registry::new());
    accept(&stack, &order("orders/delete")).await;
    stack.drain().await;
    let (jobs, calls) = scripted(vec![]);
    stack.process.registry = jobs;
    let logs = Logs::capture();
    for (topic, ran, conflicts) in [
        ("orders/create", 0, 1),
        ("orders/paid", 0, 2),
        ("orders/delete", 1, 2),
        ("orders/create", 1, 3),
    ] {
        accept(&stack, &order(topic)).await;
        stack.drain().await;
        let event = stack.event();
        assert_eq!((calls.load(Ordering::SeqCst), event.conflicts.len()), (ran, conflicts));
        assert_eq!(event.event_type.expect("a type").as_str(), "orders/delete", "{topic}");
    }
    assert_eq!(logs.text().matches("payload_conflict").count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_comes_again_finds_the_job_that_was_added_meanwhile() {
    let mut stack = Stack::with(Registry::new());
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    // The worker dies after it has recorded the event, and before it deletes the message.
    let message = receive(&stack).await;
    stack.process.one(&stack.received(&message)).await;
    assert_eq!(stack.event().ignored, Some(IgnoreCause::NoJob));
    let (jobs, calls) = scripted(vec![]);
    stack.process.registry = jobs;
    stack.drain().await;
    assert_eq!((stack.run().state, calls.load(Ordering::SeqCst)), (RunState::Done, 1));
    assert_eq!((stack.event().ignored, stack.event().deliveries), (None, 1));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_ran_stays_one_that_ran_when_its_job_is_taken_away() {
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let job = move |_: Context, _: ()| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Ok(Outcome::Done) }
    };
    let mut stack = Stack::with(Registry::new().job("counts", On::endpoint("*"), job));
    for registry in [None, Some(Registry::new())] {
        stack.process.registry = registry.unwrap_or(stack.process.registry);
        accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
        stack.drain().await;
        assert_eq!(stack.event().ignored, None);
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

//! What becomes of an event after it was accepted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use hookdock_jobs::{Settings, registry};
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::job::{
    Body, Context, Delivery, ErrorClass, Failure, JobResult, Json, On, Outcome, Registry,
};
use hookdock_pipeline::ledger::RunState;
use hookdock_pipeline::model::names::DeliveryId;
use hookdock_pipeline::model::retry::RetryPolicy;
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::ports::{Deliveries as _, Records as _};
use hookdock_pipeline::process::Verdict;
use hookdock_tests::contract;
use hookdock_tests::faults::Call;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::{START, Stack};
use http::StatusCode;
use serde_json::Value;

use crate::scripts::{accept, dies_over, hangs, receive, scripted, unavailable};

#[tokio::test(start_paused = true)]
async fn a_paid_checkout_becomes_one_order() {
    let stack = Stack::with(registry(Settings::default()));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    let run = stack.run();
    assert_eq!((run.state, run.attempt), (RunState::Done, 1));
    let order = stack.local.get("orders", "stripe~~cs_1").await.expect("memory").expect("an order");
    assert_eq!(order["amount"], 4200);
}

#[tokio::test(start_paused = true)]
async fn an_event_with_one_job_costs_three_ledger_writes_and_two_reads_beside_them() {
    let (jobs, _) = scripted(vec![]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    let ingest = [Call::Find, Call::Put, Call::Send];
    let process =
        [Call::RecordDelivery, Call::Cell, Call::Fetch, Call::Create, Call::CompareAndSwap];
    assert_eq!(stack.plan.calls(), [&ingest[..], &process[..]].concat());
}

#[tokio::test(start_paused = true)]
async fn a_hundred_copies_at_once_are_all_accepted_and_run_once() {
    let (jobs, calls) = scripted(vec![]);
    let stack = Stack::with(jobs);
    let draft = Draft::checkout("evt_1", "cs_1");
    let answers = join_all((0..100).map(|_| stack.post(&draft))).await;
    assert!(answers.iter().all(|answer| answer.status() == StatusCode::OK));
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(stack.event().deliveries, 100);
    assert_eq!(stack.run().attempt, 1);
}

#[tokio::test(start_paused = true)]
async fn the_providers_retries_and_our_attempts_are_counted_apart() {
    let (jobs, _) = scripted(vec![Err(unavailable()), Err(unavailable())]);
    let stack = Stack::with(jobs);
    let draft = Draft::checkout("evt_1", "cs_1");
    accept(&stack, &draft).await;
    stack.drain().await;
    accept(&stack, &draft).await;
    stack.drain().await;
    assert_eq!(stack.event().deliveries, 2);
    assert_eq!(stack.run().attempt, 3);
}

#[tokio::test(start_paused = true)]
async fn a_dependency_that_names_a_time_is_not_asked_before() {
    let wait = Duration::from_secs(3600);
    let (jobs, _) = scripted(vec![Err(unavailable().after(wait))]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
    assert!(START.until(stack.system.now()) >= wait);
}

#[tokio::test(start_paused = true)]
async fn a_wait_of_days_leaves_the_queue_and_comes_back_in_time() {
    let days = Duration::from_secs(2 * 86_400);
    let (jobs, calls) = scripted(vec![Err(unavailable().after(days))]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.work_on(&receive(&stack).await).await;
    assert_eq!(stack.local.backlog().expect("memory"), 0, "no message waits");
    assert_eq!(stack.run().wakes_at(), Some(START.plus(days)));
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
    assert_eq!(calls.load(Ordering::SeqCst), 2, "and nothing runs in between");
    assert_eq!(START.until(stack.system.now()), days);
    let calls = stack.plan.calls();
    assert!(!calls.contains(&Call::ChangeVisibility), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_second_body_under_the_same_id_is_a_conflict_that_is_kept_and_never_runs() {
    let (jobs, calls) = scripted(vec![]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    accept(&stack, &Draft::checkout("evt_1", "cs_2")).await;
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    let event = stack.event();
    assert_eq!((event.deliveries, event.conflicts.len()), (2, 1));
    assert_ne!(event.conflicts[0], event.first_delivery);
    let object = |id: &DeliveryId| ObjectKey::of(&event.endpoint, id, START);
    for delivery in [&event.first_delivery, &event.conflicts[0]] {
        let stored = stack.local.read(&object(delivery)).await.expect("memory");
        assert!(stored.is_some(), "both are kept");
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_can_have_a_retry_policy_of_its_own() {
    let policy = RetryPolicy { max_attempts: 2, ..RetryPolicy::default() };
    let (jobs, calls) = scripted(vec![Err(unavailable()); 9]);
    let stack = Stack::with(jobs.retrying(policy));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert!(matches!(stack.run().state, RunState::Dead { .. }));
}

#[tokio::test(start_paused = true)]
async fn what_a_job_says_is_cut_to_what_can_be_recorded() {
    let page = "caf\u{e9} ".repeat(200_000);
    for result in [
        Err(Failure::permanent(ErrorClass::Refused, page.as_str())),
        Ok(Outcome::Ignored(page.clone())),
    ] {
        let (jobs, _) = scripted(vec![result]);
        let stack = Stack::with(jobs);
        accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
        stack.drain().await;
        let recorded = format!("{:?}", stack.run());
        assert!(recorded.len() < 4_000, "{}", recorded.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_with_nothing_to_do_says_why() {
    let (jobs, _) = scripted(vec![Ok(Outcome::Ignored("not paid yet".to_owned()))]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Ignored { cause: "not paid yet".to_owned() });
}

#[tokio::test(start_paused = true)]
async fn a_panic_and_a_hang_are_failed_attempts_of_their_run_alone() {
    async fn troubled(cx: Context, Json(event): Json<Value>) -> JobResult {
        match (event["id"].as_str(), cx.attempt()) {
            (Some("evt_panics"), 1) => panic!("a job's bug"),
            (Some("evt_hangs"), 1) => std::future::pending().await,
            _ => Ok(Outcome::Done),
        }
    }
    let stack = Stack::with(Registry::new().job("troubled", On::endpoint("*"), troubled));
    for event in ["evt_panics", "evt_hangs", "evt_good"] {
        accept(&stack, &Draft::checkout(event, "cs_1")).await;
    }
    stack.drain().await;
    for event in stack.local.events().expect("memory") {
        let run = stack.local.runs(&event.event()).expect("memory").remove(0);
        let attempts =
            if event.event_id.as_ref().map(|id| id.as_str()) == Some("evt_good") { 1 } else { 2 };
        assert_eq!((run.state, run.attempt), (RunState::Done, attempts), "{event:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_poisoned_event_in_a_hundred_costs_the_others_nothing() {
    async fn poisonable(_: Context, Json(event): Json<Value>) -> JobResult {
        if event["id"] == "evt_7" { Err(unavailable()) } else { Ok(Outcome::Done) }
    }
    let stack = Stack::with(Registry::new().job("poisonable", On::endpoint("*"), poisonable));
    for event in 0..100 {
        accept(&stack, &Draft::checkout(&format!("evt_{event}"), "cs_1")).await;
    }
    let accepted_at = stack.system.now();
    stack.drain().await;
    let runs = stack.local.events().expect("memory").into_iter();
    let runs = runs.map(|event| stack.local.runs(&event.event()).expect("memory").remove(0));
    let (done, dead): (Vec<_>, Vec<_>) = runs.partition(|run| run.state == RunState::Done);
    assert_eq!((done.len(), dead.len()), (99, 1));
    assert!(done.iter().all(|run| run.attempt == 1 && run.updated_at == accepted_at));
}

#[tokio::test(start_paused = true)]
async fn a_reference_of_a_later_version_waits_for_code_that_can_read_it() {
    let stack = Stack::with(registry(Settings::default()));
    let later = r#"{"version":4,"something":"new"}"#;
    stack.local.enqueue(later.to_owned(), Vec::new()).await.expect("memory");
    for _ in 0..10 {
        let message = receive(&stack).await;
        assert_eq!(stack.work_on(&message).await, Verdict::Again);
    }
    assert_eq!(stack.local.dead_letters().expect("memory"), []);
    assert!(START.until(stack.system.now()) > Duration::from_secs(60), "the waits grow");
}

#[tokio::test(start_paused = true)]
async fn a_flag_that_only_later_code_knows_does_not_stop_an_event() {
    let stack = Stack::with(registry(Settings::default()));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    let message = receive(&stack).await;
    stack.local.delete(&message.receipt).await.expect("memory");
    let newer = message.body.replace(r#""flags":[]"#, r#""flags":["made_up_later"]"#);
    assert_ne!(newer, message.body);
    stack.local.enqueue(newer, Vec::new()).await.expect("memory");
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_that_meets_a_live_run_is_put_off_until_the_lease_ends() {
    let stack = Stack::with(Registry::new().job("hangs", On::endpoint("*"), hangs));
    let draft = Draft::checkout("evt_1", "cs_1");
    accept(&stack, &draft).await;
    let first = receive(&stack).await;
    dies_over(&stack, &first).await;
    accept(&stack, &draft).await;
    let second = receive(&stack).await;
    assert_eq!(stack.work_on(&second).await, Verdict::Again);
    receive(&stack).await;
    let waited = START.until(stack.system.now());
    assert_eq!(waited.as_secs(), 32, "the invocation's 30 s and 2 s of margin");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_does_not_repeat_the_other_jobs_of_its_event() {
    let (jobs, failing) = scripted(vec![Err(unavailable()); 2]);
    let other = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&other);
    let jobs = jobs.job("other", On::provider("stripe").event("checkout.*"), move |_, _: Body| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Ok(Outcome::Done) }
    });
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!(failing.load(Ordering::SeqCst), 3);
    assert_eq!(other.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_hangs_costs_the_jobs_after_it_no_attempt() {
    async fn hangs_once(cx: Context, _: Body) -> JobResult {
        if cx.attempt() == 1 { std::future::pending().await } else { Ok(Outcome::Done) }
    }
    let jobs = Registry::new().job("hangs_once", On::endpoint("*"), hangs_once).job(
        "after",
        On::endpoint("*"),
        |_, _: Body| async { Ok(Outcome::Done) },
    );
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    let runs = stack.local.runs(&stack.event().event()).expect("memory");
    let attempts: Vec<_> = runs.iter().map(|run| (run.id.job.as_str(), run.attempt)).collect();
    assert_eq!(attempts, [("after", 1), ("hangs_once", 2)]);
}

#[tokio::test(start_paused = true)]
async fn nothing_that_is_printed_for_debugging_shows_what_a_sender_wrote() {
    async fn prints(_: Context, delivery: Delivery) -> JobResult {
        let body = Body(delivery.body.clone());
        Ok(Outcome::Ignored(format!("{delivery:?} {body:?}")))
    }
    let stack = Stack::with(Registry::new().job("prints", On::endpoint("*"), prints));
    let draft = Draft::github("marker-in-body").with("X-Token", "marker-in-header");
    let mut incoming = draft.signed(START);
    incoming.url.push_str("?token=marker-in-query");
    let sealed = contract::seal(&draft, 1).await;
    let stored = StoredDelivery::parse(sealed.object()).expect("readable");
    accept(&stack, &draft).await;
    stack.drain().await;
    let printed = format!("{:?} {incoming:?} {sealed:?} {stored:?}", stack.run().state);
    assert!(printed.contains("body_bytes") && !printed.contains("marker"), "{printed}");
}

#[tokio::test(start_paused = true)]
async fn a_reference_stays_under_two_kilobytes() {
    let stack = Stack::with(registry(Settings::default()));
    let (id, event_type) = ("i".repeat(256), "t".repeat(256));
    let body = format!(r#"{{"id":"{id}","type":"{event_type}"}}"#);
    accept(&stack, &Draft::stripe("stripe", "whsec_test", &body)).await;
    let message = receive(&stack).await;
    assert!(message.body.len() < 2048, "{}", message.body.len());
}

//! Runs and workers that die, and what can be done about the dead.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use hookdock_jobs::{Settings, registry};
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::job::{
    Body, Context, ErrorClass, Failure, JobResult, Json, On, Outcome, Registry,
};
use hookdock_pipeline::ledger::{DeadReason, RunState, Settlement};
use hookdock_pipeline::model::names::BodyDigest;
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::ports::{Conditional, Ledger as _};
use hookdock_tests::logs::Logs;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::{START, Stack};
use serde_json::Value;
use tokio::sync::Notify;

use crate::scripts::{accept, attribute, dies_over, hangs, letter, receive, scripted, unavailable};

#[tokio::test(start_paused = true)]
async fn a_job_that_always_fails_ends_dead_with_a_letter_a_person_can_read() {
    let (jobs, calls) = scripted(vec![Err(unavailable()); 9]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 4, "the policy of these tests grants four");
    let run = stack.run();
    assert_eq!(
        run.state,
        RunState::Dead { reason: DeadReason::AttemptsExhausted, dead_lettered: true }
    );
    let letter = letter(&stack);
    for (name, value) in [
        ("reason", "attempts_exhausted"),
        ("error_class", "unavailable"),
        ("message", "the CRM does not answer"),
        ("endpoint", "stripe"),
        ("event_type", "checkout.session.completed"),
        ("event_id", "evt_1"),
        ("job", "scripted"),
        ("attempts", "4"),
    ] {
        assert_eq!(attribute(&letter, name), value, "{name}");
    }
    assert!(letter.attributes.len() <= 10, "SQS takes ten");
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_stays_is_dead_at_once() {
    let stack = Stack::with(registry(Settings::default()));
    let body = r#"{"id":"evt_1","type":"checkout.session.completed","data":{}}"#;
    accept(&stack, &Draft::stripe("stripe", "whsec_test", body)).await;
    stack.drain().await;
    assert_eq!(stack.run().attempt, 1);
    assert_eq!(attribute(&letter(&stack), "reason"), "bad_data");
    assert_eq!(attribute(&letter(&stack), "error_class"), "bad_data");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_no_reference_is_buried_with_the_reason() {
    for body in ["", "not JSON", "{}", r#"{"version":1}"#, "\u{1f980}"] {
        let stack = Stack::with(registry(Settings::default()));
        stack.local.enqueue(body.to_owned(), Vec::new()).await.expect("memory");
        accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
        stack.drain().await;
        let letter = letter(&stack);
        assert_eq!(letter.body, body);
        assert_eq!(attribute(&letter, "reason"), "bad_reference");
        assert_eq!(stack.run().state, RunState::Done, "its neighbour is not affected");
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_object_and_a_changed_body_are_dead_with_the_reason() {
    for (change, class) in [("remove", "body_missing"), ("digest", "digest_mismatch")] {
        let stack = Stack::with(registry(Settings::default()));
        accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
        let message = receive(&stack).await;
        let mut reference = Reference::parse(&message.body).expect("a reference");
        stack.local.delete(&message.receipt).await.expect("memory");
        if change == "remove" {
            stack.local.expire(&reference.object).await.expect("memory");
        } else {
            reference.sha256 = BodyDigest::of(b"another body");
        }
        let body = reference.to_json().expect("JSON");
        stack.local.enqueue(body, Vec::new()).await.expect("memory");
        stack.drain().await;
        assert_eq!(attribute(&letter(&stack), "reason"), class);
        assert_eq!(stack.run().attempt, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_dies_is_followed_by_another_and_its_late_write_is_refused() {
    async fn dies_once(cx: Context, _: Body) -> JobResult {
        if cx.attempt() == 1 { std::future::pending().await } else { Ok(Outcome::Done) }
    }
    let stack = Stack::with(Registry::new().job("dies_once", On::endpoint("*"), dies_once));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    let message = receive(&stack).await;
    dies_over(&stack, &message).await;
    let dead_workers = stack.run();
    stack.drain().await;
    let run = stack.run();
    assert_eq!((&run.state, run.attempt), (&RunState::Done, 2));

    let late =
        dead_workers.settled(Settlement::Retry(START, unavailable()), None, stack.system.now());
    let answer = stack.local.compare_and_swap(&dead_workers.fence(), &late).await.expect("memory");
    assert_eq!(answer, Conditional::Refused(run), "the late write changes nothing");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_kills_every_worker_ends_dead_without_another_victim() {
    let victims = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&victims);
    let deadly = move |cx: Context, body: Body| {
        counted.fetch_add(1, Ordering::SeqCst);
        hangs(cx, body)
    };
    let stack = Stack::with(Registry::new().job("deadly", On::endpoint("*"), deadly));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    for _ in 0..5 {
        let message = receive(&stack).await;
        dies_over(&stack, &message).await;
    }
    stack.drain().await;
    let run = stack.run();
    assert_eq!(run.state, RunState::Dead { reason: DeadReason::WorkerDied, dead_lettered: true });
    assert_eq!(attribute(&letter(&stack), "reason"), "worker_died");
    assert_eq!(victims.load(Ordering::SeqCst), 5, "four attempts, and one that was excused");
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_is_moved_back_runs_again_and_its_attempts_count_on() {
    let (jobs, calls) = scripted(vec![Err(unavailable()); 5]);
    let stack = Stack::with(jobs);
    let draft = Draft::checkout("evt_1", "cs_1");
    accept(&stack, &draft).await;
    stack.drain().await;
    accept(&stack, &draft).await;
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 4, "the provider's retry does not wake the dead");
    assert_eq!(stack.local.dead_letters().expect("memory").len(), 1, "nor does it bury it twice");
    stack.local.redrive().await.expect("memory");
    stack.drain().await;
    let run = stack.run();
    assert_eq!((run.state, run.attempt, run.generation), (RunState::Done, 6, 1));
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_is_moved_back_wakes_its_own_run_only() {
    async fn refuses(_: Context, _: Body) -> JobResult {
        Err(Failure::permanent(ErrorClass::Refused, "look at the record first"))
    }
    let (jobs, calls) = scripted(vec![Err(unavailable()); 4]);
    let stack = Stack::with(jobs.job("refuses", On::endpoint("*"), refuses));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    let letters = stack.local.dead_letters().expect("memory");
    let wanted = letters.iter().find(|letter| attribute(letter, "job") == "scripted");
    let body = wanted.expect("a letter of each job").body.clone();
    stack.local.enqueue(body, Vec::new()).await.expect("memory");
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 5);
    let runs = stack.local.runs(&stack.event().event()).expect("memory");
    let states: Vec<_> = runs.iter().map(|run| (run.state.name(), run.attempt)).collect();
    assert_eq!(states, [("dead", 1), ("done", 5)]);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_whose_job_is_gone_goes_back_and_runs_once_the_job_is_there_again() {
    let (jobs, _) = scripted(vec![Err(unavailable()); 4]);
    let mut stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    stack.process.registry = Registry::new().job("renamed", On::endpoint("*"), hangs);
    let logs = Logs::capture();
    stack.local.redrive().await.expect("memory");
    stack.drain().await;
    let lines = logs.lines();
    assert_eq!(lines[0]["level"], "ERROR", "{}", logs.text());
    assert_eq!(lines[0]["run.job"], "scripted");
    assert_eq!(stack.run().state.name(), "dead");
    let back = stack.local.dead_letters().expect("memory").remove(0);
    assert_eq!((attribute(&back, "reason"), attribute(&back, "job")), ("no_job", "scripted"));

    stack.process.registry = scripted(vec![]).0;
    stack.local.redrive().await.expect("memory");
    stack.drain().await;
    assert_eq!(stack.run().state.name(), "done");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_kills_its_worker_takes_no_neighbour_along_for_good() {
    let killed = Arc::new(Notify::new());
    let kill = Arc::clone(&killed);
    let deadly = move |_: Context, Json(event): Json<Value>| {
        let kill = Arc::clone(&kill);
        async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if event["id"] == "evt_3" {
                kill.notify_one();
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(Outcome::Done)
        }
    };
    let stack = Stack::with(Registry::new().job("deadly", On::endpoint("*"), deadly));
    for event in 0..6 {
        accept(&stack, &Draft::checkout(&format!("evt_{event}"), "cs_1")).await;
    }
    while stack.local.backlog().expect("memory") > 0 {
        stack.local.wait_for_work(Duration::from_secs(3600)).await.expect("memory");
        let batch = stack.local.receive(10).await.expect("memory");
        let work = join_all(batch.iter().map(|message| stack.work_on(message)));
        // The whole worker is gone with the job that kills it.
        tokio::select! {
            _ = work => {}
            () = killed.notified() => {}
        }
    }
    let mut ends = std::collections::BTreeMap::new();
    for event in stack.local.events().expect("memory") {
        let run = stack.local.runs(&event.event()).expect("memory").remove(0);
        let id = event.event_id.expect("an id").to_string();
        ends.insert(id, (run.state.name(), run.attempt));
    }
    assert_eq!(ends.remove("evt_3"), Some(("dead", 6)), "five attempts, and one that is not made");
    for (id, end) in ends {
        assert_eq!(end, ("done", 2), "{id} dies once with the others and then runs alone");
    }
}

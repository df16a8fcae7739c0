//! Jobs that go, come back, are renamed and narrowed while their runs are under way.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hookdock_pipeline::job::{Body, Context, JobResult, On, Outcome, Registry};
use hookdock_pipeline::ledger::{DeadReason, RunState};
use hookdock_pipeline::model::system::System as _;
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::logs::Logs;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::{START, Stack};

use crate::scripts::{accept, attribute, dies_over, hangs, letter, receive, scripted, unavailable};

const UNREGISTERED: &str = "job_unregistered";

async fn other(_: Context, _: Body) -> JobResult {
    Ok(Outcome::Done)
}

/// Registries in which the job of the run is missing, each in another way.
fn without_the_job() -> [(&'static str, Registry); 3] {
    [
        ("switched off", Registry::new()),
        ("renamed", Registry::new().job("new_name", On::endpoint("*"), other)),
        ("narrowed", Registry::new().job("scripted", On::endpoint("*").event("nothing"), other)),
    ]
}

/// A stack with a run that failed once, and how often its job was called.
async fn retrying() -> (Stack, Arc<AtomicU32>) {
    let (jobs, calls) = scripted(vec![Err(unavailable())]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.work_on(&receive(&stack).await).await;
    assert!(matches!(scripted_run(&stack).state, RunState::Retrying { .. }));
    (stack, calls)
}

fn scripted_run(stack: &Stack) -> hookdock_pipeline::ledger::Run {
    let runs = stack.local.runs(&stack.event().event()).expect("memory");
    runs.into_iter().find(|run| run.id.job.as_str() == "scripted").expect("it is recorded")
}

fn waits_for_its_job(stack: &Stack) -> bool {
    matches!(scripted_run(stack).state, RunState::Waiting { cause, .. } if cause == UNREGISTERED)
}

async fn work_for_an_hour(stack: &Stack) {
    stack.work_for(Duration::from_secs(3600)).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_job_is_gone_waits_and_goes_on_when_the_job_is_back() {
    for (case, registry) in without_the_job() {
        let (mut stack, calls) = retrying().await;
        let before = scripted_run(&stack);
        let jobs = std::mem::replace(&mut stack.process.registry, registry);
        work_for_an_hour(&stack).await;
        assert!(waits_for_its_job(&stack), "{case}");
        let waiting = scripted_run(&stack);
        assert_eq!(waiting.attempts, before.attempts, "{case}: no attempt was made");
        assert_eq!(waiting.counted_attempts(), 1, "{case}");
        let messages = stack.local.backlog().expect("memory");
        assert_eq!(messages, u64::from(waiting.wake.is_none()), "{case}: something wakes it");

        stack.process.registry = jobs;
        stack.drain().await;
        let run = scripted_run(&stack);
        assert_eq!((run.state, run.attempt), (RunState::Done, 2), "{case}");
        assert_eq!(calls.load(Ordering::SeqCst), 2, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_job_stays_away_is_dead_lettered_before_its_delivery_is_deleted() {
    for (case, registry) in without_the_job() {
        let (mut stack, _) = retrying().await;
        stack.process.registry = registry;
        let kept = Duration::from_secs(24 * 3600);
        stack.process.settings.deliveries_kept = kept;
        stack.drain().await;
        let reason = DeadReason::JobUnregistered;
        let state = scripted_run(&stack).state;
        assert_eq!(state, RunState::Dead { reason, dead_lettered: true }, "{case}");
        let letter = letter(&stack);
        assert_eq!(attribute(&letter, "reason"), UNREGISTERED, "{case}");
        assert_eq!(attribute(&letter, "job"), "scripted", "{case}");
        assert_eq!(attribute(&letter, "message"), "the CRM does not answer", "{case}");
        let waited = START.until(stack.system.now());
        assert!(waited < kept && kept / 2 < waited, "{case}: it waited {waited:?} of {kept:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_woken_run_of_a_missing_job_has_one_dead_letter_and_is_woken_no_more() {
    let (mut stack, _) = retrying().await;
    stack.process.registry = Registry::new();
    stack.process.settings.deliveries_kept = Duration::from_secs(24 * 3600);
    stack.plan.strike(Call::DeadLetter, Fault::Fails);
    work_for_an_hour(&stack).await;
    assert!(scripted_run(&stack).wake.is_some());
    stack.work_for(Duration::from_secs(48 * 3600)).await;
    assert!(stack.plan.has_struck());
    assert_eq!(attribute(&letter(&stack), "reason"), UNREGISTERED);
    assert_eq!(scripted_run(&stack).wake, None);
}

#[tokio::test(start_paused = true)]
async fn a_dead_run_of_a_missing_job_runs_again_when_its_letter_is_moved_back() {
    let (mut stack, _) = retrying().await;
    let jobs = std::mem::take(&mut stack.process.registry);
    stack.process.settings.deliveries_kept = Duration::from_secs(24 * 3600);
    stack.drain().await;
    stack.process.registry = jobs;
    stack.local.redrive().await.expect("memory");
    stack.drain().await;
    assert_eq!(scripted_run(&stack).state, RunState::Done);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_its_dead_letter_has_set_going_waits_for_its_job_too() {
    let (jobs, calls) = scripted(vec![Err(unavailable()); 5]);
    let mut stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 4, "the policy of these tests grants four");
    stack.local.redrive().await.expect("memory");
    stack.work_on(&receive(&stack).await).await;
    assert!(matches!(scripted_run(&stack).state, RunState::Retrying { .. }));
    let jobs = std::mem::take(&mut stack.process.registry);
    work_for_an_hour(&stack).await;
    assert!(waits_for_its_job(&stack));
    assert_eq!(stack.local.dead_letters().expect("memory").len(), 0);
    stack.process.registry = jobs;
    stack.drain().await;
    assert_eq!(scripted_run(&stack).state, RunState::Done);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_tells_its_former_name_takes_the_runs_over() {
    let (mut stack, _) = retrying().await;
    let keys = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&keys);
    let job = move |cx: Context, _: ()| {
        let noted = Arc::clone(&noted);
        async move {
            noted.lock().expect("a lock").push(cx.run().job.to_string());
            Ok(Outcome::Done)
        }
    };
    let renamed = Registry::new().job("new_name", On::endpoint("*"), job).formerly("scripted");
    stack.process.registry = renamed;
    stack.drain().await;
    let run = stack.run();
    assert_eq!((run.state, run.attempt), (RunState::Done, 2));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!(*keys.lock().expect("a lock"), ["scripted"], "and nothing runs twice");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_planned_and_never_claimed_waits_for_its_job_too() {
    let (jobs, calls) = scripted(vec![]);
    let mut stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.plan.strike(Call::Create, Fault::Fails);
    stack.work_on(&receive(&stack).await).await;
    let jobs = std::mem::take(&mut stack.process.registry);
    work_for_an_hour(&stack).await;
    assert!(waits_for_its_job(&stack));
    stack.process.registry = jobs;
    stack.drain().await;
    let run = stack.run();
    assert_eq!((run.attempt, run.counted_attempts(), run.state), (1, 1, RunState::Done));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_worker_died_waits_for_its_job_once_its_lease_is_over() {
    let jobs = Registry::new().job("scripted", On::endpoint("*"), hangs);
    let mut stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    let message = receive(&stack).await;
    dies_over(&stack, &message).await;
    stack.process.registry = Registry::new();
    stack.work_on(&message).await;
    assert!(matches!(scripted_run(&stack).state, RunState::Running { .. }), "it may be alive");
    work_for_an_hour(&stack).await;
    assert!(waits_for_its_job(&stack));
}

#[tokio::test(start_paused = true)]
async fn the_other_jobs_of_an_event_do_not_wait_with_it() {
    let (mut stack, _) = retrying().await;
    let second = Registry::new().job("second", On::endpoint("*"), other);
    stack.process.registry = second;
    work_for_an_hour(&stack).await;
    let runs = stack.local.runs(&stack.event().event()).expect("memory");
    let states: Vec<_> = runs.iter().map(|run| (run.id.job.as_str(), run.state.name())).collect();
    assert_eq!(states, [("scripted", "waiting"), ("second", "done")]);
    let jobs: Vec<_> = stack.event().jobs.iter().map(ToString::to_string).collect();
    assert_eq!(jobs, ["scripted", "second"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_has_ended_needs_its_job_no_more() {
    let (jobs, _) = scripted(vec![]);
    let mut stack = Stack::with(jobs);
    for _ in 0..2 {
        accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
        stack.drain().await;
        stack.process.registry = Registry::new();
    }
    assert_eq!(stack.run().state, RunState::Done);
    assert_eq!(stack.local.dead_letters().expect("memory").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_missing_job_is_told_once_by_a_worker_and_counted_each_time() {
    let (mut stack, _) = retrying().await;
    stack.process.registry = Registry::new();
    let logs = Logs::capture();
    work_for_an_hour(&stack).await;
    let lines = logs.lines();
    let warned = lines.iter().filter(|line| line["level"] == "WARN");
    let named: Vec<_> = warned.map(|line| line["run.job"].as_str().expect("a name")).collect();
    assert_eq!(named, ["scripted"]);
    let counted = lines.iter().filter(|line| line["reason.code"] == UNREGISTERED).count();
    assert!(counted > 3, "{counted}");
}

#[tokio::test(start_paused = true)]
async fn a_fault_while_a_run_waits_for_its_job_loses_nothing() {
    for call in [Call::Run, Call::CompareAndSwap, Call::ChangeVisibility] {
        for fault in Fault::ALL {
            let (mut stack, _) = retrying().await;
            let jobs = std::mem::take(&mut stack.process.registry);
            stack.plan.strike(call, fault);
            work_for_an_hour(&stack).await;
            assert!(stack.plan.has_struck(), "{call:?} {fault:?}");
            stack.process.registry = jobs;
            stack.drain().await;
            assert_eq!(scripted_run(&stack).state, RunState::Done, "{call:?} {fault:?}");
        }
    }
}

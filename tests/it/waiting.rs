//! Runs that wait in the ledger alone, and what wakes them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hookdock_pipeline::job::{
    Body, Context, ErrorClass, Failure, JobResult, On, Outcome, Registry,
};
use hookdock_pipeline::ledger::breaker::BreakerPolicy;
use hookdock_pipeline::ledger::{Run, RunState};
use hookdock_pipeline::maintenance::Woken;
use hookdock_pipeline::model::system::System as _;
use hookdock_signature::EpochMillis;
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::{START, Stack};

use crate::scripts::{accept, dies_over, receive, scripted, unavailable};

const HOUR: Duration = Duration::from_secs(3600);

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// A stack with a run that is tried again after that long, and how often its job was called.
async fn waiting(wait: Duration) -> (Stack, Arc<AtomicU32>) {
    let (jobs, calls) = scripted(vec![Err(unavailable().after(wait))]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.work_on(&receive(&stack).await).await;
    (stack, calls)
}

fn backlog(stack: &Stack) -> u64 {
    stack.local.backlog().expect("memory")
}

#[tokio::test(start_paused = true)]
async fn a_wait_of_two_minutes_hides_the_message_and_a_longer_one_deletes_it() {
    for (seconds, messages) in [(119, 1), (120, 1), (121, 0), (3600, 0)] {
        let (stack, calls) = waiting(Duration::from_secs(seconds)).await;
        assert_eq!(backlog(&stack), messages, "{seconds} s");
        assert_eq!(stack.run().wake.is_none(), messages == 1, "{seconds} s");
        stack.drain().await;
        assert_eq!(stack.run().state, RunState::Done, "{seconds} s");
        assert_eq!(calls.load(Ordering::SeqCst), 2, "{seconds} s");
        assert_eq!(stack.run().wake, None, "{seconds} s: nothing wakes it once more");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_came_often_is_not_hidden_again_however_short_the_wait() {
    let job = |cx: Context, _: Body| async move {
        let until = cx.started_at().plus(Duration::from_secs(20));
        Ok(Outcome::Defer { until, cause: "in a moment".to_owned() })
    };
    let stack = Stack::with(Registry::new().job("waits", On::endpoint("*"), job));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    let mut most = 0;
    for _ in 0..200 {
        stack.work_for(Duration::from_secs(1)).await;
        for message in stack.local.receive(1).await.expect("memory") {
            most = most.max(message.receives);
            stack.work_on(&message).await;
        }
        stack.work_for(Duration::from_secs(60)).await;
    }
    assert!(stack.run().attempt > 100);
    assert!(most <= 11, "{most}");
}

#[tokio::test(start_paused = true)]
async fn a_message_of_a_run_that_waits_in_the_ledger_ends_unless_the_run_is_due_soon() {
    let (stack, calls) = waiting(HOUR).await;
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.work_on(&receive(&stack).await).await;
    assert_eq!(backlog(&stack), 0, "a duplicate need not wait for it");
    stack.system.sleep(HOUR - minutes(1)).await;
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.work_on(&receive(&stack).await).await;
    assert_eq!(backlog(&stack), 1, "it may have been sent by a clock that is ahead");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_run_is_sent_once_however_often_the_tick_comes() {
    let (stack, _) = waiting(HOUR).await;
    assert_eq!(stack.wake().await, Woken::default(), "it is not due");
    stack.system.sleep(HOUR).await;
    let woken = stack.wake().await;
    assert_eq!((woken.sent, woken.left, woken.failed), (1, 0, 0));
    assert_eq!(woken.oldest_due, Some(START.plus(HOUR)));
    for _ in 0..5 {
        stack.system.sleep(minutes(1)).await;
        assert_eq!(stack.wake().await.sent, 0);
    }
    assert_eq!(backlog(&stack), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reference_that_is_lost_is_sent_again_later_each_time() {
    let (stack, calls) = waiting(HOUR).await;
    let mut sent = Vec::new();
    while sent.len() < 5 {
        stack.system.sleep(stack.system.now().until(stack.run().wakes_at().expect("a time"))).await;
        sent.push(stack.system.now());
        assert_eq!(stack.wake().await.sent, 1);
        let message = receive(&stack).await;
        stack.local.delete(&message.receipt).await.expect("memory");
    }
    let waits = sent.windows(2).map(|pair| pair[0].until(pair[1]));
    for (wait, least) in waits.zip([5, 10, 20, 40]) {
        assert!((minutes(least)..=minutes(2 * least)).contains(&wait), "{wait:?} {least}");
    }
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn whatever_call_of_a_tick_fails_the_run_goes_on() {
    for call in [Call::DueRuns, Call::Run, Call::CompareAndSwap, Call::SendItems] {
        for fault in [Fault::Fails, Fault::FailsLate] {
            let (stack, calls) = waiting(HOUR).await;
            stack.system.sleep(HOUR).await;
            // Every shard is asked.
            stack.plan.strike_times(if call == Call::DueRuns { 16 } else { 1 }, call, fault);
            assert!(stack.wake().await.failed > 0, "{call:?} {fault:?}");
            stack.drain().await;
            assert_eq!(stack.run().state, RunState::Done, "{call:?} {fault:?}");
            assert_eq!(calls.load(Ordering::SeqCst), 2, "{call:?} {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_call_fails_as_a_run_begins_to_wait_it_goes_on() {
    for fault in Fault::ALL {
        for call in [Call::CompareAndSwap, Call::Create, Call::RecordDelivery] {
            let (jobs, _) = scripted(vec![Err(unavailable().after(HOUR))]);
            let stack = Stack::with(jobs);
            accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
            stack.plan.strike(call, fault);
            stack.drain().await;
            assert!(stack.plan.has_struck(), "{call:?} {fault:?}");
            assert_eq!(stack.run().state, RunState::Done, "{call:?} {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_dies_over_a_woken_run_has_a_successor() {
    let dead = Arc::new(AtomicU32::new(0));
    let tries = Arc::clone(&dead);
    let job = move |_: Context, _: Body| {
        let tries = Arc::clone(&tries);
        async move {
            match tries.fetch_add(1, Ordering::SeqCst) {
                0 => Err(unavailable().after(HOUR)),
                1 => std::future::pending().await,
                _ => Ok(Outcome::Done),
            }
        }
    };
    let stack = Stack::with(Registry::new().job("late", On::endpoint("*"), job));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.work_on(&receive(&stack).await).await;
    stack.system.sleep(HOUR).await;
    stack.wake().await;
    let message = receive(&stack).await;
    dies_over(&stack, &message).await;
    let left = stack.system.now().until(stack.run().wakes_at().expect("a time"));
    assert!(left > minutes(5), "the ledger wakes it, should its message be lost: {left:?}");
    stack.drain().await;
    assert_eq!((stack.run().state, dead.load(Ordering::SeqCst)), (RunState::Done, 3));
}

#[tokio::test(start_paused = true)]
async fn of_several_jobs_only_the_one_that_waits_is_woken() {
    let counted = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&counted);
    let other = move |_: Context, _: Body| {
        count.fetch_add(1, Ordering::SeqCst);
        async { Ok(Outcome::Done) }
    };
    let (jobs, calls) = scripted(vec![Err(unavailable().after(HOUR))]);
    let stack = Stack::with(jobs.job("other", On::endpoint("*"), other));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!((calls.load(Ordering::SeqCst), counted.load(Ordering::SeqCst)), (2, 1));
    assert_eq!(stack.event().deliveries, 1, "a wake is no delivery");
}

/// A job whose dependency is down until then, and when it was called.
fn crm(until: EpochMillis, calls: &Arc<Mutex<Vec<EpochMillis>>>) -> Registry {
    let calls = Arc::clone(calls);
    let job = move |cx: Context, _: Body| {
        let calls = Arc::clone(&calls);
        async move {
            let call = async || {
                calls.lock().expect("a lock").push(cx.started_at());
                match cx.started_at() < until {
                    true => Err(Failure::transient(ErrorClass::Unavailable, "down")),
                    false => Ok(()),
                }
            };
            cx.dependency("crm").policy(BreakerPolicy::default()).call(call).await?;
            Ok(Outcome::Done)
        }
    };
    Registry::new().job("sync", On::endpoint("*"), job)
}

#[tokio::test(start_paused = true)]
async fn runs_come_back_to_a_dependency_few_at_first_and_more_as_it_answers() {
    let (calls, back) = (Arc::default(), START.plus(HOUR * 2));
    let stack = Stack::with(crm(back, &calls));
    for number in 0..300 {
        accept(&stack, &Draft::checkout(&format!("evt_{number}"), &format!("cs_{number}"))).await;
    }
    stack.work_for(HOUR * 2).await;
    let held = stack.local.events().expect("memory").len() as u64 - backlog(&stack);
    assert!(held > 280, "{held} wait in the ledger");
    stack.drain().await;
    let calls = calls.lock().expect("a lock");
    let minute = |at: &EpochMillis| back.until(*at).as_secs() / 60;
    let answered: Vec<u64> = calls.iter().filter(|at| **at >= back).map(minute).collect();
    assert_eq!(answered.len(), 300, "each is called once after that");
    let first = answered[0];
    let within = |most: u64| answered.iter().filter(|at| **at < first + most).count();
    assert!(within(1) <= 20, "{} in the first minute", within(1));
    assert!(within(2) <= 50, "{} in two", within(2));
    assert!(within(20) == 300, "{} in twenty", within(20));
    let all = stack.local.events().expect("memory");
    let runs: Vec<Run> =
        all.iter().flat_map(|event| stack.local.runs(&event.event()).expect("memory")).collect();
    assert!(runs.iter().all(|run| run.state == RunState::Done));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_nothing_holds_back_does_not_stand_behind_those_that_wait_for_a_dependency() {
    async fn late(cx: Context, _: Body) -> JobResult {
        match cx.started_at() < START.plus(HOUR) {
            true => Err(unavailable().after(HOUR)),
            false => Ok(Outcome::Done),
        }
    }
    let calls = Arc::default();
    let jobs = crm(START.plus(HOUR * 24), &calls).job("late", On::endpoint("github"), late);
    let stack = Stack::with(jobs);
    for number in 0..200 {
        accept(&stack, &Draft::checkout(&format!("evt_{number}"), &format!("cs_{number}"))).await;
    }
    accept(&stack, &Draft::github("star")).await;
    stack.work_for(HOUR + minutes(2)).await;
    let events = stack.local.events().expect("memory");
    let star = events.iter().find(|event| event.endpoint.as_str() == "github").expect("an event");
    let runs = stack.local.runs(&star.event()).expect("memory");
    let late = runs.iter().find(|run| run.id.job.as_str() == "late").expect("a run");
    assert_eq!(late.state, RunState::Done);
}

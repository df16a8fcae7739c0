//! The stored delivery is read while the ledger is asked, and no promise rests on that.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hookdock_embedded::Message;
use hookdock_pipeline::job::{Body, Context, ErrorClass, JobResult, On, Outcome, Registry};
use hookdock_pipeline::ledger::{AttemptFailure, Run, RunState};
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::process::Verdict;
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;

use crate::scripts::{accept, receive, scripted, unavailable};

/// A message whose delivery is stored.
async fn queued(stack: &Stack) -> Message {
    accept(stack, &Draft::checkout("evt_1", "cs_1")).await;
    receive(stack).await
}

/// What was called for one message.
async fn calls_for(stack: &Stack, message: &Message) -> Vec<Call> {
    let before = stack.plan.calls().len();
    stack.work_on(message).await;
    stack.plan.calls().split_off(before)
}

fn failures(stack: &Stack) -> Vec<(&'static str, Option<ErrorClass>)> {
    let runs = stack.local.runs(&stack.event().event()).expect("memory");
    let class = |run: &Run| run.last_failure().map(|AttemptFailure { class, .. }| *class);
    runs.iter().map(|run| (run.state.name(), class(run))).collect()
}

/// Two jobs for every event.
fn two_jobs() -> (Registry, Arc<AtomicU32>) {
    let calls = Arc::new(AtomicU32::new(0));
    let registry = ["first", "second"].into_iter().fold(Registry::new(), |registry, name| {
        let counted = Arc::clone(&calls);
        registry.job(name, On::endpoint("*"), move |_: Context, _: Body| {
            counted.fetch_add(1, Ordering::SeqCst);
            async { JobResult::Ok(Outcome::Done) }
        })
    });
    (registry, calls)
}

#[tokio::test(start_paused = true)]
async fn an_event_takes_as_long_as_its_read_or_its_claim_and_not_as_both() {
    // How long a read takes, how long a call of the ledger, and how long all of it: two calls
    // lead to the claim, and one settles the run.
    for (read, ledger, all) in [(100, 10, 110), (10, 100, 300), (20, 10, 30)] {
        let (jobs, _) = scripted(vec![]);
        let stack = Stack::with(jobs);
        let message = queued(&stack).await;
        stack.plan.slow_all_down(Duration::from_millis(ledger));
        stack.plan.slow_down(Call::Fetch, Duration::from_millis(read));
        let begun = stack.system.now();
        assert_eq!(stack.work_on(&message).await, Verdict::Finished);
        let took = begun.until(stack.system.now());
        assert_eq!(took, Duration::from_millis(all), "read {read} ms, ledger {ledger} ms");
        assert_eq!(stack.run().state, RunState::Done);
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_hangs_holds_up_no_claim() {
    let (jobs, ran) = scripted(vec![]);
    let stack = Stack::with(jobs);
    let message = queued(&stack).await;
    stack.plan.strike(Call::Fetch, Fault::Hangs);
    let calls = calls_for(&stack, &message).await;
    assert_eq!(
        calls,
        [
            Call::RecordDelivery,
            Call::Cell,
            Call::Fetch,
            Call::Create,
            Call::CompareAndSwap,
            Call::ChangeVisibility
        ],
        "the run is claimed, and its end is told"
    );
    assert_eq!(failures(&stack), [("retrying", Some(ErrorClass::TimedOut))]);
    assert_eq!(ran.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_read_is_there_for_all_jobs_of_an_event() {
    let (jobs, ran) = two_jobs();
    let stack = Stack::with(jobs);
    let message = queued(&stack).await;
    let both = [Call::Create, Call::CompareAndSwap, Call::Create, Call::CompareAndSwap];
    let calls = calls_for(&stack, &message).await;
    assert_eq!(calls, [&[Call::RecordDelivery, Call::Cell, Call::Fetch], &both[..]].concat());
    assert_eq!(ran.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_is_the_attempt_of_one_job_and_of_no_other() {
    let (jobs, ran) = two_jobs();
    let stack = Stack::with(jobs);
    let message = queued(&stack).await;
    stack.plan.strike(Call::Fetch, Fault::Fails);
    stack.work_on(&message).await;
    assert!(stack.plan.has_struck());
    assert_eq!(failures(&stack), [("retrying", Some(ErrorClass::Unavailable)), ("done", None)]);
    assert_eq!(ran.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_comes_back_is_read_once_its_run_is_claimed() {
    let (jobs, _) = scripted(vec![Err(unavailable())]);
    let stack = Stack::with(jobs);
    let message = queued(&stack).await;
    assert_eq!(stack.work_on(&message).await, Verdict::Again);
    let message = receive(&stack).await;
    let calls = calls_for(&stack, &message).await;
    // The run is there, so it is claimed by a second write.
    assert_eq!(
        calls,
        [
            Call::RecordDelivery,
            Call::Create,
            Call::CompareAndSwap,
            Call::Fetch,
            Call::CompareAndSwap
        ]
    );
    assert_eq!(stack.run().state, RunState::Done);
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_costs_one_read_and_runs_nothing() {
    let (jobs, ran) = scripted(vec![]);
    let stack = Stack::with(jobs);
    let message = queued(&stack).await;
    assert_eq!(stack.work_on(&message).await, Verdict::Finished);
    let duplicate = queued(&stack).await;
    assert_eq!(
        calls_for(&stack, &duplicate).await,
        [Call::RecordDelivery, Call::Fetch, Call::Create]
    );
    assert_eq!(ran.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_for_an_event_that_no_job_is_for() {
    let stack = Stack::with(Registry::new());
    let message = queued(&stack).await;
    assert_eq!(calls_for(&stack, &message).await, [Call::RecordDelivery]);
}

//! An attempt is begun while there is time for it, and otherwise left to another worker.

use std::time::Duration;

use futures_util::future::join_all;
use hookdock_pipeline::job::{Body, Context, On, Outcome, Registry};
use hookdock_pipeline::ledger::{Run, RunState};
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::process::Verdict;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::{START, Stack};

use crate::scripts::{accept, dies_over, receive};

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// Runs of an event by the names of their jobs.
fn attempts(stack: &Stack) -> Vec<(String, u32)> {
    let runs = stack.local.runs(&stack.event().event()).expect("memory");
    runs.iter().map(|run| (run.id.job.to_string(), run.attempt)).collect()
}

/// A job that takes that long.
fn taking(registry: Registry, name: &str, time: Duration) -> Registry {
    registry.job(name, On::endpoint("*"), move |_: Context, _: Body| async move {
        tokio::time::sleep(time).await;
        Ok(Outcome::Done)
    })
}

/// A worker has 30 s here, of which 2 s are for the outcome, and an attempt takes 5 s at least.
#[tokio::test(start_paused = true)]
async fn a_job_is_left_to_another_worker_when_the_one_before_it_took_the_time() {
    for (took, begun) in [(22, true), (23, false), (27, false)] {
        let jobs = taking(Registry::new(), "first", seconds(took));
        let stack = Stack::with(taking(jobs, "second", seconds(1)));
        accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
        let verdict = stack.work_on(&receive(&stack).await).await;
        assert_eq!(verdict == Verdict::Finished, begun, "{took}");
        let second = attempts(&stack).into_iter().any(|(job, _)| job == "second");
        assert_eq!(second, begun, "{took}");

        stack.drain().await;
        let expected = [("first".to_owned(), 1), ("second".to_owned(), 1)];
        assert_eq!(attempts(&stack), expected, "and the wait cost no attempt: {took}");
    }
}

/// Three runs whose worker died take their turns; the time is enough for two of them.
#[tokio::test(start_paused = true)]
async fn what_a_batch_has_no_time_for_comes_back_early_and_unclaimed() {
    let slow = |cx: Context, _: Body| async move {
        let time = if cx.attempt() == 1 { seconds(3600) } else { seconds(12) };
        tokio::time::sleep(time).await;
        Ok(Outcome::Done)
    };
    let stack = Stack::with(Registry::new().job("slow", On::endpoint("*"), slow));
    for event in ["evt_1", "evt_2", "evt_3"] {
        accept(&stack, &Draft::checkout(event, "cs_1")).await;
        dies_over(&stack, &receive(&stack).await).await;
    }
    // All three are visible again, and their leases are over.
    tokio::time::sleep(seconds(361)).await;
    let batch = stack.local.receive(10).await.expect("memory");
    assert_eq!(batch.len(), 3);
    let began = stack.system.now();
    let verdicts = join_all(batch.iter().map(|message| stack.work_on(message))).await;
    let took = began.until(stack.system.now());
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Again).count(), 1);
    assert_eq!(took.as_secs(), 24, "the worker does not wait for its own end");

    let runs = stack.local.events().expect("memory").into_iter();
    let runs: Vec<Run> =
        runs.map(|event| stack.local.runs(&event.event()).expect("memory").remove(0)).collect();
    let unclaimed: Vec<_> = runs.iter().filter(|run| run.state != RunState::Done).collect();
    assert_eq!(unclaimed.len(), 1);
    assert_eq!(unclaimed[0].attempt, 1);
    stack.drain().await;
    assert_eq!(stack.local.dead_letters().expect("memory").len(), 0);
}

/// The least that the template lets a processor have: 5 s, less half a second for the answer.
#[tokio::test(start_paused = true)]
async fn a_worker_with_little_time_in_all_begins_attempts_all_the_same() {
    let stack = Stack::with(taking(Registry::new(), "quick", seconds(1)));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    let message = receive(&stack).await;
    let mut received = stack.received(&message);
    received.deadline = START.plus(Duration::from_millis(4_500));
    assert_eq!(stack.process.one(&received).await, Verdict::Finished);
    assert_eq!(stack.run().state, RunState::Done);
}

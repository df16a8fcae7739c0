//! Large and poisoned deliveries: what they take from the memory and the attempts of others.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::job::{Body, Context, On, Outcome, Registry};
use hookdock_pipeline::ledger::{Run, RunState};
use hookdock_pipeline::model::retry::RetryPolicy;
use hookdock_pipeline::process::Worker;
use hookdock_tests::contract;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;
use tokio::time::Instant;

use crate::scripts::accept;

/// A little more than what needs no room.
const LARGE: usize = 65 * 1024;

/// How long a job works on a large body. A worker has 30 s here.
const WORK: Duration = Duration::from_secs(12);

/// Of this memory two large deliveries may be in work.
const MEMORY: u64 = 2 * 1024 * 1024;

/// How many bytes of bodies are in work, and how many were at most.
#[derive(Default)]
struct InWork {
    now: AtomicUsize,
    most: AtomicUsize,
    small_done: Mutex<Option<Instant>>,
}

/// A job that takes its time over a large body, and none over a small one.
fn weighing(in_work: &Arc<InWork>) -> Registry {
    let in_work = Arc::clone(in_work);
    Registry::new().job("weighing", On::endpoint("*"), move |_: Context, Body(body): Body| {
        let in_work = Arc::clone(&in_work);
        async move {
            let now = in_work.now.fetch_add(body.len(), Ordering::SeqCst) + body.len();
            in_work.most.fetch_max(now, Ordering::SeqCst);
            if body.len() > 1000 {
                tokio::time::sleep(WORK).await;
            } else {
                *in_work.small_done.lock().expect("a lock") = Some(Instant::now());
            }
            in_work.now.fetch_sub(body.len(), Ordering::SeqCst);
            Ok(Outcome::Done)
        }
    })
}

fn large(number: usize, bytes: usize) -> Draft {
    let body =
        serde_json::json!({"id": format!("evt_{number}"), "type": "x", "y": "x".repeat(bytes)});
    Draft::stripe("stripe", "whsec_test", &body.to_string())
}

/// Everything that was accepted, in one batch.
async fn work_on_all(stack: &Stack) {
    let batch = stack.local.receive(10).await.expect("memory");
    stack.work_on_all(&batch).await;
}

#[tokio::test(start_paused = true)]
async fn the_large_deliveries_of_a_batch_are_in_work_as_far_as_there_is_room() {
    let in_work = Arc::new(InWork::default());
    let mut stack = Stack::with(weighing(&in_work));
    stack.process.worker = Worker::with_memory(MEMORY);
    for number in 0..4 {
        accept(&stack, &large(number, LARGE)).await;
    }
    accept(&stack, &Draft::github("{}")).await;
    let began = Instant::now();
    work_on_all(&stack).await;
    assert_eq!(stack.local.backlog().expect("memory"), 0, "all of it was worked on");
    assert_eq!(began.elapsed(), WORK * 2, "two at a time");
    assert!(in_work.most.load(Ordering::SeqCst) < 3 * LARGE, "{:?}", in_work.most);
    let small_done = *in_work.small_done.lock().expect("a lock");
    assert_eq!(small_done, Some(began), "the small one did not wait");
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_is_larger_than_all_the_room_is_alone_among_the_large_ones() {
    let in_work = Arc::new(InWork::default());
    let mut stack = Stack::with(weighing(&in_work));
    stack.process.worker = Worker::with_memory(MEMORY);
    accept(&stack, &large(1, 4 * LARGE)).await;
    accept(&stack, &large(2, LARGE)).await;
    work_on_all(&stack).await;
    assert_eq!(stack.local.backlog().expect("memory"), 0);
    assert!(in_work.most.load(Ordering::SeqCst) < 5 * LARGE);
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_room_in_time_comes_back_unclaimed() {
    let in_work = Arc::new(InWork::default());
    let mut stack = Stack::with(weighing(&in_work));
    stack.process.worker = Worker::with_memory(MEMORY);
    for number in 0..4 {
        accept(&stack, &large(number, 2 * LARGE)).await;
    }
    work_on_all(&stack).await;
    assert_eq!(runs(&stack).len(), 2);
    stack.drain().await;
    let runs = runs(&stack);
    assert_eq!(runs.len(), 4);
    assert!(runs.iter().all(|run| (&run.state, run.attempt) == (&RunState::Done, 1)), "{runs:#?}");
}

#[tokio::test(start_paused = true)]
async fn the_neighbours_of_a_delivery_that_kills_the_worker_lose_no_attempt() {
    let killed = Arc::new(AtomicBool::new(false));
    let quick = Arc::clone(&killed);
    let job = move |_: Context, Body(body): Body| {
        let hangs = body.len() > 1000 || !quick.load(Ordering::SeqCst);
        async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            Ok(Outcome::Done)
        }
    };
    let mut stack = Stack::with(Registry::new().job("job", On::endpoint("*"), job));
    stack.process.settings.policy = RetryPolicy { max_attempts: 1, ..RetryPolicy::default() };
    for number in 0..9 {
        accept(&stack, &Draft::github(number.to_string())).await;
    }
    accept(&stack, &large(9, LARGE)).await;
    let batch = stack.local.receive(10).await.expect("memory");
    let work = stack.work_on_all(&batch);
    assert!(tokio::time::timeout(Duration::from_secs(1), work).await.is_err(), "the worker dies");
    assert_eq!(runs(&stack).len(), 10, "and all of them had been claimed");
    killed.store(true, Ordering::SeqCst);

    stack.drain().await;
    let (done, dead): (Vec<Run>, Vec<Run>) =
        runs(&stack).into_iter().partition(|run| run.state == RunState::Done);
    assert_eq!((done.len(), dead.len()), (9, 1));
    assert!(done.iter().all(|run| run.attempt == 2));
}

fn runs(stack: &Stack) -> Vec<Run> {
    let events = stack.local.events().expect("memory").into_iter();
    events.flat_map(|event| stack.local.runs(&event.event()).expect("memory")).collect()
}

#[tokio::test]
async fn a_stored_delivery_is_four_thirds_of_its_body_at_most_and_what_surrounds_it() {
    let head = contract::seal(&Draft::github(""), 0).await.object().len() + "base64".len();
    for byte in 0..=255_u8 {
        for (repeat, rest) in [(1, ""), (6, "abcdef"), (1, "abcdef")] {
            let mut body = vec![byte; repeat];
            body.extend_from_slice(rest.as_bytes());
            let body = body.repeat(1000);
            let bytes = body.len();
            let sealed = contract::seal(&Draft::github(body.clone()), 0).await;
            let longest = head + bytes.div_ceil(3) * 4;
            assert!(sealed.object().len() <= longest, "{byte:#04x} {rest:?}");
            let stored = StoredDelivery::parse(sealed.object()).expect("a delivery");
            assert_eq!(stored.body_bytes().expect("a body"), body);
        }
    }
}

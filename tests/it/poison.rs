//! One poisoned event in a hundred: what it costs the others.
//!
//! Time is virtual, so nothing here is noise. As in `hookdock dev`, a worker takes the next
//! message as soon as it is free; every call through a port takes 5 ms, and a good event 200 ms
//! of its job. A poisoned one fails as soon as its job has read it. There is more to do than the
//! workers can, all the time, so whatever a poisoned event takes, the others are kept waiting for.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use hookdock_pipeline::job::{
    Context, ErrorClass, Failure, JobResult, Json, On, Outcome, Registry,
};
use hookdock_pipeline::model::retry::RetryPolicy;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;
use serde_json::Value;
use tokio::time::Instant;

use crate::scripts::accept;

const GOOD: usize = 1000;
const WORKERS: usize = 10;
const CALL: Duration = Duration::from_millis(5);
const WORK: Duration = Duration::from_millis(200);

type Poison = fn() -> JobResult;

/// How many good events a second there are, with one poisoned among a hundred, or with none.
async fn throughput(poison: Option<Poison>) -> f64 {
    let (left, last) = (Arc::new(AtomicUsize::new(GOOD)), Arc::new(Mutex::new(Instant::now())));
    let (counted, noted) = (Arc::clone(&left), Arc::clone(&last));
    let job = move |_: Context, Json(event): Json<Value>| {
        let (left, last) = (Arc::clone(&counted), Arc::clone(&noted));
        async move {
            if event["id"].as_str().is_some_and(|id| id.starts_with("poison")) {
                return poison.expect("there is none")();
            }
            tokio::time::sleep(WORK).await;
            left.fetch_sub(1, Ordering::SeqCst);
            *last.lock().expect("a lock") = Instant::now();
            Ok(Outcome::Done)
        }
    };
    let mut stack = Stack::with(Registry::new().job("poisonable", On::endpoint("*"), job));
    stack.process.settings.policy = RetryPolicy::default();
    for event in 0..GOOD {
        if event % 100 == 50 && poison.is_some() {
            accept(&stack, &Draft::checkout(&format!("poison_{event}"), "cs_1")).await;
        }
        accept(&stack, &Draft::checkout(&format!("evt_{event}"), "cs_1")).await;
    }
    stack.plan.slow_all_down(CALL);
    let began = Instant::now();
    join_all((0..WORKERS).map(|_| work(&stack, &left))).await;
    let ended = *last.lock().expect("a lock");
    let good = u32::try_from(GOOD).expect("a small number");
    f64::from(good) / ended.duration_since(began).as_secs_f64()
}

/// Until no good event is left.
async fn work(stack: &Stack, left: &AtomicUsize) {
    while left.load(Ordering::SeqCst) > 0 {
        match stack.local.receive(1).await.expect("memory").pop() {
            Some(message) => drop(stack.work_on(&message).await),
            None => stack.local.wait_for_work(WORK).await.expect("memory"),
        }
    }
}

async fn check(poison: Poison) {
    let (without, with) = (throughput(None).await, throughput(Some(poison)).await);
    let lost = 1.0 - with / without;
    assert!(lost > 0.0, "it costs something: {with} of {without} a second");
    assert!(lost < 0.02, "{with} of {without} a second");
}

#[tokio::test(start_paused = true)]
async fn one_in_a_hundred_that_fails_for_good_costs_the_others_less_than_two_percent() {
    check(|| Err(Failure::permanent(ErrorClass::BadData, "poison"))).await;
}

#[tokio::test(start_paused = true)]
async fn one_in_a_hundred_that_panics_costs_the_others_less_than_two_percent() {
    check(|| resume_unwind(Box::new("poison"))).await;
}

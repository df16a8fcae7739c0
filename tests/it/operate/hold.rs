//! Holds: what is held waits, uses no attempt, and none of it is lost.

use std::sync::atomic::Ordering;
use std::time::Duration;

use hookdock_operate::{Code, HoldOrder, Pace, Phase, Turn, TurnOrder};
use hookdock_pipeline::ledger::{DeadReason, RunState};
use hookdock_pipeline::model::names::OperationId;
use hookdock_pipeline::model::system::System as _;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;

use super::{SECOND, of};
use crate::scripts::{accept, scripted, unavailable};

fn order(seconds: u64) -> HoldOrder {
    let job = Some("scripted".to_owned());
    HoldOrder { job, seconds, reason: "the CRM moves".to_owned(), ..HoldOrder::default() }
}

async fn held(stack: &Stack, order: &HoldOrder) -> OperationId {
    of(stack).hold(order).await.expect("held").id.parse().expect("an id")
}

fn cause(stack: &Stack) -> Option<String> {
    match stack.run().state {
        RunState::Waiting { cause, .. } => Some(cause),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_held_waits_without_an_attempt_and_goes_on_when_the_hold_ends() {
    let (jobs, calls) = scripted(vec![]);
    let stack = Stack::with(jobs);
    let id = held(&stack, &order(3600)).await;
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.work_for(SECOND * 3000).await;
    assert_eq!(cause(&stack), Some(format!("held by anna: the CRM moves ({id})")));
    assert_eq!((stack.run().attempt, stack.local.backlog().expect("memory")), (0, 0));
    stack.work_for(SECOND * 700).await;
    assert_eq!((stack.run().state, stack.run().attempt), (RunState::Done, 1));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(of(&stack).holds().await.expect("an answer"), []);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_retrying_is_held_with_its_attempts() {
    let (jobs, calls) = scripted(vec![Err(unavailable())]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.work_on_all(&stack.local.receive(1).await.expect("memory")).await;
    stack.system.sleep(SECOND * 5).await;
    held(&stack, &order(3600)).await;
    stack.work_for(SECOND * 600).await;
    assert!(cause(&stack).is_some_and(|cause| cause.starts_with("held by anna")));
    stack.drain().await;
    let run = stack.run();
    let counted = run.counted_attempts();
    assert_eq!((run.state, run.attempt, counted), (RunState::Done, 2, 2));
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_release_plans_what_waits_and_nothing_else() {
    let (jobs, calls) = scripted(vec![]);
    let stack = Stack::with(jobs);
    let id = held(&stack, &order(24 * 3600)).await;
    for number in 0..3 {
        accept(&stack, &Draft::checkout(&format!("evt_{number}"), "cs_1")).await;
    }
    stack.work_for(SECOND * 60).await;
    let planned = of(&stack).release(&id).await.expect("a plan");
    assert_eq!((planned.phase, planned.plan.items), (Phase::Planned, 3));
    assert_eq!(of(&stack).release(&id).await.expect_err("released").code, Code::NotFound);
    let plan = planned.plan.id.parse().expect("an id");
    let pace = Some(Pace { canary: false, ..Pace::default() });
    let begin = TurnOrder { confirm: Some(3), pace, ..TurnOrder::default() };
    of(&stack).turn(&plan, Turn::Run, &begin).await.expect("begun");
    for _ in 0..10 {
        of(&stack).drive(&plan, "anna").await.expect("driven");
        stack.work_for(SECOND).await;
    }
    let ended = of(&stack).operation(&plan).await.expect("known");
    assert_eq!((ended.phase, calls.load(Ordering::SeqCst)), (Phase::Finished, 3));
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 3, "nothing wakes them once more");
}

#[tokio::test(start_paused = true)]
async fn a_hold_is_about_its_scope_alone() {
    let named = |name: &str| Some(name.to_owned());
    for (scope, is_held) in [
        (HoldOrder { all: true, ..HoldOrder::default() }, true),
        (HoldOrder { endpoint: named("stripe"), ..HoldOrder::default() }, true),
        (HoldOrder { endpoint: named("github"), ..HoldOrder::default() }, false),
        (HoldOrder { event_type: named("checkout.*"), ..HoldOrder::default() }, true),
        (HoldOrder { event_type: named("charge.*"), ..HoldOrder::default() }, false),
        (HoldOrder { tenant: named("acme"), ..HoldOrder::default() }, false),
        (HoldOrder { job: named("another"), ..HoldOrder::default() }, false),
    ] {
        let (jobs, _) = scripted(vec![]);
        let stack = Stack::with(jobs);
        let reason = "a test".to_owned();
        held(&stack, &HoldOrder { seconds: 3600, reason, ..scope.clone() }).await;
        accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
        stack.work_for(SECOND * 5).await;
        assert_eq!(cause(&stack).is_some(), is_held, "{scope:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_held_for_longer_than_its_delivery_is_kept_is_dead_before() {
    let (jobs, _) = scripted(vec![]);
    let mut stack = Stack::with(jobs);
    stack.process.settings.deliveries_kept = Duration::from_secs(24 * 3600);
    held(&stack, &order(7 * 24 * 3600)).await;
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    let begin = stack.system.now();
    stack.drain().await;
    let reason = DeadReason::WaitTooLong;
    assert_eq!(stack.run().state, RunState::Dead { reason, dead_lettered: true });
    assert!(begin.until(stack.system.now()) < Duration::from_secs(24 * 3600));
}

#[tokio::test(start_paused = true)]
async fn there_are_eight_holds_at_most_and_those_that_have_ended_do_not_count() {
    let stack = Stack::with(scripted(vec![]).0);
    for _ in 0..8 {
        held(&stack, &order(60)).await;
    }
    assert_eq!(of(&stack).hold(&order(60)).await.expect_err("full").code, Code::BadRequest);
    stack.system.sleep(SECOND * 60).await;
    held(&stack, &order(60)).await;
    assert_eq!(of(&stack).holds().await.expect("an answer").len(), 1);
}

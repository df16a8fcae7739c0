//! Retry, dismiss and restore: what is done is done once, and nothing stale is done.

use std::sync::atomic::Ordering;

use hookdock_operate::{Act, Code, Filters, Order, Outcome, State, View};
use hookdock_pipeline::job::{ErrorClass, Failure, Outcome as Done};
use hookdock_pipeline::ledger::{DeadReason, RunState};
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;

use super::{SECOND, of, page};
use crate::scripts::{accept, scripted, unavailable};

fn order(act: Act, name: &str, etag: &str) -> Order {
    Order {
        act,
        target: name.parse().expect("a name"),
        tenant: None,
        job: None,
        reason: Some("a test".to_owned()),
        etag: etag.to_owned(),
    }
}

/// A stack with one dead event, whose job succeeds the next time.
async fn dead() -> (Stack, std::sync::Arc<std::sync::atomic::AtomicU32>) {
    let no = Failure::permanent(ErrorClass::Refused, "no such customer");
    let (jobs, calls) = scripted(vec![Err(no), Ok(Done::Done)]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    (stack, calls)
}

async fn etag(stack: &Stack) -> String {
    let target = "stripe/evt_1".parse().expect("a name");
    of(stack).show(&target, None).await.expect("known").etag
}

#[tokio::test(start_paused = true)]
async fn a_dead_run_that_is_retried_runs_once_however_often_that_is_asked() {
    let (stack, calls) = dead().await;
    let seen = etag(&stack).await;
    let (first, second) =
        (order(Act::Retry, "stripe/evt_1", &seen), order(Act::Retry, "stripe/evt_1", &seen));
    let done = of(&stack).act(&first).await.expect("done");
    assert_eq!(done.items[0].outcome, Outcome::Sent);
    of(&stack).act(&second).await.expect("nothing has changed yet, so it is sent once more");
    stack.local.redrive().await.expect("memory");
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 2, "the first attempt, and one for three messages");
    assert_eq!((stack.run().state, stack.run().generation), (RunState::Done, 1));
    let late = of(&stack).act(&first).await.expect_err("it has changed");
    assert_eq!(late.code, Code::Changed);
    let ended = of(&stack).act(&order(Act::Retry, "stripe/evt_1", "*")).await.expect_err("done");
    assert_eq!(ended.code, Code::NothingToDo);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_its_next_attempt_goes_on_now() {
    let (jobs, calls) = scripted(vec![Err(unavailable()), Ok(Done::Done)]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    let messages = stack.local.receive(1).await.expect("memory");
    stack.work_on_all(&messages).await;
    assert!(matches!(stack.run().state, RunState::Retrying { .. }));
    let before = hookdock_pipeline::model::system::System::now(&stack.system);
    of(&stack).act(&order(Act::Retry, "stripe/evt_1", &etag(&stack).await)).await.expect("done");
    let messages = stack.local.receive(10).await.expect("memory");
    assert_eq!(messages.len(), 1, "its own message is hidden still");
    stack.work_on_all(&messages).await;
    assert_eq!(stack.run().state, RunState::Done);
    assert!(before.until(hookdock_pipeline::model::system::System::now(&stack.system)) < SECOND);
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 2, "its own message finds it done");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_has_left_the_queue_goes_on_now_and_once() {
    let hour = SECOND * 3600;
    let (jobs, calls) = scripted(vec![Err(unavailable().after(hour))]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.work_on_all(&stack.local.receive(1).await.expect("memory")).await;
    assert_eq!(stack.local.backlog().expect("memory"), 0, "no message waits");
    of(&stack).act(&order(Act::Retry, "stripe/evt_1", &etag(&stack).await)).await.expect("done");
    stack.work_for(SECOND * 60).await;
    assert_eq!((stack.run().state, stack.run().wake), (RunState::Done, None));
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 2, "and it is not woken once more");
}

#[tokio::test(start_paused = true)]
async fn what_is_dismissed_is_not_set_going_by_its_dead_letter_and_can_be_restored() {
    let (stack, calls) = dead().await;
    let done = of(&stack).act(&order(Act::Dismiss, "stripe/evt_1", &etag(&stack).await)).await;
    assert_eq!(done.expect("done").items[0].outcome, Outcome::Dismissed);
    stack.local.redrive().await.expect("memory");
    stack.drain().await;
    assert_eq!(
        calls.load(Ordering::SeqCst),
        1,
        "the dead letter that was left behind does nothing"
    );
    let RunState::Dismissed { reason, by, why } = stack.run().state else { panic!("dismissed") };
    assert_eq!((reason, by.as_str(), why.as_str()), (DeadReason::Permanent, "anna", "a test"));
    let state = |name: &str| Filters { state: Some(name.to_owned()), ..Filters::default() };
    assert_eq!(page(&of(&stack), &state("dead"), 10, None).await.items.len(), 0);
    let aside = page(&of(&stack), &state("dismissed"), 10, None).await.items;
    assert_eq!(aside[0].state, State::Dismissed);
    assert_eq!(of(&stack).status().await.expect("an answer").problems, [""; 0]);

    let retried = of(&stack).act(&order(Act::Retry, "stripe/evt_1", "*")).await;
    assert_eq!(retried.expect_err("it is set aside").code, Code::NothingToDo);
    of(&stack).act(&order(Act::Restore, "stripe/evt_1", "*")).await.expect("done");
    assert!(matches!(stack.run().state, RunState::Dead { .. }));
    of(&stack).act(&order(Act::Retry, "stripe/evt_1", "*")).await.expect("done");
    stack.drain().await;
    assert_eq!((stack.run().state, calls.load(Ordering::SeqCst)), (RunState::Done, 2));
}

#[tokio::test(start_paused = true)]
async fn a_retry_whose_body_is_gone_sends_nothing() {
    let (stack, calls) = dead().await;
    let name = stack.local.objects().expect("memory").remove(0);
    stack
        .local
        .expire(&hookdock_pipeline::delivery::object_key::ObjectKey::listed(name))
        .await
        .expect("memory");
    let refused = of(&stack).act(&order(Act::Retry, "stripe/evt_1", "*")).await.expect_err("gone");
    assert_eq!(refused.code, Code::BodyGone);
    assert_eq!((stack.local.backlog().expect("memory"), calls.load(Ordering::SeqCst)), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn an_event_of_a_body_with_several_is_retried_alone() {
    let no = Failure::permanent(ErrorClass::Refused, "no");
    let (jobs, calls) = scripted(vec![Err(no.clone()), Err(no), Ok(Done::Done)]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::payments(&["EV1", "EV2"])).await;
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    of(&stack).act(&order(Act::Retry, "payments/EV2", "*")).await.expect("done");
    stack.drain().await;
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    let events = page(&of(&stack), &Filters::default(), 10, None).await.items;
    let states: Vec<_> =
        events.iter().map(|event| (event.id.as_deref().expect("an id"), event.state)).collect();
    assert_eq!(states, [("EV1", State::Dead), ("EV2", State::Done)]);
}

#[tokio::test(start_paused = true)]
async fn dead_runs_are_grouped_and_dead_letters_without_a_run_are_told_apart() {
    let no = || Err(Failure::permanent(ErrorClass::Refused, "no such customer"));
    let (jobs, _) = scripted(vec![no(), no(), Err(Failure::permanent(ErrorClass::BadData, "odd"))]);
    let stack = Stack::with(jobs);
    for number in 1..=3 {
        accept(&stack, &Draft::checkout(&format!("evt_{number}"), "cs")).await;
        stack.drain().await;
    }
    stack.local.enqueue("not a reference".to_owned(), Vec::new()).await.expect("memory");
    stack.drain().await;
    let by = hookdock_operate::By::read("class,endpoint").expect("known keys");
    let selection = Filters { state: Some("dead".to_owned()), ..Filters::default() };
    let dead = of(&stack).dead(&selection.check().expect("usable"), &by).await.expect("an answer");
    let groups: Vec<_> =
        dead.groups.iter().map(|group| (group.by["class"].as_str(), group.runs)).collect();
    assert_eq!(groups, [("refused", 2), ("bad_data", 1)]);
    assert_eq!((dead.runs, dead.complete), (3, true));
    assert_eq!(of(&stack).dead_letters().await.expect("an answer")[0].reason, "bad_reference");
    assert_eq!(stack.local.dead_letters().expect("memory").len(), 4, "looking moves none");
}

#[tokio::test(start_paused = true)]
async fn what_can_be_used_again_is_shown_only_where_it_is_asked_for() {
    let (jobs, _) = scripted(vec![Ok(Done::Done)]);
    let stack = Stack::with(jobs);
    let body = r#"{"id":"evt_1","type":"a","client_secret":"hush_1","amount":1.10}"#;
    let draft = Draft::stripe("stripe", "whsec_test", body)
        .with("Authorization", "Bearer hush_2")
        .with("X-Api-Key", "hush_3")
        .with("X-Trace", "plain");
    accept(&stack, &draft).await;
    let target = "stripe/evt_1".parse().expect("a name");
    for reveal in [false, true] {
        let headers = of(&stack).headers(&target, None, reveal).await.expect("known");
        let headers = serde_json::to_string(&headers).expect("JSON");
        let body = of(&stack).body(&target, None, View::Pretty, reveal).await.expect("known");
        let shown = headers + std::str::from_utf8(&body).expect("text");
        for secret in ["hush_1", "hush_2", "hush_3", "v1="] {
            assert_eq!(shown.contains(secret), reveal, "{secret}: {shown}");
        }
        assert!(shown.contains("plain") && shown.contains("1.10"), "{shown}");
    }
    let raw = of(&stack).body(&target, None, View::Raw, false).await.expect("known");
    assert_eq!(raw, body, "downloads are exact");
}

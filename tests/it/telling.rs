//! What people are told of an event: every line names it, and a time-out is told apart.

use std::panic::resume_unwind;
use std::time::Duration;

use hookdock_pipeline::job::{
    Body, Context, ErrorClass, Failure, JobResult, Json, On, Outcome, Registry,
};
use hookdock_pipeline::ledger::{AttemptResult, RunState};
use hookdock_pipeline::model::system::System as _;
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::logs::Logs;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;
use serde_json::Value;

use crate::scripts::{accept, receive, unavailable};

/// Fails in every way there is, one attempt after the other, and says so.
async fn talks(cx: Context, _: Body) -> JobResult {
    tracing::info!("at work");
    cx.step("order", async |_| {
        tracing::info!("at the order");
        Ok(())
    })
    .await?;
    match cx.attempt() {
        1 => Err(unavailable()),
        2 => resume_unwind(Box::new("a bug")),
        3 => std::future::pending().await,
        _ => Err(Failure::permanent(ErrorClass::Refused, "enough")),
    }
}

#[tokio::test(start_paused = true)]
async fn every_line_about_an_event_names_it_from_its_receipt_to_its_burial() {
    let stack = Stack::with(Registry::new().job("talks", On::endpoint("*"), talks));
    let logs = Logs::capture();
    stack.plan.strike(Call::RecordDelivery, Fault::Fails);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    let message = receive(&stack).await;
    stack.work_on(&message).await;
    stack.plan.strike(Call::ChangeVisibility, Fault::Fails);
    stack.drain().await;
    assert_eq!(stack.run().state.name(), "dead");
    let id = stack.event().first_delivery.to_string();
    let text = logs.text();
    for line in text.lines() {
        assert!(line.contains(&id), "{line}");
    }
    for said in
        ["delivery accepted", "will come back", "not put off", "at work", "at the order", "settled"]
    {
        assert!(text.contains(said), "{said:?} is not in\n{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_job_logs_names_the_event_the_job_and_the_attempt() {
    let logs = Logs::capture();
    let stack = Stack::with(Registry::new().job("talks", On::endpoint("*"), talks));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    let lines = logs.lines();
    let own: Vec<_> = lines.iter().filter(|line| line["message"] == "at work").collect();
    assert_eq!(own.len(), 4);
    assert_eq!(own[1]["span"]["event.key"], stack.event().event_key.to_string());
    assert_eq!(own[1]["span"]["run.job"], "talks");
    assert_eq!(own[1]["span"]["run.attempt"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_time_out_is_told_apart_with_how_long_it_took_and_the_step_it_was_in() {
    async fn hangs_at_the_crm(cx: Context, _: Body) -> JobResult {
        cx.step("order", async |_| Ok(())).await?;
        match cx.attempt() {
            1 => cx.step("tell-crm", async |_| std::future::pending().await).await?,
            _ => cx.step("tell-crm", async |_| Ok(())).await?,
        }
        Ok(Outcome::Done)
    }
    let stack = Stack::with(Registry::new().job("hangs", On::endpoint("*"), hangs_at_the_crm));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    let attempt = stack.run().attempts.remove(0);
    let ended = attempt.ended.expect("it ended");
    let AttemptResult::Failed(failure) = ended.result else { panic!("it failed") };
    assert_eq!(failure.class, ErrorClass::TimedOut);
    assert_eq!(failure.message, "the attempt ran out of time");
    assert_eq!(ended.step.expect("a step").as_str(), "tell-crm");
    assert_eq!(attempt.started_at.until(ended.at), Duration::from_secs(28));
}

#[tokio::test(start_paused = true)]
async fn a_processor_that_is_off_for_an_hour_loses_nothing() {
    async fn fine(_: Context, _: Json<Value>) -> JobResult {
        Ok(Outcome::Done)
    }
    let stack = Stack::with(Registry::new().job("fine", On::endpoint("*"), fine));
    for minute in 0..60 {
        accept(&stack, &Draft::checkout(&format!("evt_{minute}"), "cs_1")).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let on_again = stack.system.now();
    stack.drain().await;
    let events = stack.local.events().expect("memory");
    assert_eq!(events.len(), 60);
    for event in events {
        let run = stack.local.runs(&event.event()).expect("memory").remove(0);
        assert_eq!((run.state, run.attempt), (RunState::Done, 1));
        assert!(run.opened_at >= on_again);
    }
}

/// The provider hears 503, although the message is queued, and sends again: one run.
#[tokio::test(start_paused = true)]
async fn a_success_that_the_provider_did_not_hear_of_happens_once() {
    async fn fine(_: Context, _: Body) -> JobResult {
        Ok(Outcome::Done)
    }
    let stack = Stack::with(Registry::new().job("fine", On::endpoint("*"), fine));
    let draft = Draft::checkout("evt_1", "cs_1");
    stack.plan.strike(Call::Send, Fault::FailsLate);
    assert_eq!(stack.post(&draft).await.status(), 503);
    stack.drain().await;
    assert_eq!((stack.run().state, stack.event().deliveries), (RunState::Done, 1));
    accept(&stack, &draft).await;
    stack.drain().await;
    assert_eq!((stack.run().attempt, stack.event().deliveries), (1, 2));
}

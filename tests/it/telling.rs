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

#[tokio::test(start_paused = true)]
async fn each_outcome_has_a_line_with_the_names_that_a_person_looks_for() {
    let logs = Logs::capture();
    let mut stack = Stack::with(Registry::new().job("talks", On::provider("stripe"), talks));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.work_on(&receive(&stack).await).await;
    let retry = line(&logs, "run settled");
    assert_eq!((&retry["level"], &retry["run.state"]), (&"WARN".into(), &"retrying".into()));
    let RunState::Retrying { not_before } = stack.run().state else { panic!("it retries") };
    let next = retry["run.next_attempt_at"].as_str().expect("a time");
    let next: jiff::Timestamp = next.parse().expect("RFC 3339");
    assert_eq!(next.as_millisecond(), not_before.get());

    let logs = Logs::capture();
    stack.drain().await;
    let dead = logs.lines().into_iter().rfind(|line| line["message"] == "run settled");
    let dead = dead.expect("a line");
    assert_eq!((&dead["level"], &dead["run.state"]), (&"ERROR".into(), &"dead".into()));
    assert_eq!(dead["reason.code"], "permanent");
    assert_eq!(dead["run.next_attempt_at"], Value::Null);

    let logs = Logs::capture();
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    let said = "the event came before; a run that has ended does not run again";
    let duplicate = line(&logs, said);
    assert_eq!(duplicate["level"], "INFO");

    let logs = Logs::capture();
    stack.process.registry = Registry::new();
    accept(&stack, &Draft::order("acme", "acme secret")).await;
    stack.drain().await;
    let jobless = line(&logs, "no job runs");
    assert_eq!((&jobless["level"], &jobless["reason.code"]), (&"INFO".into(), &"no_job".into()));
    let accepted = line(&logs, "delivery accepted");
    for told in [&jobless, &accepted] {
        assert_eq!(told["tenant"], "acme");
    }
    for told in [&retry, &dead, &duplicate] {
        assert_eq!((&told["event.id"], &told["endpoint"]), (&"evt_1".into(), &"stripe".into()));
        assert_eq!(told["event.type"], "checkout.session.completed");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_done_is_told_as_information_and_a_duplicate_while_it_waits_is_told_once() {
    async fn fine(cx: Context, _: Body) -> JobResult {
        if cx.attempt() == 1 { Err(unavailable()) } else { Ok(Outcome::Done) }
    }
    let logs = Logs::capture();
    let stack = Stack::with(Registry::new().job("fine", On::endpoint("*"), fine));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    let lines = logs.lines();
    let done = lines.iter().rfind(|line| line["message"] == "run settled").expect("a line");
    assert_eq!((&done["level"], &done["run.state"]), (&"INFO".into(), &"done".into()));
    assert_eq!(done["error.class"], Value::Null);
    let before =
        |line: &&Value| line["message"].as_str().is_some_and(|m| m.contains("came before"));
    assert_eq!(lines.iter().filter(before).count(), 1, "{}", logs.text());
}

/// The only line with this message.
fn line(logs: &Logs, message: &str) -> Value {
    let lines = logs.lines().into_iter().filter(|line| line["message"] == message);
    let mut lines: Vec<Value> = lines.collect();
    assert_eq!(lines.len(), 1, "{message} in\n{}", logs.text());
    lines.remove(0)
}

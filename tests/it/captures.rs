//! Secrets that a provider hands over: taken once, by an endpoint that waits.

use futures_util::future::join_all;
use hookdock_jobs::{Settings, registry};
use hookdock_pipeline::ports::{Captured, Captures as _};
use hookdock_signature::Secret;
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::stack::Stack;

use crate::asking::{Ask, Outcome, send};

const MINE: &str = "b537207f20cbfa02357cf448134da559";
const THEIRS: &str = "000000000000000000000000deadbeef";

fn waiting(provider: &str) -> Stack {
    let endpoint = format!("[endpoints.hook]\nprovider = '{provider}'\ncapture = true");
    Stack::serving(&endpoint, registry(Settings::default()))
}

fn hook_secret(secret: &str) -> Ask {
    Ask::post("", "").with("X-Hook-Secret", secret)
}

fn event(secret: &'static str) -> Ask {
    Ask::signed("asana", secret, r#"{"events":[{"action":"changed"}]}"#)
}

async fn check(stack: &Stack, ask: Ask, status: u16, code: &str) -> Outcome {
    let outcome = send(stack, &ask).await;
    let found = (outcome.answer.status().as_u16(), outcome.lines[0]["reason.code"].as_str());
    assert_eq!(found, (status, Some(code)), "{ask:?}");
    assert_eq!(outcome.stored, 0);
    outcome
}

#[tokio::test(start_paused = true)]
async fn the_first_secret_is_echoed_and_signs_from_then_on() {
    for provider in ["asana", "clio"] {
        let stack = waiting(provider);
        let outcome = check(&stack, hook_secret(MINE), 200, "secret_captured").await;
        let headers: Vec<_> = outcome.answer.headers().iter().collect();
        assert_eq!(headers.len(), 1, "{headers:?}");
        assert_eq!(outcome.answer.headers()["x-hook-secret"], MINE);
        assert_eq!(outcome.body(), "");
    }
    let stack = waiting("asana");
    check(&stack, event(MINE), 401, "no_secret").await;
    check(&stack, hook_secret(MINE), 200, "secret_captured").await;
    assert_eq!(send(&stack, &event(MINE)).await.stored, 1);
}

#[tokio::test(start_paused = true)]
async fn notions_token_is_taken_and_neither_shown_nor_logged() {
    let stack = waiting("notion");
    let token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
    let body = format!(r#"{{"verification_token":"{token}"}}"#);
    let outcome = check(&stack, Ask::post("", &body), 200, "secret_captured").await;
    assert_eq!((outcome.body(), outcome.answer.headers().len()), ("", 0));
    assert!(!format!("{:?}", outcome.lines).contains("tMrlL1qK5"), "{:?}", outcome.lines);
    let event = Ask::signed("notion", token.to_owned().leak(), r#"{"id":"1","type":"page"}"#);
    assert_eq!(send(&stack, &event).await.stored, 1);
}

#[tokio::test(start_paused = true)]
async fn a_captured_secret_cannot_be_replaced() {
    let stack = waiting("asana");
    check(&stack, hook_secret(MINE), 200, "secret_captured").await;
    let outcome = check(&stack, hook_secret(THEIRS), 401, "secret_captured_already").await;
    assert!(outcome.answer.headers().get("x-hook-secret").is_none());
    check(&stack, event(THEIRS), 401, "mismatch").await;
    assert_eq!(send(&stack, &event(MINE)).await.stored, 1);
    check(&stack, hook_secret(MINE), 200, "handshake_answered").await;
}

#[tokio::test(start_paused = true)]
async fn of_many_secrets_at_once_one_is_kept() {
    let stack = waiting("asana");
    let id = "hook".parse().expect("a name");
    let secrets = (0..20).map(|number| Secret::new("captured", format!("secret {number}")));
    let secrets: Vec<_> = secrets.map(|secret| secret.expect("not empty")).collect();
    let kept = join_all(secrets.iter().map(|secret| stack.local.capture(&id, secret))).await;
    let kept: Vec<_> = kept.into_iter().map(|kept| kept.expect("memory")).collect();
    assert_eq!(kept.iter().filter(|kept| **kept == Captured::New).count(), 1);
    assert_eq!(kept.iter().filter(|kept| **kept == Captured::Other).count(), 19);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_does_not_wait_takes_none() {
    let endpoint = "[endpoints.hook]\nprovider = 'asana'\nsecrets = ['s']";
    let stack = Stack::serving(endpoint, registry(Settings::default()));
    check(&stack, hook_secret(MINE), 401, "secret_not_awaited").await;
    check(&stack, event(MINE), 401, "mismatch").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_too_short_or_repeated_is_no_secret() {
    let stack = waiting("asana");
    check(&stack, hook_secret("a"), 400, "handshake_malformed").await;
    check(&stack, hook_secret("<script>alert(1)</script>"), 400, "handshake_malformed").await;
    let twice = hook_secret(MINE).with("X-Hook-Secret", THEIRS);
    check(&stack, twice, 400, "handshake_repeated").await;
    check(&stack, hook_secret(MINE), 200, "secret_captured").await;
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_could_not_be_kept_is_not_echoed_and_can_be_sent_again() {
    for (fault, code) in [
        (Fault::Fails, "secret_captured"),
        (Fault::Hangs, "secret_captured"),
        (Fault::FailsLate, "handshake_answered"),
    ] {
        let stack = waiting("asana");
        stack.plan.strike(Call::Capture, fault);
        let outcome = send(&stack, &hook_secret(MINE)).await;
        assert_eq!(outcome.answer.status().as_u16(), 503, "{fault:?}");
        assert!(outcome.answer.headers().get("x-hook-secret").is_none());
        check(&stack, hook_secret(MINE), 200, code).await;
    }
}

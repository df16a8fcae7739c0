//! A destination gets each event once, exactly as it came, and can tell that it is from us.

use hookdock_pipeline::ledger::{DeadReason, RunState};
use hookdock_signature::{Headers, Request, Secret, catalog, verify};
use hookdock_tests::requests::Draft;
use serde_json::{Value, json};

use crate::world::{Turn, World, accept, stack};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BEFORE: &str = "whsec_bm90aGluZyB0aGF0IGFueWJvZHkga25vd3M=";
const URL: &str = "https://api.example.com/hooks?team=a";

fn settings() -> String {
    format!(
        r#"
        version = 1
        [deliver.pushes]
        endpoint = "git*"
        events = ["push"]
        to = {{ http = "{URL}", signing_secret = "{SECRET}", previous_secret = "{BEFORE}" }}
        "#
    )
}

fn push() -> Draft {
    Draft::github(json!({"repository": {"full_name": "a"}, "size": 3.10}).to_string())
        .with("Authorization", "Bearer of the sender")
        .with("X-Gitlab-Token", "of the sender")
        .with("Connection", "close")
        .with("Hookdock-Event", "a forged one")
        .with("X-Own", "kept")
}

/// Whether the request verifies with that secret, as its receiver would check it.
fn is_signed(
    request: &http::Request<bytes::Bytes>,
    secret: &str,
    at: hookdock_signature::EpochMillis,
) -> bool {
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned()));
    let headers = Headers::from_iter(headers);
    let provider = catalog::find("standard-webhooks").expect("in the catalogue");
    let secret = Secret::new("s1", secret).expect("a secret");
    let url = request.uri().to_string();
    let request = Request { method: "POST", url: &url, headers: &headers, body: request.body() };
    verify(&provider, &[secret], &request, at).is_ok()
}

#[tokio::test(start_paused = true)]
async fn the_exact_body_arrives_signed_with_both_secrets_and_without_credentials() {
    let world = World::default();
    let stack = stack(&settings(), &world);
    let draft = push();
    accept(&stack, &draft).await;
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
    let [request] = &world.asked()[..] else { panic!("one request") };
    assert_eq!(request.uri().to_string(), URL);
    assert_eq!(request.body(), &draft.body);
    let now = hookdock_pipeline::model::system::System::now(&stack.system);
    assert!(is_signed(request, SECRET, now) && is_signed(request, BEFORE, now));
    assert!(!is_signed(request, "whsec_YW5vdGhlciBvbmUgYW5vdGhlciBvbmUh", now));
    let header =
        |name: &str| request.headers().get(name).map(|value| value.to_str().expect("text"));
    for gone in ["authorization", "x-gitlab-token", "connection", "host", "content-length"] {
        assert_eq!(header(gone), None, "{gone}");
    }
    assert_eq!((header("x-own"), header("x-github-event")), (Some("kept"), Some("push")));
    assert_eq!(header("hookdock-event"), Some(stack.event().event_key.as_str()));
    assert_eq!(header("hookdock-delivery"), Some(stack.event().first_delivery.as_str()));
    assert_eq!(header("webhook-id"), header("idempotency-key"));
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_fails_is_asked_again_under_the_same_id() {
    let world = World::going([Turn::Status(500), Turn::Throttled(30)]);
    let stack = stack(&settings(), &world);
    accept(&stack, &push()).await;
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
    let ids: Vec<_> =
        world.asked().iter().map(|request| request.headers()["webhook-id"].clone()).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_is_gone_ends_the_run_at_once() {
    let world = World::going([Turn::Status(410)]);
    let stack = stack(&settings(), &world);
    accept(&stack, &push()).await;
    stack.drain().await;
    let RunState::Dead { reason, .. } = stack.run().state else { panic!("dead") };
    assert_eq!((reason, world.asked().len()), (DeadReason::Permanent, 1));
}

#[tokio::test(start_paused = true)]
async fn each_event_of_a_request_is_sent_by_itself() {
    let settings = settings().replace("git*", "payments").replace("push\"", "*\"");
    let world = World::default();
    let stack = stack(&settings, &world);
    accept(&stack, &Draft::payments(&["EV1", "EV2"])).await;
    stack.drain().await;
    let mut ids: Vec<String> = world
        .asked()
        .iter()
        .map(|request| {
            let body: Value = serde_json::from_slice(request.body()).expect("JSON");
            assert_eq!(request.headers()["content-type"], "application/json");
            body["id"].as_str().expect("an id").to_owned()
        })
        .collect();
    ids.sort();
    assert_eq!(ids, ["EV1", "EV2"]);
}

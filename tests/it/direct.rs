//! The direct mode: stored once under the event's name, done at most once, within its budget, and
//! never queued.

use bytes::Bytes;
use futures_util::future::join_all;
use hookdock_embedded::EndpointFile;
use hookdock_jobs::{Settings, registry};
use hookdock_pipeline::delivery::incoming::Incoming;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::endpoint::direct::BUDGET;
use hookdock_pipeline::model::names::EventKey;
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::ports::Deliveries as _;
use hookdock_signature::{Class, catalog};
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::logs::Logs;
use hookdock_tests::requests::{Draft, request};
use hookdock_tests::stack::{START, Stack};
use http::{Response, StatusCode};
use serde_json::{Value, json};

/// What a sender is kept waiting at most, the budget apart.
const STORING_MS: i64 = 4_000;

/// Endpoints of Standard Webhooks, one for each kind.
const ENDPOINTS: &str = r#"
[endpoints.log]
provider = "standard-webhooks"
secrets = ["whsec_bG9nIGxvZyBsb2cgbG9nIGxvZw=="]
direct = { kind = "log", risk = "low" }
events.ignore = ["ping"]

[endpoints.counter]
provider = "standard-webhooks"
secrets = ["whsec_bG9nIGxvZyBsb2cgbG9nIGxvZw=="]
direct = { kind = "counter", risk = "low" }
events.accept = ["build.*", "deploy"]

[endpoints.notice]
provider = "standard-webhooks"
secrets = ["whsec_bG9nIGxvZyBsb2cgbG9nIGxvZw=="]
direct = { kind = "notice", url = "https://hooks.example/notice-secret", risk = "low" }
success = "accepted"

[endpoints.internal]
provider = "standard-webhooks"
secrets = ["whsec_bG9nIGxvZyBsb2cgbG9nIGxvZw=="]
direct = { kind = "internal", url = "https://builds.example/hook?token=internal-secret", risk = "low" }
tenants.acme.secrets = ["whsec_bG9nIGxvZyBsb2cgbG9nIGxvZw=="]
tenant_from = "/tenant"
"#;

const CALLING: [&str; 2] = ["notice", "internal"];

fn stack() -> Stack {
    Stack::serving(ENDPOINTS, registry(Settings::default()))
}

fn draft(endpoint: &str, id: &str, body: &Value) -> Draft {
    let draft = Draft::to(endpoint, "standard-webhooks", &body.to_string());
    let draft = Draft { secret: "whsec_bG9nIGxvZyBsb2cgbG9nIGxvZw==".to_owned(), ..draft };
    draft.with("webhook-id", id).with("Content-Type", "application/json")
}

fn build(endpoint: &str) -> Draft {
    draft(endpoint, "msg_1", &json!({ "type": "build.done", "who": "jane@example.com" }))
}

fn event() -> EventKey {
    EventKey::of_signed_id(None, &"msg_1".parse().expect("an id"))
}

fn key(endpoint: &str) -> ObjectKey {
    ObjectKey::direct(&endpoint.parse().expect("a name"), &event())
}

fn name(endpoint: &str) -> String {
    format!("direct/{endpoint}/{}.json", event())
}

/// The names of what is stored; nothing is ever queued.
fn stored(stack: &Stack) -> Vec<String> {
    assert_eq!(stack.local.backlog().expect("memory"), 0, "nothing is queued");
    stack.local.objects().expect("memory")
}

fn line<'a>(lines: &'a [Value], message: &str) -> Option<&'a Value> {
    lines.iter().find(|line| line["message"] == message)
}

fn is_accepted(answer: &Response<Bytes>) -> bool {
    answer.status().is_success()
}

#[tokio::test(start_paused = true)]
async fn a_direct_event_is_stored_under_its_own_name_and_answered_without_the_queue() {
    for endpoint in ["log", "counter", "notice", "internal"] {
        let stack = stack();
        let answer = stack.post(&build(endpoint)).await;
        assert!(is_accepted(&answer), "{endpoint}");
        assert_eq!(stored(&stack), [name(endpoint)]);
        let expected: &[Call] = match CALLING.contains(&endpoint) {
            true => &[Call::Find, Call::PutOnce, Call::Web],
            false => &[Call::Find, Call::PutOnce],
        };
        assert_eq!(stack.plan.calls(), expected, "the effect comes after the record");
        let object = stack.local.read(&key(endpoint)).await.expect("memory").expect("stored");
        let kept = StoredDelivery::parse(&object).expect("readable");
        assert_eq!(kept.body_bytes().expect("a body"), build(endpoint).body);
        assert_eq!(kept.direct.as_deref(), Some(endpoint));
        let id = answer.headers()["x-hookdock-delivery"].to_str().expect("ASCII");
        assert_eq!(kept.delivery_id.as_str(), id);
    }
}

#[tokio::test(start_paused = true)]
async fn a_direct_event_is_answered_as_the_endpoint_says() {
    let stack = stack();
    assert_eq!(stack.post(&build("log")).await.status(), StatusCode::OK);
    assert_eq!(stack.post(&build("notice")).await.status(), StatusCode::ACCEPTED);
    assert_eq!(stack.post(&build("notice")).await.status(), StatusCode::ACCEPTED, "again");
}

#[tokio::test(start_paused = true)]
async fn what_is_logged_names_the_event_and_nothing_of_the_request() {
    let (stack, logs) = (stack(), Logs::capture());
    stack.post(&build("log").with("X-Token", "hunter2")).await;
    let lines = logs.lines();
    let logged = line(&lines, "event logged").expect("a line");
    assert_eq!(logged["endpoint"], "log");
    assert_eq!(logged["event.id"], "msg_1");
    assert_eq!(logged["event.type"], "build.done");
    let accepted = line(&lines, "delivery accepted").expect("a line");
    assert_eq!(
        (&accepted["direct.kind"], &accepted["direct.outcome"]),
        (&json!("log"), &json!("done"))
    );
    for secret in ["hunter2", "jane", "whsec"] {
        assert!(!logs.text().contains(secret), "{secret} in {}", logs.text());
    }
}

#[tokio::test(start_paused = true)]
async fn a_counter_has_only_names_that_the_operator_wrote() {
    for (event_type, counter) in [
        ("build.done", "build.*"),
        ("build.anything the sender likes", "build.*"),
        ("deploy", "deploy"),
        ("deployed", "other"),
    ] {
        let (stack, logs) = (stack(), Logs::capture());
        stack.post(&draft("counter", "msg_1", &json!({ "type": event_type }))).await;
        let lines = logs.lines();
        let counted = line(&lines, "event counted").expect("a line");
        assert_eq!(
            (&counted["endpoint"], &counted["counter"]),
            (&json!("counter"), &json!(counter))
        );
    }
    let (stack, logs) = (stack(), Logs::capture());
    stack.post(&draft("counter", "msg_1", &json!({}))).await;
    assert_eq!(line(&logs.lines(), "event counted").expect("a line")["counter"], "other");
}

#[tokio::test(start_paused = true)]
async fn a_notice_is_a_short_text_in_which_a_sender_can_call_nobody() {
    let stack = stack();
    let body = json!({ "type": "<!channel> & <https://evil.example|you>", "who": "jane" });
    stack.post(&draft("notice", "msg_1", &body)).await;
    let asked = stack.outside.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].uri(), "https://hooks.example/notice-secret");
    assert_eq!(asked[0].method(), "POST");
    assert_eq!(asked[0].headers()["content-type"], "application/json");
    let sent: Value = serde_json::from_slice(asked[0].body()).expect("JSON");
    let text = "&lt;!channel&gt; &amp; &lt;https://evil.example|you&gt; at notice: msg_1";
    assert_eq!(sent, json!({ "text": text }));
}

#[tokio::test(start_paused = true)]
async fn an_internal_service_gets_the_exact_bytes_and_the_event_and_no_header_of_the_sender() {
    let stack = stack();
    let answer = stack.post(&build("internal").with("Authorization", "hunter2")).await;
    let asked = stack.outside.asked();
    assert_eq!(asked[0].uri(), "https://builds.example/hook?token=internal-secret");
    assert_eq!(asked[0].body(), &build("internal").body);
    let mut headers: Vec<_> = asked[0].headers().iter().collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    let key = event();
    let expected = [
        ("content-type", "application/json"),
        ("idempotency-key", key.as_str()),
        ("x-hookdock-delivery", answer.headers()["x-hookdock-delivery"].to_str().expect("ASCII")),
        ("x-hookdock-event-id", "msg_1"),
        ("x-hookdock-event-type", "build.done"),
    ];
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().expect("ASCII")))
        .collect();
    assert_eq!(headers, expected);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_copies_at_once_and_one_later_do_the_work_once() {
    for endpoint in CALLING {
        let stack = stack();
        let request = build(endpoint);
        let answers = join_all((0..100).map(|_| stack.post(&request))).await;
        assert!(answers.iter().all(is_accepted), "{endpoint}");
        let (later, logs) = (stack.post(&request), Logs::capture());
        assert!(is_accepted(&later.await), "{endpoint}");
        assert_eq!(logs.lines()[0]["direct.outcome"], "duplicate", "{}", logs.text());
        assert_eq!(stack.outside.asked().len(), 1, "{endpoint}");
        assert_eq!(stored(&stack), [name(endpoint)]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_id_of_two_tenants_is_two_events() {
    let stack = stack();
    let of = |tenant: &str| draft("internal", "msg_1", &json!({ "tenant": tenant }));
    stack.post(&of("acme")).await;
    stack.post(&of("globex")).await;
    assert_eq!(stack.outside.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_ignored_or_held_back_is_recorded_and_nothing_is_done() {
    let mismatch = draft("internal/acme", "msg_1", &json!({ "tenant": "globex" }));
    let ignored = draft("log", "msg_1", &json!({ "type": "ping" }));
    for draft in [mismatch, ignored] {
        let (stack, logs) = (stack(), Logs::capture());
        assert_eq!(stack.post(&draft).await.status(), StatusCode::OK);
        assert_eq!(stored(&stack).len(), 1);
        assert_eq!(stack.outside.asked().len(), 0);
        let lines = logs.lines();
        assert_eq!(lines.len(), 1, "{}", logs.text());
        assert_eq!(lines[0]["direct.outcome"], "ignored");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_verified_is_neither_stored_nor_done() {
    for endpoint in CALLING {
        let stack = stack();
        let forged = Draft { secret: "whsec_Z3Vlc3NlZA==".to_owned(), ..build(endpoint) };
        assert_eq!(stack.post(&forged).await.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(stored(&stack), [""; 0]);
        assert_eq!(stack.outside.asked().len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_is_a_503_in_time_and_nothing_is_done() {
    for endpoint in CALLING {
        for fault in [Fault::Fails, Fault::Hangs] {
            let stack = stack();
            stack.plan.strike(Call::PutOnce, fault);
            let answer = stack.post(&build(endpoint)).await;
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{fault:?}");
            assert!(stack.plan.has_struck());
            assert!(stack.system.now().get() - START.get() <= STORING_MS);
            assert_eq!(stack.outside.asked().len(), 0, "{fault:?}");
            assert!(is_accepted(&stack.post(&build(endpoint)).await), "the provider's retry");
            assert_eq!(stack.outside.asked().len(), 1, "{fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_answer_was_lost_is_kept_and_its_work_is_not_done() {
    let stack = stack();
    stack.plan.strike(Call::PutOnce, Fault::FailsLate);
    let answer = stack.post(&build("notice")).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(is_accepted(&stack.post(&build("notice")).await));
    assert_eq!(stored(&stack), [name("notice")]);
    assert_eq!(stack.outside.asked().len(), 0, "at most once");
}

#[tokio::test(start_paused = true)]
async fn work_that_fails_or_hangs_does_not_change_the_answer_and_ends_within_its_budget() {
    for endpoint in CALLING {
        for (fault, code) in [
            (Fault::Fails, "unavailable"),
            (Fault::Hangs, "timed_out"),
            (Fault::FailsLate, "unavailable"),
        ] {
            let (stack, logs) = (stack(), Logs::capture());
            stack.plan.strike(Call::Web, fault);
            let answer = stack.post(&build(endpoint)).await;
            assert!(is_accepted(&answer), "{endpoint} {fault:?}");
            assert!(stack.plan.has_struck(), "{endpoint} {fault:?}");
            let took = START.until(stack.system.now());
            assert!(took <= BUDGET, "{endpoint} {fault:?} took {took:?}");
            let lines = logs.lines();
            let failed = line(&lines, "direct work failed").expect("a line");
            assert_eq!(failed["reason.code"], code, "{endpoint} {fault:?}");
            assert_eq!(failed["direct.kind"], endpoint);
            let accepted = line(&lines, "delivery accepted").expect("a line");
            assert_eq!(accepted["direct.outcome"], "failed");
            assert!(!logs.text().contains("-secret"), "{}", logs.text());
            assert_eq!(stored(&stack), [name(endpoint)]);
            assert!(is_accepted(&stack.post(&build(endpoint)).await));
            let done = usize::from(fault == Fault::FailsLate);
            assert_eq!(stack.outside.asked().len(), done, "it is not tried again");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_says_no_is_a_failure_by_its_class() {
    for (status, code) in [
        (302, "invalid"),
        (400, "invalid"),
        (403, "denied"),
        (429, "throttled"),
        (503, "unavailable"),
    ] {
        let (stack, logs) = (stack(), Logs::capture());
        stack.outside.answers(status);
        assert!(is_accepted(&stack.post(&build("notice")).await));
        let lines = logs.lines();
        let failed = line(&lines, "direct work failed").expect("a line");
        assert_eq!(failed["reason.code"], code, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_work_gets_no_more_than_what_is_left_of_the_senders_time() {
    // Shopify's four seconds hold for everybody whose limit is not known to be shorter.
    let stack = stack();
    stack.plan.slow_down(Call::PutOnce, std::time::Duration::from_millis(3_900));
    stack.plan.strike(Call::Web, Fault::Hangs);
    assert!(is_accepted(&stack.post(&build("notice")).await));
    assert!(stack.system.now().get() - START.get() <= STORING_MS);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_of_a_direct_endpoint_is_answered_and_makes_no_event() {
    let endpoints = "[endpoints.dropbox]\nprovider = 'dropbox'\nsecrets = ['s']\n\
        direct = { kind = 'log' }\n";
    let stack = Stack::serving(endpoints, registry(Settings::default()));
    let url = "https://hooks.example/webhooks/dropbox?challenge=abc".to_owned();
    let challenge = Incoming { url, ..request("GET", "/webhooks/dropbox") };
    let answer = stack.send(challenge).await;
    assert_eq!((answer.status(), &answer.body()[..]), (StatusCode::OK, &b"abc"[..]));
    assert_eq!(stored(&stack), [""; 0]);
}

/// What is said of an endpoint of that provider with that direct mode.
fn problems(provider: &str, direct: &str) -> String {
    let asked = catalog::find(provider).expect("in the catalogue");
    let set = |(name, _): (&str, _)| format!("settings.{name} = 'x'\n");
    let settings: String = asked.settings().map(set).collect();
    let text = format!(
        "[endpoints.one]\nprovider = '{provider}'\nsecrets = ['x']\n{settings}direct = {direct}\n"
    );
    match EndpointFile::parse(&text) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn only_a_teams_own_tools_and_what_an_operator_vouches_for_may_be_direct() {
    for id in catalog::ids() {
        let provider = catalog::find(id).expect("in the catalogue");
        let said = problems(id, "{ kind = 'log' }");
        let vouched = problems(id, "{ kind = 'log', risk = 'low' }");
        let may = provider.items().is_none_or(|items| !items.are_several());
        let (by_itself, with_a_word) = match provider.class() {
            Some(Class::Tools) => (may, may),
            Some(Class::Any) => (false, may),
            _ => (false, false),
        };
        assert_eq!((said.is_empty(), vouched.is_empty()), (by_itself, with_a_word), "{id}: {said}");
    }
}

#[test]
fn a_refusal_says_why() {
    for (provider, direct, words) in [
        (
            "stripe",
            "{ kind = 'log', risk = 'low' }",
            "the events of Stripe are about money or goods; they go through the queue, to a job",
        ),
        ("shopify", "{ kind = 'counter' }", "money or goods"),
        ("clerk", "{ kind = 'log' }", "who may use what"),
        ("openai", "{ kind = 'log' }", "the work of a model"),
        ("zendesk", "{ kind = 'notice', url = 'https://a.example' }", "customers"),
        ("standard-webhooks", "{ kind = 'log' }", "carries anything, so it needs risk = \"low\""),
        ("asana", "{ kind = 'log' }", "several events in one request"),
        (
            "github",
            "{ kind = 'payment' }",
            "\"payment\" is none of log, counter, notice and internal",
        ),
        (
            "github",
            "{ kind = 'internal', url = 'https://a.example' }",
            "internal needs risk = \"low\"",
        ),
        (
            "github",
            "{ kind = 'log', risk = 'high' }",
            "the only risk that can be stated is \"low\"",
        ),
        ("github", "{ kind = 'log', url = 'https://a.example' }", "log calls nobody"),
        ("github", "{ kind = 'notice' }", "notice needs a url"),
        ("github", "{ kind = 'notice', url = 'http://a.example' }", "not one of https"),
        ("github", "{ kind = 'notice', url = 'https://me:pw@a.example' }", "without a user"),
        ("github", "{ kind = 'notice', url = 'hunter2' }", "not one of https"),
        (
            "github",
            "{ kind = 'log', colour = 'red' }",
            "the endpoints file is not right: line 4: endpoints.",
        ),
        ("github", "'log'", "the endpoints file is not right: line 4: endpoints."),
        ("github", "{ }", "the endpoints file is not right: line 4: endpoints."),
    ] {
        let said = problems(provider, direct);
        assert!(said.contains(words), "{words:?} is not in {said:?}");
        assert!(!said.contains("hunter2") && !said.contains("a.example"), "{said}");
    }
    let all = problems("stripe", "{ kind = 'x', risk = 'high' }");
    assert_eq!(all.matches("direct: ").count(), 3, "all at once: {all}");
    for url in
        ["https://a.example/x?y", "http://127.0.0.1:9/x", "http://localhost", "http://[::1]:9"]
    {
        let direct = format!("{{ kind = 'notice', url = '{url}' }}");
        assert_eq!(problems("github", &direct), "", "{url}");
    }
}

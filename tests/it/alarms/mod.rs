//! What is logged, before the metric filters of the template.

mod filter;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use filter::Filter;
use hookdock_pipeline::delivery::incoming::Incoming;
use hookdock_pipeline::endpoint::Endpoint;
use hookdock_pipeline::ingest::Ingest;
use hookdock_pipeline::ingest::http::answer;
use hookdock_pipeline::job::{Outcome, Registry};
use hookdock_pipeline::model::names::EndpointId;
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use hookdock_pipeline::model::trace::Trace;
use hookdock_pipeline::ports::{Captured, Captures, Endpoints};
use hookdock_signature::Secret;
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::logs::Logs;
use hookdock_tests::requests::{Draft, ENDPOINTS, request};
use hookdock_tests::stack::{START, Stack};
use http::StatusCode;
use proptest::prelude::*;
use proptest::sample::select;

use crate::scripts::{accept, scripted, unavailable};

/// Endpoints that are named like the reasons of refusals, and one that counts.
const NAMED_BADLY: &str = r#"
[endpoints.mismatch]
provider = "github"
secrets = ["github secret"]

[endpoints.throttled]
provider = "github"
secrets = ["github secret"]

[endpoints.counter]
provider = "github"
secrets = ["github secret"]
direct = { kind = "counter", risk = "low" }
"#;

fn stack() -> Stack {
    stack_with(scripted(vec![]).0)
}

fn stack_with(jobs: Registry) -> Stack {
    Stack::serving(&format!("{ENDPOINTS}\n{NAMED_BADLY}"), jobs)
}

/// The filters that select one of the lines.
fn met(logs: &Logs) -> BTreeSet<&'static str> {
    let lines = logs.lines();
    let filters = Filter::all().into_iter();
    filters.filter(|one| lines.iter().any(|line| one.selects(line))).map(|one| one.name).collect()
}

async fn check(
    tried: &mut BTreeSet<&'static str>,
    expected: &'static str,
    act: impl AsyncFnOnce(),
) {
    let logs = Logs::capture();
    act().await;
    let met = met(&logs);
    assert!(met.contains(expected), "{expected}: {met:?} in\n{}", logs.text());
    tried.insert(expected);
}

#[tokio::test(start_paused = true)]
async fn each_filter_selects_the_line_that_it_is_made_for() {
    let mut tried = BTreeSet::new();
    let forged = |draft: Draft| Draft { secret: "guessed".to_owned(), ..draft };
    let at = |millis| START.saturating_add(millis);
    let checkout = || Draft::checkout("evt_1", "cs_1");
    for request in [
        forged(Draft::github("{}")).signed(START),
        checkout().signed(at(-301_000)),
        checkout().signed(at(301_000)),
        Draft { path: "/webhooks/open".to_owned(), ..Draft::github("{}") }.signed(START),
    ] {
        check(&mut tried, "SignaturesRefused", async || refused(&stack().send(request).await))
            .await;
    }
    let unknown = request("POST", "/webhooks/nobody");
    check(&mut tried, "RefusedByIngest", async || refused(&stack().send(unknown).await)).await;
    check(&mut tried, "SignaturesAccepted", async || accept(&stack(), &checkout()).await).await;
    check(&mut tried, "EventsCounted", async || accept(&stack(), &to("counter")).await).await;
    let unlisted =
        Draft::stripe("picky", "whsec_picky", r#"{"id":"evt_1","type":"charge.failed"}"#);
    check(&mut tried, "UnknownEventTypes", async || accept(&stack(), &unlisted).await).await;
    check(&mut tried, "DeliveriesNotTaken", async || {
        let stack = stack();
        stack.plan.strike(Call::Put, Fault::Fails);
        refused(&stack.post(&checkout()).await);
    })
    .await;
    check(&mut tried, "JobsUnregistered", async || {
        let mut stack = stack_with(scripted(vec![Err(unavailable())]).0);
        accept(&stack, &checkout()).await;
        stack.work_on_all(&stack.local.receive(1).await.expect("memory")).await;
        stack.process.registry = Registry::new();
        stack.process.settings.deliveries_kept = Duration::from_secs(24 * 3600);
        stack.drain().await;
    })
    .await;
    check(&mut tried, "RunsOverdue", async || {
        stack().wake().await;
    })
    .await;
    check(&mut tried, "PayloadConflicts", async || {
        let stack = stack_with(scripted(vec![Ok(Outcome::Done)]).0);
        accept(&stack, &checkout()).await;
        accept(&stack, &Draft::checkout("evt_1", "cs_2")).await;
        stack.drain().await;
    })
    .await;
    let all: BTreeSet<_> = Filter::all().iter().map(|filter| filter.name).collect();
    assert_eq!(tried, all, "each filter of the template is tried");
}

fn refused(answer: &http::Response<bytes::Bytes>) {
    assert!(!answer.status().is_success());
}

fn to(endpoint: &str) -> Draft {
    Draft { path: format!("/webhooks/{endpoint}"), ..Draft::github("{}") }
}

/// Names over the rate limit.
struct Limited;

impl Endpoints for Limited {
    async fn find(&self, _: &EndpointId) -> Result<Option<Arc<Endpoint>>, PortError> {
        Err(PortError::new("read the endpoint's secret", PortErrorKind::RateLimited))
    }

    async fn refresh(&self, id: &EndpointId) -> Result<Option<Arc<Endpoint>>, PortError> {
        self.find(id).await
    }
}

impl Captures for Limited {
    async fn capture(&self, _: &EndpointId, _: &Secret) -> Result<Captured, PortError> {
        Ok(Captured::Other)
    }
}

async fn limited(incoming: Incoming) -> http::Response<bytes::Bytes> {
    let Ingest { intake, providers, web, public_url, system, .. } = stack().ingest;
    answer(&Ingest { endpoints: Limited, intake, providers, web, public_url, system }, incoming)
        .await
}

/// What raises an alarm when it is selected, the share of refused signatures apart.
const OUTAGES: [&str; 4] =
    ["DeliveriesNotTaken", "UnknownEventTypes", "JobsUnregistered", "PayloadConflicts"];

#[tokio::test(start_paused = true)]
async fn a_name_over_the_rate_limit_is_a_429_and_no_outage() {
    let logs = Logs::capture();
    let answer = limited(request("POST", "/webhooks/nobody")).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()["retry-after"], "5");
    assert_eq!(met(&logs), ["RefusedByIngest"].into());
    let lines = logs.lines();
    assert_eq!(lines.last().expect("a line")["level"], "WARN");
}

/// Texts made of all that filters compare with, as words and as the JSON of a line.
fn hostile() -> impl Strategy<Value = String> {
    let values: BTreeSet<_> = Filter::all().iter().flat_map(Filter::values).collect();
    let mut pieces: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
    for value in &values {
        pieces.push(format!("\",\"message\":\"{value}\",\"reason.code\":\"{value}\",\"x\":\""));
    }
    pieces.extend(["\n", "\"", "\\", "{", "}", "/", " ", "*", "\u{0}"].map(str::to_owned));
    proptest::collection::vec(select(pieces), 1..4).prop_map(|pieces| pieces.concat())
}

/// A request with the text in everything that a sender writes.
fn written_over(draft: &Draft, text: &str) -> Draft {
    let headers = ["X-GitHub-Event", "X-GitHub-Delivery", "User-Agent", "X-Amzn-Trace-Id"];
    let headers = headers.map(|name| (name.to_owned(), text.to_owned()));
    let body =
        serde_json::json!({ "id": text, "type": text, "message": text, "reason.code": text });
    Draft { headers: headers.into(), body: body.to_string().into(), ..draft.clone() }
}

fn lines_of(act: impl AsyncFnOnce()) -> BTreeSet<&'static str> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime");
    let logs = Logs::capture();
    runtime.block_on(act());
    met(&logs)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_text_of_a_sender_chooses_a_filter(text in hostile()) {
        for (name, expected) in [("github", "SignaturesAccepted"), ("mismatch", "SignaturesAccepted")] {
            let met = lines_of(async || {
                let stack = stack();
                accept(&stack, &written_over(&to(name), &text)).await;
                stack.drain().await;
            });
            prop_assert_eq!(met, BTreeSet::from([expected]), "{} {:?}", name, text);
        }
        for endpoint in ["nobody", "throttled", "job-unregistered", text.as_str()] {
            let met = lines_of(async || {
                let draft = written_over(&to(endpoint), &text).with("X-Hub-Signature-256", &text);
                let method = text.clone();
                let stack = stack();
                stack.send(draft.unsigned()).await;
                stack.send(Incoming { method, ..draft.unsigned() }).await;
                let tenant = format!("/webhooks/{endpoint}/{text}");
                stack.send(Draft { path: tenant, ..draft.clone() }.unsigned()).await;
                limited(Incoming { trace: Trace::read(&text), ..draft.unsigned() }).await;
            });
            let outages: Vec<_> = OUTAGES.iter().filter(|name| met.contains(*name)).collect();
            prop_assert!(outages.is_empty(), "{:?} {:?}", outages, text);
            prop_assert!(!met.contains("SignaturesRefused"), "{:?}", text);
        }
    }
}

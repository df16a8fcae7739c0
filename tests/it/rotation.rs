//! A secret changes while deliveries come in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hookdock_embedded::{Embedded, EndpointFile, KeepingEndpoints, QueueSettings, TestSystem};
use hookdock_jobs::registry;
use hookdock_pipeline::delivery::incoming::Incoming;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::endpoint::Endpoint;
use hookdock_pipeline::ingest::Ingest;
use hookdock_pipeline::ingest::http::answer;
use hookdock_pipeline::model::names::EndpointId;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::Endpoints as _;
use hookdock_pipeline::testing::{Intercepted, Interceptor};
use hookdock_tests::outside::Outside;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::{START, Stack, Unasked};
use http::StatusCode;

type Local = Embedded<TestSystem>;
type Endpoints = KeepingEndpoints<TestSystem>;

/// Serves newer endpoints to those who read again.
#[derive(Clone)]
struct Rotated {
    newer: Arc<EndpointFile>,
    refreshes: Arc<AtomicUsize>,
}

impl Interceptor<Endpoints> for Rotated {
    async fn refresh(
        &self,
        _: &Arc<Endpoints>,
        id: &EndpointId,
    ) -> Result<Option<Arc<Endpoint>>, PortError> {
        self.refreshes.fetch_add(1, Ordering::Relaxed);
        self.newer.find(id).await
    }
}

fn github(secrets: &str) -> String {
    format!("[endpoints.github]\nprovider = 'github'\nsecrets = [{secrets}]\n")
}

fn draft(secret: &str) -> Draft {
    Draft { secret: secret.to_owned(), ..Draft::github("{}") }
}

/// How a request is answered where the secret was `old`, and how often the endpoint, which has
/// newer ones, is read again for it.
async fn outcome(newer: &str, request: Incoming) -> (StatusCode, usize) {
    let system = TestSystem::starting_at(START);
    let local = Local::in_memory(system.clone(), QueueSettings::default()).expect("memory");
    let file = |secrets| EndpointFile::parse(&github(secrets)).expect("usable");
    let rotated = Rotated { newer: Arc::new(file(newer)), refreshes: Arc::default() };
    let older = KeepingEndpoints::new(file("'old'"), local.clone());
    let ingest = Ingest {
        endpoints: Intercepted::new(older, rotated.clone()),
        intake: local,
        providers: Arc::new(Unasked),
        web: Arc::new(Outside::default()),
        public_url: None,
        system,
    };
    let answer = answer(&ingest, request).await;
    (answer.status(), rotated.refreshes.load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn every_live_secret_is_accepted_and_the_one_that_matched_is_kept() {
    let stack =
        Stack::serving(&github("'old', 'new'"), registry(hookdock_jobs::Settings::default()));
    for (secret, id) in [("old", "s1"), ("new", "s2")] {
        let answer = stack.post(&draft(secret)).await;
        let delivery = answer.headers()["x-hookdock-delivery"].to_str().expect("ASCII");
        let object = stack.local.stored(&delivery.parse().expect("an id")).expect("memory");
        let object = object.expect("stored").1;
        let stored = StoredDelivery::parse(&object).expect("readable");
        assert_eq!(stored.verification.secret_id, id);
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_newer_than_ours_is_read_once_and_accepted() {
    let signed = draft("new").signed(START);
    assert_eq!(outcome("'new', 'old'", signed).await, (StatusCode::OK, 1));
    let known = draft("old").signed(START);
    assert_eq!(outcome("'new', 'old'", known).await, (StatusCode::OK, 0));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_match_the_newer_secret_either_is_refused() {
    let forged = draft("guessed").signed(START);
    assert_eq!(outcome("'new'", forged).await, (StatusCode::UNAUTHORIZED, 1));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_no_secret_could_change_reads_nothing_anew() {
    let malformed = draft("old").with("X-Hub-Signature-256", "sha256=zz");
    for request in [draft("old").unsigned(), malformed.unsigned()] {
        assert_eq!(outcome("'new'", request).await, (StatusCode::UNAUTHORIZED, 0));
    }
}

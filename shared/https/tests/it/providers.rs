//! The port to providers against servers on loopback.
//!
//! The hosts are the real ones; only where they are found is the tests' own.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use hookdock_https::testing::{Authority, Server};
use hookdock_https::{Client, HttpsProviders, Limits, Reach, Trust};
use hookdock_pipeline::model::port_error::PortErrorKind;
use hookdock_pipeline::model::scope::Scope;
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::Providers as _;
use hookdock_signature::{
    EpochMillis, Headers, KeyRequest, Provider, Request as Signed, Secret, catalog, key_requests,
};
use http::{Request, Response};

/// A clock that the test moves; waits are real.
#[derive(Debug, Clone, Default)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn passes(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).expect("millis");
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

impl System for Clock {
    fn now(&self) -> EpochMillis {
        let passed = Duration::from_millis(self.0.load(Ordering::Relaxed));
        EpochMillis::new(1_800_000_000_000).plus(passed)
    }

    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }

    fn random(&self) -> u128 {
        0
    }
}

const LIMITS: Limits = Limits {
    connect: Duration::from_millis(500),
    call: Duration::from_millis(800),
    answer: 128 * 1024,
};

type Answer = Response<Bytes>;

/// A provider that answers as it is told, and the port that asks it.
struct Scene {
    server: Server,
    providers: HttpsProviders<Clock>,
    clock: Clock,
    says: Arc<Mutex<Answer>>,
    is_silent: Arc<AtomicBool>,
}

impl Scene {
    async fn new(hosts: &[&str], says: Answer) -> Self {
        let (authority, clock) = (Authority::default(), Clock::default());
        let says = Arc::new(Mutex::new(says));
        let is_silent = Arc::new(AtomicBool::new(false));
        let (answer, silent) = (Arc::clone(&says), Arc::clone(&is_silent));
        let server = Server::tls(&authority, hosts, move |request| {
            let token = (request.uri().path().ends_with("/token")).then(|| ok(TOKEN));
            let answer = token.unwrap_or_else(|| answer.lock().expect("a lock").clone());
            spoken(answer, silent.load(Ordering::Relaxed))
        })
        .await;
        let found: BTreeMap<_, _> =
            hosts.iter().map(|host| ((*host).to_owned(), server.address())).collect();
        let trust = Trust::nobody().and(authority.root());
        let client = Client::new(LIMITS, Reach::AlsoPrivate, trust).finding(found);
        let providers = HttpsProviders::over(client, clock.clone());
        Self { server, providers, clock, says, is_silent }
    }

    fn now_says(&self, says: Answer) {
        *self.says.lock().expect("a lock") = says;
    }

    fn asked(&self) -> usize {
        self.server.requests().len()
    }

    /// Whether the provider has the key.
    async fn key(&self, request: &KeyRequest) -> Result<bool, PortErrorKind> {
        self.key_at("one", request).await
    }

    /// The same for a request to that endpoint.
    async fn key_at(&self, endpoint: &str, request: &KeyRequest) -> Result<bool, PortErrorKind> {
        let found = self.providers.key(&scope(endpoint), request).await;
        found.map(|key| key.is_some()).map_err(|error| error.kind())
    }

    /// As many invented names as the limit of that endpoint allows, and one more.
    async fn spend(&self, endpoint: &str, invented: impl Fn(usize) -> KeyRequest) {
        for number in 0.. {
            match self.key_at(endpoint, &invented(number)).await {
                Err(PortErrorKind::RateLimited) => return,
                other => assert_ne!((number, other), (100, other), "no limit"),
            }
        }
    }
}

fn scope(endpoint: &str) -> Scope {
    Scope::Own { endpoint: endpoint.parse().expect("a name"), tenant: None }
}

fn spoken(answer: Answer, is_silent: bool) -> BoxFuture<'static, Answer> {
    if is_silent { std::future::pending().boxed() } else { async { answer }.boxed() }
}

const TOKEN: &str = r#"{"access_token": "bought", "expires_in": 7200}"#;
const HOUR: Duration = Duration::from_secs(3600);

fn ok(body: &str) -> Answer {
    Response::new(Bytes::copy_from_slice(body.as_bytes()))
}

fn status(status: u16) -> Answer {
    Response::builder().status(status).body(Bytes::new()).expect("an answer")
}

fn lasting(max_age: &str, body: &str) -> Answer {
    let mut answer = ok(body);
    answer.headers_mut().insert("cache-control", max_age.parse().expect("a value"));
    answer
}

/// The key of RFC 8037, appendix A.2, under these ids.
fn jwks(ids: &[&str]) -> String {
    let keys = ids.iter().map(|id| {
        format!(
            r#"{{"kid": "{id}", "kty": "OKP", "crv": "Ed25519",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#
        )
    });
    format!(r#"{{"keys": [{}]}}"#, keys.collect::<Vec<_>>().join(","))
}

fn wanted(provider: &Provider, secret: &str, headers: &[(&str, &str)]) -> KeyRequest {
    let headers: Headers = headers.iter().copied().collect();
    let request = Signed { method: "POST", url: "", headers: &headers, body: b"{}" };
    let secret = Secret::new("s1", secret).expect("a secret");
    key_requests(provider, &[secret], &request).remove(0)
}

fn shipstation(id: &str) -> KeyRequest {
    let provider = catalog::find("shipstation").expect("a definition");
    wanted(
        &provider,
        "token",
        &[
            ("X-ShipEngine-RSA-SHA256-Key-Id", id),
            ("X-ShipEngine-RSA-SHA256-Signature", "AA=="),
            ("X-Webhook-Token", "token"),
        ],
    )
}

fn circle(id: &str) -> KeyRequest {
    let provider = catalog::find("circle").expect("a definition");
    wanted(&provider, "api-key", &[("X-Circle-Key-Id", id), ("X-Circle-Signature", "AA==")])
}

fn paypal(id: &str) -> KeyRequest {
    let provider = catalog::find("paypal").expect("a definition");
    let url = format!("https://api.paypal.com/v1/notifications/certs/{id}");
    wanted(&provider, "WH-1", &[("PAYPAL-CERT-URL", &url), ("PAYPAL-TRANSMISSION-SIG", "AA==")])
}

fn plaid(kid: &str) -> KeyRequest {
    let provider = catalog::find("plaid").expect("a definition");
    let provider = provider.configure("client_id", "c").expect("a setting");
    let header = base64(&format!(r#"{{"alg": "ES256", "kid": "{kid}"}}"#));
    // {}, and 64 bytes.
    let token = format!("{}.e30.{}", header.trim_end_matches('='), "A".repeat(86));
    wanted(&provider, "hush", &[("Plaid-Verification", &token)])
}

const SHIPENGINE: &str = "api.shipengine.com";

#[tokio::test]
async fn keys_are_fetched_once_and_stand_for_an_hour() {
    let scene = Scene::new(&[SHIPENGINE], ok(&jwks(&["a", "b"]))).await;
    for id in ["a", "b", "a"] {
        assert_eq!(scene.key(&shipstation(id)).await, Ok(true));
    }
    scene.clock.passes(HOUR - Duration::from_secs(1));
    assert_eq!(scene.key(&shipstation("a")).await, Ok(true));
    assert_eq!(scene.asked(), 1);
    scene.clock.passes(Duration::from_secs(1));
    assert_eq!(scene.key(&shipstation("a")).await, Ok(true));
    assert_eq!(scene.asked(), 2);
}

#[tokio::test]
async fn keys_stand_as_long_as_their_provider_says_within_bounds() {
    for (said, lifetime) in [
        ("public, max-age=7200, must-revalidate", 2 * HOUR),
        ("max-age=0", Duration::from_secs(300)),
        ("max-age=99999999999", 24 * HOUR),
        ("max-age=x", HOUR),
    ] {
        let scene = Scene::new(&[SHIPENGINE], lasting(said, &jwks(&["a"]))).await;
        assert_eq!(scene.key(&shipstation("a")).await, Ok(true));
        scene.clock.passes(lifetime - Duration::from_secs(1));
        assert_eq!(scene.key(&shipstation("a")).await, Ok(true));
        assert_eq!(scene.asked(), 1, "{said}");
        scene.clock.passes(Duration::from_secs(1));
        assert_eq!(scene.key(&shipstation("a")).await, Ok(true));
        assert_eq!(scene.asked(), 2, "{said}");
    }
}

#[tokio::test]
async fn an_unknown_id_has_the_set_read_again_and_a_flood_of_them_does_not() {
    let scene = Scene::new(&[SHIPENGINE], ok(&jwks(&["old"]))).await;
    assert_eq!(scene.key(&shipstation("old")).await, Ok(true));
    scene.now_says(ok(&jwks(&["old", "new"])));
    scene.clock.passes(Duration::from_secs(30));
    assert_eq!(scene.key(&shipstation("new")).await, Ok(true));
    assert_eq!(scene.asked(), 2);
    for number in 0..500 {
        assert_eq!(scene.key(&shipstation(&format!("invented-{number}"))).await, Ok(false));
    }
    assert_eq!(scene.asked(), 2);
    scene.clock.passes(Duration::from_secs(30));
    for number in 0..500 {
        assert_eq!(scene.key(&shipstation(&format!("invented-{number}"))).await, Ok(false));
    }
    assert_eq!(scene.asked(), 3);
    assert_eq!(scene.key(&shipstation("new")).await, Ok(true));
}

#[tokio::test]
async fn requests_that_come_together_share_one_call() {
    let scene = Scene::new(&[SHIPENGINE], ok(&jwks(&["a"]))).await;
    let wanted = shipstation("a");
    let found = join_all((0..50).map(|_| scene.key(&wanted))).await;
    assert!(found.iter().all(|found| *found == Ok(true)));
    assert_eq!(scene.asked(), 1);
}

#[tokio::test]
async fn a_flood_of_invented_keys_by_id_is_rate_limited_and_cached() {
    let scene = Scene::new(&["api.circle.com"], status(404)).await;
    let (mut unknown, mut refused) = (0, 0);
    for number in 0..200 {
        match scene.key(&circle(&format!("invented-{number}"))).await {
            Ok(false) => unknown += 1,
            other => {
                assert_eq!(other, Err(PortErrorKind::RateLimited));
                refused += 1;
            }
        }
    }
    assert_eq!((unknown, refused, scene.asked()), (6, 194, 6));
    for _ in 0..50 {
        assert_eq!(scene.key(&circle("invented-0")).await, Ok(false));
    }
    assert_eq!(scene.asked(), 6);
}

#[tokio::test]
async fn an_hour_of_invented_keys_spends_little_of_what_the_operator_is_granted() {
    let scene = Scene::new(&["api.circle.com"], status(404)).await;
    for second in 0..60 * 60 {
        scene.clock.passes(Duration::from_secs(1));
        let _ = scene.key(&circle(&format!("invented-{second}"))).await;
    }
    assert_eq!(scene.asked(), 6 + 119);
}

#[tokio::test]
async fn invented_names_at_one_endpoint_refuse_nothing_at_another() {
    for (host, page, invented) in [
        ("api.paypal.com", status(404), paypal as fn(&str) -> KeyRequest),
        ("api.circle.com", status(404), circle),
    ] {
        let scene = Scene::new(&[host], page).await;
        scene.spend("attacked", |number| invented(&format!("INVENTED-{number}"))).await;
        let honest = invented("HONEST");
        assert_eq!(scene.key_at("attacked", &honest).await, Err(PortErrorKind::RateLimited));
        assert_eq!(scene.key_at("other", &honest).await, Ok(false));
    }
}

const CIRCLE_KEY: &str = r#"{"data": {"publicKey": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q=="}}"#;

#[tokio::test]
async fn a_key_that_was_good_is_asked_for_again_however_many_names_were_invented() {
    let scene = Scene::new(&["api.circle.com"], ok(CIRCLE_KEY)).await;
    assert_eq!(scene.key(&circle("good")).await, Ok(true));
    let asked = scene.asked();
    scene.clock.passes(3 * 24 * HOUR);
    scene.now_says(status(404));
    scene.spend("one", |number| circle(&format!("invented-{number}"))).await;
    scene.now_says(ok(CIRCLE_KEY));
    assert_eq!(scene.key(&circle("good")).await, Ok(true));
    assert_eq!(scene.asked(), asked + 6 + 1);
}

#[tokio::test]
async fn a_host_that_was_good_keeps_its_limit_while_other_hosts_are_invented() {
    let scene = Scene::new(&["api.circle.com"], ok(CIRCLE_KEY)).await;
    assert_eq!(scene.key(&circle("good")).await, Ok(true));
    scene.now_says(status(404));
    // The same port, and another host that has given nothing.
    scene.spend("one", |number| plaid(&format!("invented-{number}"))).await;
    scene.now_says(ok(CIRCLE_KEY));
    assert_eq!(scene.key(&circle("new")).await, Ok(true));
}

#[tokio::test]
async fn invented_names_do_not_push_out_a_key_that_is_there() {
    let scene = Scene::new(&["api.circle.com"], ok(CIRCLE_KEY)).await;
    assert_eq!(scene.key(&circle("good")).await, Ok(true));
    scene.now_says(status(404));
    for number in 0..1100 {
        let endpoint = format!("e{number}");
        let invented = circle(&format!("invented-{number}"));
        assert_eq!(scene.key_at(&endpoint, &invented).await, Ok(false));
    }
    let asked = scene.asked();
    assert_eq!(scene.key(&circle("good")).await, Ok(true));
    assert_eq!(scene.asked(), asked);
}

#[tokio::test]
async fn old_keys_are_served_for_two_days_while_their_source_is_down() {
    let scene = Scene::new(&[SHIPENGINE], ok(&jwks(&["a"]))).await;
    assert_eq!(scene.key(&shipstation("a")).await, Ok(true));
    scene.now_says(status(500));
    scene.clock.passes(HOUR);
    assert_eq!(scene.key(&shipstation("a")).await, Ok(true));
    assert_eq!(scene.key(&shipstation("a")).await, Ok(true));
    assert_eq!(scene.asked(), 2);
    // Nobody can say that a newer set would not have it.
    assert_eq!(scene.key(&shipstation("b")).await, Err(PortErrorKind::Unavailable));
    scene.is_silent.store(true, Ordering::Relaxed);
    scene.clock.passes(Duration::from_secs(30));
    assert_eq!(scene.key(&shipstation("a")).await, Ok(true));
    scene.clock.passes(47 * HOUR);
    assert_eq!(scene.key(&shipstation("a")).await, Err(PortErrorKind::TimedOut));
}

#[tokio::test]
async fn an_answer_that_is_no_answer_is_a_fault_of_its_kind() {
    let huge = "x".repeat(200 * 1024);
    let mut redirect = status(302);
    redirect.headers_mut().insert("location", "https://evil.example/".parse().expect("a value"));
    for (says, expected) in [
        (status(429), PortErrorKind::Throttled),
        (status(401), PortErrorKind::Denied),
        (status(503), PortErrorKind::Unavailable),
        (redirect, PortErrorKind::Invalid),
        (ok("<html>"), PortErrorKind::Invalid),
        (ok(&huge), PortErrorKind::Invalid),
    ] {
        let scene = Scene::new(&[SHIPENGINE], says).await;
        assert_eq!(scene.key(&shipstation("a")).await, Err(expected));
        // It stands for a moment, so that a source in trouble is left in peace.
        assert_eq!(scene.key(&shipstation("a")).await, Err(expected));
        assert_eq!(scene.asked(), 1);
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_there_is_unknown_and_an_api_that_refuses_us_is_a_fault() {
    for code in [400, 403, 404, 410] {
        let scene = Scene::new(&["api.paypal.com"], status(code)).await;
        assert_eq!(scene.key(&paypal("CERT-1")).await, Ok(false), "{code}");
    }
    for (code, expected) in
        [(403, Err(PortErrorKind::Denied)), (400, Err(PortErrorKind::Invalid)), (404, Ok(false))]
    {
        let scene = Scene::new(&["api.circle.com"], status(code)).await;
        assert_eq!(scene.key(&circle("k")).await, expected, "{code}");
    }
    for code in [400, 403, 404, 410] {
        let scene = Scene::new(&[SHIPENGINE], status(code)).await;
        let found = scene.key(&shipstation("a")).await;
        assert!(found.is_err(), "a set of keys is always somewhere: {code} {found:?}");
    }
}

#[tokio::test]
async fn credentials_go_to_whom_they_are_for_and_to_nobody_else() {
    let scene = Scene::new(&["api.circle.com"], status(404)).await;
    assert_eq!(scene.key(&circle("k")).await, Ok(false));
    let asked = scene.server.requests();
    assert_eq!(asked[0].headers()["authorization"], "Bearer api-key");
    assert_eq!(asked[0].uri().path(), "/v2/notifications/publicKey/k");

    let scene = Scene::new(&[SHIPENGINE], ok(&jwks(&["a"]))).await;
    assert_eq!(scene.key(&shipstation("a")).await, Ok(true));
    assert!(!scene.server.requests()[0].headers().contains_key("authorization"));
}

#[tokio::test]
async fn a_token_is_bought_once_for_many_keys() {
    let scene = Scene::new(&["api.ebay.com"], status(404)).await;
    let provider = catalog::find("ebay").expect("a definition");
    let provider = provider.configure("client_id", "app").expect("a setting");
    for id in ["one", "two"] {
        // {"kid": "one", "signature": "AA=="}
        let header = base64(&format!(r#"{{"kid": "{id}", "signature": "AA=="}}"#));
        let wanted = wanted(&provider, "hush", &[("X-EBAY-SIGNATURE", &header)]);
        assert_eq!(scene.key(&wanted).await, Ok(false));
    }
    let asked = scene.server.requests();
    let calls: Vec<_> = asked.iter().map(|request| request.uri().path()).collect();
    assert_eq!(
        calls,
        [
            "/identity/v1/oauth2/token",
            "/commerce/notification/v1/public_key/one",
            "/commerce/notification/v1/public_key/two"
        ]
    );
    assert_eq!(asked[0].headers()["authorization"], format!("Basic {}", base64("app:hush")));
    assert_eq!(
        asked[0].body(),
        "grant_type=client_credentials&scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope"
    );
    assert_eq!(asked[1].headers()["authorization"], "Bearer bought");
}

#[tokio::test]
async fn plaid_is_asked_by_post() {
    let scene = Scene::new(&["production.plaid.com"], status(400)).await;
    assert_eq!(scene.key(&plaid("k")).await, Err(PortErrorKind::Invalid));
    let asked = scene.server.requests();
    assert_eq!(asked[0].method(), "POST");
    assert_eq!(asked[0].headers()["content-type"], "application/json");
    assert_eq!(asked[0].body(), r#"{"client_id":"c","key_id":"k","secret":"hush"}"#);
}

#[tokio::test]
async fn a_url_is_visited_once_and_only_success_counts() {
    let scene = Scene::new(&["sns.us-east-1.amazonaws.com"], ok("<xml/>")).await;
    let url = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t";
    scene.providers.visit(url).await.expect("visited");
    assert_eq!(scene.server.requests()[0].uri(), "/?Action=ConfirmSubscription&Token=t");
    for (code, expected) in [(403, PortErrorKind::Denied), (302, PortErrorKind::Invalid)] {
        scene.now_says(status(code));
        let error = scene.providers.visit(url).await.expect_err("refused");
        assert_eq!(error.kind(), expected);
    }
    assert_eq!(scene.asked(), 3);
}

#[tokio::test]
async fn providers_as_they_are_shipped_reach_the_internet_only() {
    let authority = Authority::default();
    let server =
        Server::tls(&authority, &[SHIPENGINE], |_: &Request<Bytes>| spoken(ok(""), false)).await;
    let found = BTreeMap::from([(SHIPENGINE.to_owned(), server.address())]);
    let trust = Trust::nobody().and(authority.root());
    let client = Client::new(LIMITS, Reach::Public, trust).finding(found);
    let providers = HttpsProviders::over(client, Clock::default());
    let error = providers.key(&scope("one"), &shipstation("a")).await.expect_err("not public");
    assert_eq!(error.kind(), PortErrorKind::Denied);
    assert_eq!(server.connections(), 0);
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

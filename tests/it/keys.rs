//! Keys that providers publish, the whole way: a request comes in over HTTP, the provider is
//! asked over TLS, and the answer is given.
//!
//! The providers' hosts are the real ones; only where they are found is the test's own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use hookdock_embedded::{Embedded, EndpointFile, KeepingEndpoints, QueueSettings, TestSystem};
use hookdock_https::testing::{Authority, Server};
use hookdock_https::{Client, HttpsProviders, Limits, Reach, Trust};
use hookdock_pipeline::delivery::incoming::Incoming;
use hookdock_pipeline::ingest::Ingest;
use hookdock_pipeline::ingest::http::answer;
use hookdock_tests::outside::Outside;
use hookdock_tests::requests::request;
use hookdock_tests::stack::START;
use http::{Response, StatusCode};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};

const ENDPOINTS: &str = r#"
    [endpoints.paypal]
    provider = "paypal"
    secrets = ["WH-1"]

    [endpoints.kinde]
    provider = "kinde"
    secrets = ["https://acme.kinde.com"]

    [endpoints.sns]
    provider = "aws-sns"
    secrets = ["arn:aws:sns:us-east-1:123456789012:orders"]
"#;

const HOSTS: [&str; 3] = ["api.paypal.com", "acme.kinde.com", "sns.us-east-1.amazonaws.com"];
const LIMITS: Limits = Limits {
    connect: Duration::from_millis(500),
    call: Duration::from_millis(1000),
    answer: 128 * 1024,
};

type Local = Embedded<TestSystem>;
type TestIngest = Ingest<KeepingEndpoints<TestSystem>, Local, TestSystem>;

/// Ingest, and the providers that it asks.
struct Scene {
    server: Server,
    ingest: TestIngest,
    local: Local,
    authority: Authority,
    /// What is at each path; a number is a status.
    pages: Arc<Mutex<BTreeMap<String, Result<String, u16>>>>,
    key: KeyPair,
}

impl Scene {
    async fn new() -> Self {
        let authority = Authority::default();
        let pages = Arc::new(Mutex::new(BTreeMap::<String, Result<String, u16>>::new()));
        let found = Arc::clone(&pages);
        let server = Server::tls(&authority, &HOSTS, move |request| {
            let page = found.lock().expect("a lock").get(request.uri().path()).cloned();
            Box::pin(async move { page_as_answer(page) })
        })
        .await;
        let system = TestSystem::starting_at(START);
        let local = Local::in_memory(system.clone(), QueueSettings::default()).expect("memory");
        let hosts = HOSTS.iter().map(|host| ((*host).to_owned(), server.address())).collect();
        let trust = Trust::nobody().and(authority.root());
        let client = Client::new(LIMITS, Reach::AlsoPrivate, trust).finding(hosts);
        let endpoints = EndpointFile::parse(ENDPOINTS).expect("usable endpoints");
        let ingest = Ingest {
            endpoints: KeepingEndpoints::new(endpoints, local.clone()),
            intake: local.clone(),
            providers: Arc::new(HttpsProviders::over(client, system.clone())),
            web: Arc::new(Outside::default()),
            public_url: None,
            system,
        };
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key");
        Self { server, ingest, local, authority, pages, key }
    }

    fn page(&self, path: &str, page: Result<String, u16>) {
        self.pages.lock().expect("a lock").insert(path.to_owned(), page);
    }

    /// A certificate of the scene's key, for this name.
    fn certificate(&self, name: &str) -> String {
        let params = CertificateParams::new([name.to_owned()]).expect("a name");
        let der = self.authority.certify(&params, &self.key);
        let body = STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    }

    fn sign(&self, text: &[u8]) -> Vec<u8> {
        use aws_lc_rs::rand::SystemRandom;
        use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
        let pair = RsaKeyPair::from_pkcs8(&self.key.serialize_der()).expect("a key");
        let mut signature = vec![0; pair.public_modulus_len()];
        let chance = SystemRandom::new();
        pair.sign(&RSA_PKCS1_SHA256, &chance, text, &mut signature).expect("signed");
        signature
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> StatusCode {
        let request = Incoming {
            headers: headers.iter().copied().collect(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            ..request("POST", path)
        };
        answer(&self.ingest, request).await.status()
    }

    fn kept(&self) -> usize {
        self.local.objects().expect("a database").len()
    }

    async fn paypal(&self, cert_url: &str) -> StatusCode {
        // The CRC-32 of this body is a published constant.
        let (body, time) = ("123456789", "2027-01-15T08:00:00Z");
        let signed = format!("t-1|{time}|WH-1|3421780262");
        let signature = STANDARD.encode(self.sign(signed.as_bytes()));
        let headers = [
            ("PAYPAL-TRANSMISSION-ID", "t-1"),
            ("PAYPAL-TRANSMISSION-TIME", time),
            ("PAYPAL-TRANSMISSION-SIG", &signature),
            ("PAYPAL-CERT-URL", cert_url),
        ];
        self.post("/webhooks/paypal", &headers, body).await
    }

    fn jwks(&self, kid: &str) -> String {
        // RFC 8017, A.1.1, for 2048 bits: a head, a zero for the sign, n, a head, e.
        let der = self.key.public_key_raw();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"keys": [{"kid": kid, "kty": "RSA", "n": part(&der[9..265]), "e": part(&der[267..])}]})
            .to_string()
    }

    async fn kinde(&self, kid: &str) -> StatusCode {
        let claims =
            json!({"iss": "https://acme.kinde.com", "event_id": "e-1", "type": "user.created"});
        let parts = [json!({"alg": "RS256", "kid": kid}), claims];
        let signed = parts.map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let signature = URL_SAFE_NO_PAD.encode(self.sign(signed.as_bytes()));
        self.post("/webhooks/kinde", &[], &format!("{signed}.{signature}")).await
    }

    async fn sns(&self, message: &Value) -> StatusCode {
        let names =
            ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
        let lines = names.iter().filter_map(|name| Some((name, message.get(*name)?.as_str()?)));
        let text: String = lines.map(|(name, value)| format!("{name}\n{value}\n")).collect();
        let mut body = message.clone();
        body["SignatureVersion"] = json!("2");
        body["Signature"] = json!(STANDARD.encode(self.sign(text.as_bytes())));
        body["SigningCertURL"] = json!("https://sns.us-east-1.amazonaws.com/cert-1.pem");
        self.post("/webhooks/sns", &[], &body.to_string()).await
    }

    fn asked(&self) -> Vec<String> {
        self.server.requests().iter().map(|request| request.uri().to_string()).collect()
    }
}

fn page_as_answer(page: Option<Result<String, u16>>) -> Response<Bytes> {
    let (status, body) = match page {
        None => (404, String::new()),
        Some(Ok(body)) => (200, body),
        Some(Err(status)) => (status, String::new()),
    };
    let answer = Response::builder().status(status).header("location", "https://evil.example/");
    answer.body(Bytes::from(body)).expect("an answer")
}

const CERT: &str = "/v1/notifications/certs/CERT-1";
const CERT_URL: &str = "https://api.paypal.com/v1/notifications/certs/CERT-1";

#[tokio::test]
async fn a_delivery_of_paypal_s_is_accepted_by_the_certificate_that_paypal_publishes() {
    let scene = Scene::new().await;
    scene.page(CERT, Ok(scene.certificate("messageverificationcerts.paypal.com")));
    assert_eq!(scene.paypal(CERT_URL).await, StatusCode::OK);
    assert_eq!(scene.paypal(CERT_URL).await, StatusCode::OK);
    assert_eq!(scene.asked(), [CERT]);
    assert_eq!(scene.kept(), 2);
}

#[tokio::test]
async fn a_certificate_of_the_sender_s_own_is_not_even_asked_for() {
    let scene = Scene::new().await;
    scene.page(CERT, Ok(scene.certificate("messageverificationcerts.paypal.com")));
    for url in [
        "https://evil.example/v1/notifications/certs/CERT-1",
        "https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1",
        "https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1",
        "https://acme.kinde.com/v1/notifications/certs/CERT-1",
        "https://169.254.169.254/v1/notifications/certs/CERT-1",
    ] {
        assert_eq!(scene.paypal(url).await, StatusCode::UNAUTHORIZED, "{url}");
    }
    assert_eq!(scene.server.connections(), 0);
    assert_eq!(scene.kept(), 0);
}

#[tokio::test]
async fn a_provider_that_cannot_be_asked_is_our_failure_and_a_missing_key_is_the_sender_s() {
    for (page, expected) in [
        (Err(500), StatusCode::SERVICE_UNAVAILABLE),
        (Err(302), StatusCode::SERVICE_UNAVAILABLE),
        (Ok("x".repeat(200 * 1024)), StatusCode::SERVICE_UNAVAILABLE),
        (Err(404), StatusCode::UNAUTHORIZED),
    ] {
        let scene = Scene::new().await;
        scene.page(CERT, page);
        assert_eq!(scene.paypal(CERT_URL).await, expected);
        assert_eq!(scene.kept(), 0);
    }
    let scene = Scene::new().await;
    scene.page(CERT, Ok(scene.certificate("www.paypal.com")));
    assert_eq!(scene.paypal(CERT_URL).await, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_token_as_the_body_is_accepted_by_its_issuer_s_keys() {
    let scene = Scene::new().await;
    scene.page("/.well-known/jwks.json", Ok(scene.jwks("k-1")));
    assert_eq!(scene.kinde("k-1").await, StatusCode::OK);
    for number in 0..100 {
        let refused = scene.kinde(&format!("invented-{number}")).await;
        assert_eq!(refused, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(scene.asked().len(), 1);
    assert_eq!(scene.kept(), 1);
}

#[tokio::test]
async fn invented_certificates_refuse_no_delivery_of_another_endpoint_nor_one_whose_key_is_known() {
    let scene = Scene::new().await;
    scene.page("/cert-1.pem", Ok(scene.certificate("sns.amazonaws.com")));
    scene.page(CERT, Ok(scene.certificate("messageverificationcerts.paypal.com")));
    assert_eq!(scene.paypal(CERT_URL).await, StatusCode::OK);
    let mut answers = Vec::new();
    for number in 0..40 {
        answers.push(scene.paypal(&format!("{CERT_URL}-{number}")).await);
    }
    assert_eq!(answers[..20], [StatusCode::UNAUTHORIZED; 20]);
    assert_eq!(answers[20..], [StatusCode::TOO_MANY_REQUESTS; 20]);
    assert_eq!(scene.paypal(CERT_URL).await, StatusCode::OK);
    assert_eq!(scene.sns(&notification(TOPIC)).await, StatusCode::OK);
}

#[tokio::test]
async fn no_certificate_is_fetched_for_another_topic() {
    let scene = Scene::new().await;
    scene.page("/cert-1.pem", Ok(scene.certificate("sns.amazonaws.com")));
    let other = notification("arn:aws:sns:us-east-1:999999999999:orders");
    assert_eq!(scene.sns(&other).await, StatusCode::UNAUTHORIZED);
    assert_eq!(scene.server.connections(), 0);
}

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:orders";

fn notification(topic: &str) -> Value {
    json!({
        "Type": "Notification", "MessageId": "m-2", "TopicArn": topic,
        "Message": "{}", "Timestamp": "2027-01-15T08:00:00.000Z",
    })
}

fn confirmation(url: &str) -> Value {
    json!({
        "Type": "SubscriptionConfirmation", "MessageId": "m-1", "Token": "t-1",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:orders", "SubscribeURL": url,
        "Message": "You have chosen to subscribe.", "Timestamp": "2027-01-15T08:00:00.000Z",
    })
}

const CONFIRM: &str = "/?Action=ConfirmSubscription&Token=t-1";

#[tokio::test]
async fn a_subscription_to_the_operator_s_topic_is_confirmed_once_and_makes_no_event() {
    let scene = Scene::new().await;
    scene.page("/cert-1.pem", Ok(scene.certificate("sns.amazonaws.com")));
    scene.page("/", Ok("<ConfirmSubscriptionResponse/>".to_owned()));
    let url = format!("https://sns.us-east-1.amazonaws.com{CONFIRM}");
    assert_eq!(scene.sns(&confirmation(&url)).await, StatusCode::OK);
    assert_eq!(scene.asked(), ["/cert-1.pem", CONFIRM]);
    assert_eq!(scene.kept(), 0);
}

#[tokio::test]
async fn a_subscription_is_confirmed_for_nobody_else_and_nowhere_else() {
    let scene = Scene::new().await;
    scene.page("/cert-1.pem", Ok(scene.certificate("sns.amazonaws.com")));
    scene.page("/", Ok(String::new()));
    let mut other = confirmation(&format!("https://sns.us-east-1.amazonaws.com{CONFIRM}"));
    other["TopicArn"] = json!("arn:aws:sns:us-east-1:999999999999:orders");
    assert_eq!(scene.sns(&other).await, StatusCode::UNAUTHORIZED);
    for url in [
        "https://evil.example/?Action=ConfirmSubscription&Token=t-1",
        "https://sns.us-east-1.amazonaws.com.evil.example/?Action=ConfirmSubscription",
        "https://sns.us-east-1.amazonaws.com@evil.example/?Action=ConfirmSubscription",
        "http://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription",
        "https://sns.us-east-1.amazonaws.com:8443/?Action=ConfirmSubscription",
        "https://sns.us-east-1.amazonaws.com/other?Action=ConfirmSubscription",
    ] {
        assert_eq!(scene.sns(&confirmation(url)).await, StatusCode::BAD_REQUEST, "{url}");
    }
    assert_eq!(scene.asked(), ["/cert-1.pem"]);
}

#[tokio::test]
async fn a_confirmation_that_fails_is_answered_so_that_sns_asks_again() {
    let scene = Scene::new().await;
    scene.page("/cert-1.pem", Ok(scene.certificate("sns.amazonaws.com")));
    scene.page("/", Err(500));
    let url = format!("https://sns.us-east-1.amazonaws.com{CONFIRM}");
    assert_eq!(scene.sns(&confirmation(&url)).await, StatusCode::SERVICE_UNAVAILABLE);
}

//! S3, SQS and Secrets Manager, as far as a receiver calls them: they take everything, keep
//! nothing, and answer after a set time.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use hookdock_https::testing::{Authority, Server};
use http::{Request, Response};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

/// What the endpoint `github` is, as Secrets Manager has it.
pub(crate) const SECRET: &str = "benchmark secret";

/// The services, each at an address of its own, as on AWS: a connection to one is none to another.
pub(crate) struct Aws {
    s3: Server,
    sqs: Server,
    secrets: Server,
    scheme: &'static str,
}

/// How often each service was called, and how often somebody connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Calls {
    pub(crate) put_object: usize,
    pub(crate) send_message: usize,
    pub(crate) get_secret: usize,
    pub(crate) other: usize,
    pub(crate) connections: usize,
}

impl Aws {
    pub(crate) async fn plain(latency: Duration) -> Self {
        let server = async || Server::plain(move |request| answer(request, latency).boxed()).await;
        Self { s3: server().await, sqs: server().await, secrets: server().await, scheme: "http" }
    }

    pub(crate) async fn tls(authority: &Authority, latency: Duration) -> Self {
        let server = async || {
            let answer = move |request: &Request<Bytes>| answer(request, latency).boxed();
            Server::tls(authority, &["localhost"], answer).await
        };
        Self { s3: server().await, sqs: server().await, secrets: server().await, scheme: "https" }
    }

    /// What SDKs are told by their environment.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let sqs = self.url(&self.sqs);
        vec![
            ("HOOKDOCK_QUEUE_URL", format!("{sqs}/123456789012/bench")),
            ("AWS_ENDPOINT_URL_SQS", sqs),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", self.url(&self.secrets)),
            // For S3, and for Hookdock the sign that S3 is a stand-in.
            ("AWS_ENDPOINT_URL", self.url(&self.s3)),
        ]
    }

    fn url(&self, server: &Server) -> String {
        format!("{}://localhost:{}", self.scheme, server.address().port())
    }

    /// So far.
    pub(crate) fn calls(&self) -> Calls {
        let mut calls = Calls::default();
        for server in [&self.s3, &self.sqs, &self.secrets] {
            calls.connections += server.connections();
            server.requests().iter().for_each(|request| calls.count(request));
        }
        calls
    }
}

impl Calls {
    fn count(&mut self, request: &Request<Bytes>) {
        *match target(request) {
            None if request.method() == "PUT" => &mut self.put_object,
            Some("AmazonSQS.SendMessage") => &mut self.send_message,
            Some("secretsmanager.GetSecretValue") => &mut self.get_secret,
            _ => &mut self.other,
        } += 1;
    }
}

fn target(request: &Request<Bytes>) -> Option<&str> {
    request.headers().get("x-amz-target").and_then(|value| value.to_str().ok())
}

fn answer(
    request: &Request<Bytes>,
    latency: Duration,
) -> impl Future<Output = Response<Bytes>> + Send + use<> {
    let response = match target(request) {
        Some("AmazonSQS.SendMessage") => json_response(&message_sent(request.body())),
        Some("secretsmanager.GetSecretValue") => json_response(&secret()),
        Some(_) => status(501),
        None if request.method() == "PUT" => stored(),
        None => status(404),
    };
    async move {
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        response
    }
}

/// Some SDKs check the digest.
fn message_sent(request: &[u8]) -> Value {
    let request: Value = serde_json::from_slice(request).expect("JSON");
    let body = request["MessageBody"].as_str().expect("a body");
    json!({
        "MessageId": "5fea7756-0ea4-451a-a703-a558b933e274",
        "MD5OfMessageBody": hex::encode(Md5::digest(body)),
    })
}

fn secret() -> Value {
    let endpoint = json!({
        "version": 1, "provider": "github", "secrets": [{ "id": "s1", "value": SECRET }],
    });
    json!({
        "ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:bench-a1b2c3",
        "Name": "bench/endpoint/github",
        "VersionId": "EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE",
        "SecretString": endpoint.to_string(),
        "CreatedDate": 1_795_302_439,
    })
}

fn stored() -> Response<Bytes> {
    let response = Response::builder().header("etag", "\"6805f2cfc46c0f04559748bb039d69ae\"");
    response.body(Bytes::new()).expect("a response")
}

fn json_response(value: &Value) -> Response<Bytes> {
    Response::builder()
        .header("content-type", "application/x-amz-json-1.1")
        .body(value.to_string().into())
        .expect("a response")
}

fn status(status: u16) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::new()).expect("a response")
}

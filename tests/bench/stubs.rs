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

/// All of AWS behind one address.
pub(crate) struct Aws {
    server: Server,
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
        let server = Server::plain(move |request| answer(request, latency).boxed()).await;
        Self { server, scheme: "http" }
    }

    pub(crate) async fn tls(authority: &Authority, latency: Duration) -> Self {
        let names = ["localhost"];
        let answer = move |request: &Request<Bytes>| answer(request, latency).boxed();
        Self { server: Server::tls(authority, &names, answer).await, scheme: "https" }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://localhost:{}", self.scheme, self.server.address().port())
    }

    /// So far.
    pub(crate) fn calls(&self) -> Calls {
        let mut calls = Calls { connections: self.server.connections(), ..Calls::default() };
        for request in self.server.requests() {
            *match target(&request) {
                None if request.method() == "PUT" => &mut calls.put_object,
                Some("AmazonSQS.SendMessage") => &mut calls.send_message,
                Some("secretsmanager.GetSecretValue") => &mut calls.get_secret,
                _ => &mut calls.other,
            } += 1;
        }
        calls
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

//! The services of AWS, as far as the functions call them: they take everything that is well
//! formed, hand out the objects they were given, and answer after a set time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::FutureExt as _;
use hookdock_https::testing::{Authority, Server};
use http::{Method, Request, Response};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use crate::folder;

/// The secret of the endpoint `github`.
pub(crate) const SECRET: &str = "benchmark secret";

pub(crate) const PUT_OBJECT: &str = "PutObject";
pub(crate) const GET_OBJECT: &str = "GetObject";
pub(crate) const SEND_MESSAGE: &str = "SendMessage";

/// What a function is told of a service's address by. S3's is, for Hookdock, also the sign that
/// S3 is a stand-in.
const SERVICES: [(&str, &str); 5] = [
    ("s3", "AWS_ENDPOINT_URL"),
    ("sqs", "AWS_ENDPOINT_URL_SQS"),
    ("secrets", "AWS_ENDPOINT_URL_SECRETS_MANAGER"),
    ("dynamodb", "AWS_ENDPOINT_URL_DYNAMODB"),
    ("sns", "AWS_ENDPOINT_URL_SNS"),
];

/// Objects by their path, such as `/bench/deliveries/...`.
pub(crate) type Objects = HashMap<String, Bytes>;

/// Where and how the services answer.
#[derive(Clone)]
pub(crate) struct Policy {
    /// Who vouches for them; without an authority they speak plain HTTP.
    pub(crate) authority: Option<Arc<Authority>>,
    /// The host that they are called by: a name is looked up, an address is not.
    pub(crate) host: &'static str,
    /// The time until they answer.
    pub(crate) latency: Duration,
    /// What S3 holds.
    pub(crate) objects: Arc<Objects>,
}

impl Policy {
    /// TLS under an authority that the functions are told to trust.
    pub(crate) fn trusted(latency: Duration) -> Self {
        let authority = Arc::new(Authority::default());
        std::fs::write(folder().join("authority.pem"), pem(&authority.root())).expect("written");
        Self { authority: Some(authority), host: "localhost", latency, objects: Arc::default() }
    }
}

/// A certificate as other programs take it, in lines as OpenSSL insists.
fn pem(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let lines = lines.collect::<Vec<_>>().join("\n");
    format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
}

/// The services, each at an address of its own, as on AWS: a connection to one is none to another.
pub(crate) struct Aws {
    servers: Vec<(&'static str, &'static str, Server)>,
    policy: Policy,
}

/// How often each operation was called, and how often somebody connected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Calls {
    operations: BTreeMap<String, usize>,
    pub(crate) connections: usize,
}

impl Aws {
    pub(crate) async fn start(policy: Policy) -> Self {
        let mut servers = Vec::new();
        for (service, variable) in SERVICES {
            servers.push((service, variable, server(&policy).await));
        }
        Self { servers, policy }
    }

    /// What SDKs are told by their environment.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let addresses = self.servers.iter().map(|(_, name, server)| (*name, self.url(server)));
        let (_, _, sqs) = self.servers.iter().find(|(name, ..)| *name == "sqs").expect("a service");
        let queue = |name| format!("{}/123456789012/{name}", self.url(sqs));
        let queues =
            [("HOOKDOCK_QUEUE_URL", queue("bench")), ("HOOKDOCK_DLQ_URL", queue("bench-dead"))];
        addresses.chain(queues).collect()
    }

    fn url(&self, server: &Server) -> String {
        let scheme = if self.policy.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{}:{}", self.policy.host, server.address().port())
    }

    /// So far.
    pub(crate) fn calls(&self) -> Calls {
        let mut calls = Calls::default();
        for (_, _, server) in &self.servers {
            calls.connections += server.connections();
        }
        for request in self.requests() {
            *calls.operations.entry(operation(&request)).or_default() += 1;
        }
        calls
    }

    /// Every request so far, by service.
    pub(crate) fn requests(&self) -> Vec<Request<Bytes>> {
        self.servers.iter().flat_map(|(_, _, server)| server.requests()).collect()
    }
}

impl Calls {
    pub(crate) fn of(&self, operation: &str) -> usize {
        self.operations.get(operation).copied().unwrap_or_default()
    }

    /// Calls of all operations but these.
    pub(crate) fn other_than(&self, operations: &[&str]) -> usize {
        let others =
            self.operations.iter().filter(|(name, _)| !operations.contains(&name.as_str()));
        others.map(|(_, count)| count).sum()
    }

    /// What was called since.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let operations = self
            .operations
            .iter()
            .map(|(name, count)| (name.clone(), count.saturating_sub(earlier.of(name))));
        let operations = operations.filter(|(_, count)| *count > 0).collect();
        Self { operations, connections: self.connections.saturating_sub(earlier.connections) }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, usize)> {
        self.operations.iter().map(|(name, count)| (name.as_str(), *count))
    }
}

async fn server(policy: &Policy) -> Server {
    let (latency, objects) = (policy.latency, Arc::clone(&policy.objects));
    let answer = move |request: &Request<Bytes>| {
        let response = answer(request, &objects);
        async move {
            if !latency.is_zero() {
                tokio::time::sleep(latency).await;
            }
            response
        }
        .boxed()
    };
    match &policy.authority {
        Some(authority) => Server::tls(authority, &["localhost", "127.0.0.1"], answer).await,
        None => Server::plain(answer).await,
    }
}

/// The operation's name, as its service has it.
pub(crate) fn operation(request: &Request<Bytes>) -> String {
    let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok());
    let name = match (target.and_then(|target| target.split_once('.')), request.method()) {
        (Some((_, name)), _) => name,
        (None, &Method::PUT) => PUT_OBJECT,
        (None, &Method::GET) => GET_OBJECT,
        (None, &Method::POST) if request.body().starts_with(b"Action=Publish&") => "Publish",
        _ => "unknown",
    };
    name.to_owned()
}

fn answer(request: &Request<Bytes>, objects: &Objects) -> Response<Bytes> {
    match operation(request).as_str() {
        SEND_MESSAGE => json_response(&message_sent(request.body())),
        "GetSecretValue" => json_response(&secret(request.body())),
        "PutItem" | "UpdateItem" | "TransactWriteItems" => json_response(&json!({})),
        "Publish" => published(),
        PUT_OBJECT => stored(),
        GET_OBJECT => objects.get(request.uri().path()).map_or_else(|| status(404), object),
        _ => status(501),
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

/// The endpoint, or the settings of the jobs: everything that happens at GitHub is told to a topic.
fn secret(request: &[u8]) -> Value {
    let request: Value = serde_json::from_slice(request).expect("JSON");
    let name = request["SecretId"].as_str().expect("a name");
    let value = match name {
        "bench/jobs" => json!({
            "version": 1,
            "send_notification": { "all": { "endpoint": "github", "to": { "topic": {} } } },
        }),
        _ => json!({
            "version": 1, "provider": "github", "secrets": [{ "id": "s1", "value": SECRET }],
        }),
    };
    json!({
        "ARN": format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-a1b2c3"),
        "Name": name,
        "VersionId": "EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE",
        "SecretString": value.to_string(),
        "CreatedDate": 1_795_302_439,
    })
}

fn stored() -> Response<Bytes> {
    let response = Response::builder().header("etag", "\"6805f2cfc46c0f04559748bb039d69ae\"");
    response.body(Bytes::new()).expect("a response")
}

fn object(body: &Bytes) -> Response<Bytes> {
    let response = Response::builder().header("content-type", "application/json");
    response.body(body.clone()).expect("a response")
}

fn published() -> Response<Bytes> {
    let xml = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\
        <PublishResult><MessageId>94f20ce6-13c5-43a0-9a9e-ca52d816e90b</MessageId></PublishResult>\
        <ResponseMetadata><RequestId>f187a3c1-376f-11df-8963-01868b7c937a</RequestId></ResponseMetadata>\
        </PublishResponse>";
    Response::builder().header("content-type", "text/xml").body(xml.into()).expect("a response")
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

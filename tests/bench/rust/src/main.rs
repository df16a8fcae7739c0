//! A receiver as the AWS documentation would have one: `lambda_http`, the SDK's clients, and all
//! else hard-coded.

#![expect(clippy::disallowed_methods, reason = "a function is told by its environment")]

use std::collections::BTreeMap;
use std::env;

use aws_config::BehaviorVersion;
use hmac::{Hmac, KeyInit as _, Mac as _};
use lambda_http::http::{HeaderMap, StatusCode};
use lambda_http::{Body, Request, RequestExt as _, Response};
use lambda_runtime::{Error, service_fn};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

const SECRET: &str = "benchmark secret";

#[derive(Serialize)]
struct Stored<'a> {
    id: &'a str,
    headers: BTreeMap<&'a str, String>,
    body: String,
}

#[derive(Serialize)]
struct Reference<'a> {
    id: &'a str,
    key: &'a str,
    #[serde(rename = "type")]
    event_type: Option<String>,
    sha256: String,
}

struct Receiver {
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    bucket: String,
    queue_url: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    // The stand-in for S3 has no host name for each bucket.
    let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    let receiver = &Receiver {
        s3: aws_sdk_s3::Client::from_conf(s3),
        sqs: aws_sdk_sqs::Client::new(&config),
        bucket: env::var("HOOKDOCK_BUCKET")?,
        queue_url: env::var("HOOKDOCK_QUEUE_URL")?,
    };
    lambda_http::run(service_fn(|request| receiver.receive(request))).await
}

impl Receiver {
    async fn receive(&self, request: Request) -> Result<Response<Body>, Error> {
        let (headers, body) = (request.headers(), request.body().as_ref());
        if !is_genuine(headers, body) {
            return answer(StatusCode::UNAUTHORIZED);
        }

        let id = request.lambda_context().request_id;
        let key = format!("deliveries/github/{id}.json");
        let named = headers.iter().map(|(name, value)| (name.as_str(), text(value.as_bytes())));
        let stored = Stored { id: &id, headers: named.collect(), body: text(body) };
        let put = self.s3.put_object().bucket(&self.bucket).key(&key);
        put.body(serde_json::to_vec(&stored)?.into()).send().await?;
        let sha256 = hex::encode(Sha256::digest(body));
        let event_type = headers.get("x-github-event").map(|value| text(value.as_bytes()));
        let reference = Reference { id: &id, key: &key, event_type, sha256 };
        let send = self.sqs.send_message().queue_url(&self.queue_url);
        send.message_body(serde_json::to_string(&reference)?).send().await?;
        answer(StatusCode::OK)
    }
}

fn answer(status: StatusCode) -> Result<Response<Body>, Error> {
    Ok(Response::builder().status(status).body(Body::Empty)?)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn is_genuine(headers: &HeaderMap, body: &[u8]) -> bool {
    let presented = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok());
    let presented = presented.and_then(|text| hex::decode(text.strip_prefix("sha256=")?).ok());
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes());
    match (presented, mac) {
        (Some(presented), Ok(mac)) => mac.chain_update(body).verify_slice(&presented).is_ok(),
        _ => false,
    }
}

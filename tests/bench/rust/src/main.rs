//! A receiver as the AWS documentation would have one: the SDK's clients, and all else hard-coded.
//!
//! The documentation would take `lambda_http`. It is the costlier of the two and would bring
//! features that change how the SDK is built, so this is the harder rival.

#![expect(clippy::disallowed_methods, reason = "a function is told by its environment")]

use std::collections::HashMap;
use std::env;

use aws_config::BehaviorVersion;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const SECRET: &str = "benchmark secret";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    headers: HashMap<String, String>,
    body: String,
    is_base64_encoded: bool,
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
    lambda_runtime::run(service_fn(|event| receiver.receive(event))).await
}

impl Receiver {
    async fn receive(&self, event: LambdaEvent<Webhook>) -> Result<Value, Error> {
        let LambdaEvent { payload: Webhook { headers, body, is_base64_encoded }, context } = event;
        let body = if is_base64_encoded { STANDARD.decode(body)? } else { body.into_bytes() };
        if !is_genuine(&headers, &body) {
            return Ok(json!({ "statusCode": 401 }));
        }

        let id = context.request_id;
        let key = format!("deliveries/github/{id}.json");
        let text = String::from_utf8_lossy(&body);
        let stored = json!({ "id": id, "headers": headers, "body": text }).to_string();
        let put = self.s3.put_object().bucket(&self.bucket).key(&key);
        put.body(stored.into_bytes().into()).send().await?;
        let sha256 = hex::encode(Sha256::digest(&body));
        let event_type = headers.get("x-github-event");
        let reference = json!({ "id": id, "key": key, "type": event_type, "sha256": sha256 });
        let send = self.sqs.send_message().queue_url(&self.queue_url);
        send.message_body(reference.to_string()).send().await?;
        Ok(json!({ "statusCode": 200 }))
    }
}

fn is_genuine(headers: &HashMap<String, String>, body: &[u8]) -> bool {
    let presented = headers.get("x-hub-signature-256");
    let presented = presented.and_then(|text| hex::decode(text.strip_prefix("sha256=")?).ok());
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes());
    match (presented, mac) {
        (Some(presented), Ok(mac)) => mac.chain_update(body).verify_slice(&presented).is_ok(),
        _ => false,
    }
}

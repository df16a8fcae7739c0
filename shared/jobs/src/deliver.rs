//! Any event: it is sent on to where the code already is, over HTTP, signed.
//!
//! A destination is configuration alone. It gets the exact body and the sender's own headers, signed
//! as Standard Webhooks (github.com/standard-webhooks, specification 1.0, read 2026-11). Its
//! `webhook-id` and `Idempotency-Key` are the effect's key: the same for each attempt, so that a
//! receiver can tell a repetition.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hookdock_pipeline::job::{Context, Delivery, EffectKey, Failure, JobResult, accepted};
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderName};
use http::{HeaderValue, Method};
use sha2::Sha256;

use crate::api::unfit;
use crate::settings::{Destination, HttpTarget};

const SIGNATURE: &str = "webhook-signature";

/// What belongs to the connection or to the body as it was sent (RFC 9110, 7.6.1), and what is
/// written here.
const NOT_FORWARDED: [&str; 17] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "idempotency-key",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "webhook-id",
    "webhook-timestamp",
];

/// How the names of headers end that carry a credential.
const CREDENTIALS: [&str; 4] = ["-token", "-key", "-secret", "-password"];

/// One step: the destination has taken the event. It is told once more where a worker dies between
/// its answer and the save, under the same id.
///
/// # Errors
///
/// The destination is unavailable, or says no.
pub async fn deliver(cx: Context, destination: Arc<Destination>, delivery: Delivery) -> JobResult {
    let target = &destination.to;
    cx.last_step("deliver", async |step| {
        let request = request(&cx, target, &delivery, step.effect_key())?;
        let web = cx.web()?;
        let place = cx.dependency("destination").at(target.http.as_str());
        let call = async || {
            let answer = web.call(request.clone()).await?;
            accepted("deliver the event", answer).map(drop)
        };
        place.call(call).await
    })
    .await
}

fn request(
    cx: &Context,
    target: &HttpTarget,
    delivery: &Delivery,
    key: &EffectKey,
) -> Result<http::Request<bytes::Bytes>, Failure> {
    let body = delivery.item.clone().unwrap_or_else(|| delivery.body.clone());
    let mut request = http::Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = target.http.as_str().parse().map_err(|_| unfit("the URL"))?;
    let headers = request.headers_mut();
    for (name, value) in delivery.headers.iter().filter(|(name, _)| is_forwarded(name)) {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            headers.append(name, value);
        }
    }
    // An item is JSON, whatever the request was that it came in.
    if delivery.item.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let (id, sent_at) = (key.as_str(), cx.started_at().to_seconds().get().to_string());
    let signature = signature(target, id, &sent_at, request.body())?;
    let own = [
        ("hookdock-delivery", delivery.id.as_str()),
        ("hookdock-endpoint", delivery.endpoint.as_str()),
        ("hookdock-event", cx.run().event.key.as_str()),
        ("idempotency-key", id),
        ("webhook-id", id),
        ("webhook-timestamp", &sent_at),
        (SIGNATURE, &signature),
    ];
    for (name, value) in own {
        let value = HeaderValue::from_str(value).map_err(|_| unfit("a header"))?;
        request.headers_mut().insert(HeaderName::from_static(name), value);
    }
    Ok(request)
}

/// The signatures: one with each secret, so that a receiver may have either. The catalogue's
/// definition would do the same, and with it the whole catalogue would be linked.
fn signature(target: &HttpTarget, id: &str, sent_at: &str, body: &[u8]) -> Result<String, Failure> {
    let mut signatures = Vec::new();
    for secret in target.secrets() {
        let key = STANDARD.decode(secret.reveal().trim_start_matches("whsec_"));
        let key = key.map_err(|_| unfit("the signing secret"))?;
        let mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| unfit("the signing secret"))?;
        let mac = mac.chain_update(format!("{id}.{sent_at}.")).chain_update(body).finalize();
        signatures.push(format!("v1,{}", STANDARD.encode(mac.into_bytes())));
    }
    Ok(signatures.join(" "))
}

fn is_forwarded(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_credential = CREDENTIALS.iter().any(|ending| name.ends_with(ending))
        || name == AUTHORIZATION.as_str()
        || name == COOKIE.as_str();
    !is_credential
        && !NOT_FORWARDED.contains(&name.as_str())
        && name != SIGNATURE
        && !name.starts_with("hookdock-")
}

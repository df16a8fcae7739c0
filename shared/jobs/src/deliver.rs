//! Any event: it is sent on to where the code already is, over HTTP, signed.
//!
//! A destination is configuration alone. It gets the exact body and the sender's own headers, signed
//! as Standard Webhooks (github.com/standard-webhooks, specification 1.0, read 2026-11). Its
//! `webhook-id` and `Idempotency-Key` are the effect's key: the same for each attempt, so that a
//! receiver can tell a repetition.

use std::sync::Arc;

use hookdock_pipeline::job::{Context, Delivery, EffectKey, Failure, JobResult, accepted};
use hookdock_signature::{EpochMillis, Headers, Request, Secret, catalog, sign};
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderName};
use http::{HeaderValue, Method};

use crate::api::unfit;
use crate::settings::{Destination, HttpTarget};

/// The scheme that destinations verify.
const STANDARD_WEBHOOKS: &str = "standard-webhooks";

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
    let own = [
        ("hookdock-delivery", delivery.id.as_str()),
        ("hookdock-endpoint", delivery.endpoint.as_str()),
        ("hookdock-event", cx.run().event.key.as_str()),
        ("idempotency-key", key.as_str()),
        ("webhook-id", key.as_str()),
    ];
    for (name, value) in own {
        let value = HeaderValue::from_str(value).map_err(|_| unfit("a name"))?;
        headers.insert(HeaderName::from_static(name), value);
    }
    for (name, value) in signature(target, key, request.body(), cx.started_at())? {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit("a signature"))?;
        let value = HeaderValue::from_str(&value).map_err(|_| unfit("a signature"))?;
        request.headers_mut().insert(name, value);
    }
    Ok(request)
}

/// The time and the signatures: one with each secret, so that a receiver may have either.
fn signature(
    target: &HttpTarget,
    key: &EffectKey,
    body: &[u8],
    at: EpochMillis,
) -> Result<Vec<(String, String)>, Failure> {
    let provider = catalog::find(STANDARD_WEBHOOKS).ok_or_else(|| unfit("the signature"))?;
    let id = Headers::from_iter([("webhook-id".to_owned(), key.as_str().to_owned())]);
    let draft = Request { method: "POST", url: target.http.as_str(), headers: &id, body };
    let mut signed: Vec<(String, String)> = Vec::new();
    for token in target.secrets() {
        let secret = Secret::new("s", token.reveal()).map_err(|_| unfit("the signing secret"))?;
        let headers = sign(&provider, &secret, &draft, at).map_err(|_| unfit("the signature"))?;
        for (name, value) in headers {
            match signed.iter_mut().find(|(known, _)| *known == name) {
                Some((name, known)) if name == SIGNATURE => *known = format!("{known} {value}"),
                Some(_) => {}
                None => signed.push((name, value)),
            }
        }
    }
    Ok(signed)
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

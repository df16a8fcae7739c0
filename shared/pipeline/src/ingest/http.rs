//! The use case over HTTP: the one place where URLs are read and status codes are chosen.
//!
//! | what happened | status | body |
//! | --- | --- | --- |
//! | accepted | 200, or what the provider expects | empty, or what the provider expects |
//! | accepted, and the endpoint says `accepted` | 202 | `{"accepted":true,"requestId":"dlv_..."}` |
//! | a handshake | what the provider's definition says | the same |
//! | a handshake that is refused | what the definition says, else 400; 401 without a secret | fixed |
//! | a method that the provider does not use | 405 and `Allow` | fixed |
//! | a method for handshakes, without one | 400 | fixed |
//! | not a webhook URL, unknown endpoint or tenant | 404 | fixed |
//! | body over the endpoint's limit | 413 | fixed |
//! | signature refused | 401 | fixed; empty where the provider wants it so |
//! | a store, the queue or the secrets are not to be had | 503 and `Retry-After` | fixed |

use std::fmt;

use bytes::Bytes;
use hookdock_signature::{Answer, HandshakeRefusal, Headers, Provider};
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};

use crate::delivery::verified::RawDelivery;
use crate::endpoint::Success;
use crate::ingest::outcome::{Accepted, Received};
use crate::ingest::refusal::Refusal;
use crate::ingest::use_case::Ingest;
use crate::model::names::{DeliveryId, EndpointId, TenantId};
use crate::model::system::System;
use crate::ports::{Archive, Captures, Endpoints, WorkQueue};

/// The header of every answer to a delivery that names it.
pub const DELIVERY_HEADER: HeaderName = HeaderName::from_static("x-hookdock-delivery");

/// When a sender that met a 503 should come back.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("5");

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What the host knows of a request beyond HTTP.
#[derive(Clone)]
pub struct Origin {
    /// The URL as the sender addressed it.
    pub url: String,
    /// The trace it belongs to, in the form of the `X-Amzn-Trace-Id` header.
    pub trace: Option<String>,
}

impl fmt::Debug for Origin {
    /// A query can hold a token, and stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.url.split('?').next();
        f.debug_struct("Origin").field("path", &path).field("trace", &self.trace).finish()
    }
}

/// Answers one request.
pub async fn answer<E: Endpoints + Captures, A: Archive, Q: WorkQueue, S: System>(
    ingest: &Ingest<E, A, Q, S>,
    request: Request<Bytes>,
    origin: Origin,
) -> Response<Bytes> {
    let Some((endpoint, tenant)) = route(request.uri().path()) else {
        return not_found();
    };
    let raw = raw(ingest, request, origin, (endpoint, tenant));
    let delivery_id = raw.id.clone();
    match ingest.receive(raw).await {
        Ok(Received::Accepted(accepted)) => named(accept(&accepted), &delivery_id),
        Ok(Received::Answered(answered)) => wanted(answered.answer),
        Err(refusal) => named(refuse(&refusal), &delivery_id),
    }
}

/// `/webhooks/{endpoint}` or `/webhooks/{endpoint}/{tenant}`. A name that breaks the grammar is
/// as unknown as any other.
fn route(path: &str) -> Option<(EndpointId, Option<TenantId>)> {
    let mut parts = path.strip_prefix("/webhooks/")?.split('/');
    let endpoint = parts.next()?.parse().ok()?;
    let tenant = parts.next().map(str::parse).transpose().ok()?;
    parts.next().is_none().then_some((endpoint, tenant))
}

fn raw<E, A, Q, S: System>(
    ingest: &Ingest<E, A, Q, S>,
    request: Request<Bytes>,
    origin: Origin,
    (endpoint, tenant): (EndpointId, Option<TenantId>),
) -> RawDelivery {
    let received_at = ingest.system.now();
    let (parts, body) = request.into_parts();
    RawDelivery {
        id: DeliveryId::new(received_at, ingest.system.random()),
        endpoint,
        tenant,
        method: parts.method.to_string(),
        url: origin.url,
        headers: headers(&parts.headers),
        body,
        received_at,
        trace: origin.trace,
    }
}

/// A value that is not UTF-8 is read as Latin-1, as HTTP has it; no provider signs such a one.
fn headers(map: &HeaderMap) -> Headers {
    map.iter().map(|(name, value)| (name.as_str(), text(value.as_bytes()))).collect()
}

fn text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().copied().map(char::from).collect(),
    }
}

fn accept(accepted: &Accepted) -> Response<Bytes> {
    match accepted.endpoint.success() {
        Success::Accepted => {
            let id = &accepted.reference.delivery_id;
            json(StatusCode::ACCEPTED, format!(r#"{{"accepted":true,"requestId":"{id}"}}"#))
        }
        Success::Ok => insisted(accepted.endpoint.provider()),
    }
}

/// The answer that a provider insists on, else an empty 200.
fn insisted(provider: &Provider) -> Response<Bytes> {
    let Some(response) = provider.response() else {
        return Response::default();
    };
    let own = response.header.as_ref();
    let own = own.and_then(|own| Some((own.name.as_str(), provider.setting(&own.setting)?)));
    let content_type = response.content_type.as_deref().map(|text| (CONTENT_TYPE.as_str(), text));
    let headers = content_type.into_iter().chain(own);
    assembled(response.status, headers, response.body.clone().unwrap_or_default())
}

/// The answer that a handshake wants, and nothing more: some providers refuse what they do not
/// know.
fn wanted(answer: Answer) -> Response<Bytes> {
    let headers = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    assembled(answer.status, headers, answer.body)
}

/// The catalogue and what it lets through are checked, so nothing is lost here.
fn assembled<'a>(
    status: u16,
    headers: impl Iterator<Item = (&'a str, &'a str)>,
    body: String,
) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().append(name, value);
        }
    }
    answer
}

fn refuse(refusal: &Refusal) -> Response<Bytes> {
    match refusal {
        Refusal::UnknownEndpoint => not_found(),
        Refusal::MethodNotAllowed { allowed } => method_not_allowed(allowed),
        Refusal::NotAHandshake => error(StatusCode::BAD_REQUEST, "not a handshake"),
        Refusal::SecretNotAwaited | Refusal::SecretCaptured => {
            error(StatusCode::UNAUTHORIZED, "handshake refused")
        }
        Refusal::Handshake(refused) => error(status_of(&refused.reason), "handshake refused"),
        Refusal::TooLarge { .. } => error(StatusCode::PAYLOAD_TOO_LARGE, "payload too large"),
        Refusal::BarelyUnauthorized(_) => assembled(401, std::iter::empty(), String::new()),
        Refusal::Unauthorized(_) => error(StatusCode::UNAUTHORIZED, "signature refused"),
        Refusal::Unavailable(_) => with(
            error(StatusCode::SERVICE_UNAVAILABLE, "try again later"),
            RETRY_AFTER,
            RETRY_AFTER_SECONDS,
        ),
    }
}

fn not_found() -> Response<Bytes> {
    error(StatusCode::NOT_FOUND, "not found")
}

fn method_not_allowed(allowed: &[&'static str]) -> Response<Bytes> {
    let answer = error(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
    match HeaderValue::try_from(allowed.join(", ")) {
        Ok(allowed) => with(answer, ALLOW, allowed),
        Err(_) => answer,
    }
}

fn status_of(reason: &HandshakeRefusal) -> StatusCode {
    match reason {
        HandshakeRefusal::Unexpected { status, .. } | HandshakeRefusal::NotSet { status, .. } => {
            StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_REQUEST)
        }
        HandshakeRefusal::NoSecret => StatusCode::UNAUTHORIZED,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// The answer to a body that was cut off before it got here.
#[must_use]
pub fn too_large() -> Response<Bytes> {
    error(StatusCode::PAYLOAD_TOO_LARGE, "payload too large")
}

fn error(status: StatusCode, message: &'static str) -> Response<Bytes> {
    json(status, format!(r#"{{"error":"{message}"}}"#))
}

fn json(status: StatusCode, body: String) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body));
    *answer.status_mut() = status;
    with(answer, CONTENT_TYPE, JSON)
}

fn with(mut answer: Response<Bytes>, name: HeaderName, value: HeaderValue) -> Response<Bytes> {
    answer.headers_mut().insert(name, value);
    answer
}

fn named(answer: Response<Bytes>, id: &DeliveryId) -> Response<Bytes> {
    match HeaderValue::from_str(id.as_str()) {
        Ok(value) => with(answer, DELIVERY_HEADER, value),
        Err(_) => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: Option<(&str, Option<&str>)>) {
        let found = route(path);
        let found = found
            .as_ref()
            .map(|(endpoint, tenant)| (endpoint.as_str(), tenant.as_ref().map(TenantId::as_str)));
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn two_forms_of_url_are_registered_and_no_other() {
        check("/webhooks/stripe", Some(("stripe", None)));
        check("/webhooks/orders/acme", Some(("orders", Some("acme"))));
        check("/webhooks/", None);
        check("/webhooks", None);
        check("/webhooks/stripe/", None);
        check("/webhooks/stripe/acme/more", None);
        check("/webhooks/Stripe", None);
        check("/webhooks/..%2f", None);
        check("/prod/webhooks/stripe", None);
        check("/", None);
    }

    #[test]
    fn a_provider_gets_the_answer_it_insists_on() {
        let provider = Provider::from_toml(
            r#"
            id = "fussy"
            name = "Fussy"
            [scheme]
            kind = "hmac"
            digest = "sha256"
            encoding = "hex"
            message = "{body}"
            [scheme.signature]
            from = "header"
            name = "X-Signature"
            [response]
            status = 204
            content_type = "text/plain"
            body = "Hello API Event Received"
            [trust]
            scheme = "unconfirmed"
            delivery = "unconfirmed"
            [[sources]]
            what = "this test"
            read = "2026-11"
            "#,
        )
        .expect("a provider");
        let answer = insisted(&provider);
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(answer.headers()["content-type"], "text/plain");
        assert_eq!(&answer.body()[..], b"Hello API Event Received");
    }

    #[test]
    fn a_header_that_is_not_utf_8_is_read_as_latin_1() {
        assert_eq!(text(b"caf\xe9"), "caf\u{e9}");
        assert_eq!(text("caf\u{e9}".as_bytes()), "caf\u{e9}");
    }
}

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
//! | not a webhook URL, or an unknown endpoint | 404 | fixed |
//! | body over the endpoint's limit | 413 | fixed |
//! | signature refused, or an unknown tenant | 401 | fixed; empty where the provider wants it so |
//! | a body that stops half-way | 408 | fixed |
//! | too many names of keys or endpoints that are not known | 429 and `Retry-After` | fixed |
//! | a store, the queue or the secrets are unavailable | 503 and `Retry-After` | fixed |

use bytes::Bytes;
use hookdock_signature::{Answer, EpochMillis, HandshakeRefusal, Provider};
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

use crate::delivery::incoming::Incoming;
use crate::delivery::raw::RawDelivery;
use crate::endpoint::Success;
use crate::ingest::log::{Addressed, log};
use crate::ingest::outcome::{Accepted, Received};
use crate::ingest::refusal::{Refusal, Unread};
use crate::ingest::use_case::Ingest;
use crate::model::names::{DeliveryId, EndpointId, TenantId};
use crate::model::port_error::chain;
use crate::model::system::System;
use crate::ports::{Captures, Endpoints, Intake};

/// The header of every answer to a delivery that names it.
pub const DELIVERY_HEADER: HeaderName = HeaderName::from_static("x-hookdock-delivery");

/// Why a request was refused: an extension of its answer, which no sender sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedFor {
    /// The code, as in the log.
    pub code: &'static str,
    /// The reason and its causes, in words.
    pub why: String,
}

/// When a sender that met a 429 or a 503 should come back.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("5");

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Answers one request.
pub async fn answer<E: Endpoints + Captures, I: Intake, S: System>(
    ingest: &Ingest<E, I, S>,
    incoming: Incoming,
) -> Response<Bytes> {
    let Some((endpoint, tenant)) = route(&incoming.path) else {
        return not_found();
    };
    let received_at = ingest.system.now();
    let id = DeliveryId::new(received_at, ingest.system.random());
    let raw = RawDelivery { id, endpoint, tenant, received_at, incoming };
    let delivery_id = raw.id.clone();
    match ingest.receive(raw).await {
        Ok(Received::Accepted(accepted)) => with_delivery_id(accept(&accepted), &delivery_id),
        Ok(Received::Answered(answered)) => handshake_response(answered.answer),
        Err(refusal) => with_delivery_id(refused(&refusal), &delivery_id),
    }
}

/// Refuses a request whose body was not read to its end, and logs that as [`answer`] does.
pub fn answer_unread<E: Endpoints + Captures, I: Intake, S: System>(
    ingest: &Ingest<E, I, S>,
    path: &str,
    received_at: EpochMillis,
    unread: Unread,
) -> Response<Bytes> {
    let Some((endpoint, tenant)) = route(path) else {
        return not_found();
    };
    let id = DeliveryId::new(received_at, ingest.system.random());
    let to = Addressed { delivery: id, endpoint, tenant };
    let refusal = Refusal::Unread(unread);
    let answer = with_delivery_id(refused(&refusal), &to.delivery);
    log(&Err(refusal), &to, received_at.until(ingest.system.now()));
    answer
}

/// How many bytes the endpoint of this path takes, before any is read. `None`: it is not known,
/// and [`answer`] says so whatever the body is.
pub async fn largest_body<E: Endpoints + Captures, I: Intake, S: System>(
    ingest: &Ingest<E, I, S>,
    path: &str,
) -> Option<usize> {
    let (endpoint, _) = route(path)?;
    let found = ingest.endpoints.find(&endpoint).await.ok()??;
    Some(found.max_body_bytes())
}

/// `/webhooks/{endpoint}` or `/webhooks/{endpoint}/{tenant}`. A name that breaks the grammar is
/// as unknown as any other; API Gateway decodes the path, so no name in it is percent-encoded.
fn route(path: &str) -> Option<(EndpointId, Option<TenantId>)> {
    let mut parts = path.strip_prefix("/webhooks/")?.split('/');
    let endpoint = parts.next()?.parse().ok()?;
    let tenant = parts.next().map(str::parse).transpose().ok()?;
    (parts.next().is_none() && !path.contains('%')).then_some((endpoint, tenant))
}

fn accept(accepted: &Accepted) -> Response<Bytes> {
    match accepted.endpoint.success() {
        Success::Accepted => {
            let id = &accepted.reference.delivery_id;
            json(StatusCode::ACCEPTED, format!(r#"{{"accepted":true,"requestId":"{id}"}}"#))
        }
        Success::Ok => success_response(accepted.endpoint.provider()),
    }
}

/// The answer that a provider insists on, else an empty 200.
fn success_response(provider: &Provider) -> Response<Bytes> {
    let Some(response) = provider.response() else {
        return Response::default();
    };
    let own = response.header.as_ref();
    let own = own.and_then(|own| Some((own.name.as_str(), provider.setting(&own.setting)?)));
    let content_type = response.content_type.as_deref().map(|text| (CONTENT_TYPE.as_str(), text));
    let headers = content_type.into_iter().chain(own);
    build(response.status, headers, response.body.clone().unwrap_or_default())
}

/// The answer that a handshake wants, and nothing more: some providers refuse what they do not
/// know.
fn handshake_response(answer: Answer) -> Response<Bytes> {
    let headers = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    build(answer.status, headers, answer.body)
}

/// The catalogue and what it lets through are checked, so nothing is lost here.
fn build<'a>(
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

fn refused(refusal: &Refusal) -> Response<Bytes> {
    let mut answer = refuse(refusal);
    let (code, why) = (refusal.code(), chain(refusal));
    answer.extensions_mut().insert(RefusedFor { code, why });
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
        Refusal::TooLarge { .. } | Refusal::Unread(Unread::TooLarge) => {
            error(StatusCode::PAYLOAD_TOO_LARGE, "payload too large")
        }
        Refusal::Unread(Unread::Incomplete) => {
            error(StatusCode::REQUEST_TIMEOUT, "request timeout")
        }
        Refusal::BarelyUnauthorized(_) => build(401, std::iter::empty(), String::new()),
        Refusal::Unauthorized(_) | Refusal::OutOfTime { .. } => {
            error(StatusCode::UNAUTHORIZED, "signature refused")
        }
        Refusal::RateLimited { .. } => try_again_later(StatusCode::TOO_MANY_REQUESTS),
        Refusal::Unavailable(_) | Refusal::Unread(Unread::NoRoom) => {
            try_again_later(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

fn try_again_later(status: StatusCode) -> Response<Bytes> {
    with(error(status, "try again later"), RETRY_AFTER, RETRY_AFTER_SECONDS)
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

fn with_delivery_id(answer: Response<Bytes>, id: &DeliveryId) -> Response<Bytes> {
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
    fn a_path_with_what_no_name_has_is_no_webhook_url() {
        // API Gateway has decoded the path, so that anything can be in it.
        check("/webhooks/github?x", None);
        check("/webhooks/github#x", None);
        check("/webhooks/github x", None);
        check("/webhooks/caf\u{e9}", None);
        check("/webhooks/orders/a%2Fb", None);
        check("/webhooks/orders/..\u{0}", None);
        check("https://elsewhere.example/webhooks/github", None);
        check("", None);
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
        let answer = success_response(&provider);
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(answer.headers()["content-type"], "text/plain");
        assert_eq!(&answer.body()[..], b"Hello API Event Received");
    }
}

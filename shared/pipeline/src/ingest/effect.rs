//! The work itself.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Request};
use serde_json::json;

use crate::delivery::incoming::Incoming;
use crate::delivery::reference::Reference;
use crate::delivery::verified::VerifiedDelivery;
use crate::endpoint::direct::{Direct, Target};
use crate::ingest::http::DELIVERY_HEADER;
use crate::model::names::{EventId, EventType};
use crate::model::port_error::PortError;
use crate::model::slack::plain;
use crate::ports::Web;

pub(crate) const ACT: &str = "do the direct work";

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Under which a target that knows keys does a thing once (draft-ietf-httpapi-idempotency-key).
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const EVENT_ID: HeaderName = HeaderName::from_static("x-hookdock-event-id");
const EVENT_TYPE: HeaderName = HeaderName::from_static("x-hookdock-event-type");

/// Does the work for an event. The lines that are logged hold names, and nothing of the request.
pub(crate) async fn act(
    direct: &Direct,
    delivery: &VerifiedDelivery,
    event: &Reference,
    web: &dyn Web,
) -> Result<(), PortError> {
    match direct {
        Direct::Log => tracing::info!(
            delivery.id = %event.delivery_id, endpoint = %event.endpoint, event.key = %event.event_key,
            event.id = event.event_id.as_ref().map(EventId::as_str),
            event.r#type = event.event_type.as_ref().map(EventType::as_str), "event logged"
        ),
        Direct::Counter => tracing::info!(
            delivery.id = %event.delivery_id, endpoint = %event.endpoint, event.key = %event.event_key,
            counter = delivery.endpoint().listed(event.event_type.as_ref()), "event counted"
        ),
        Direct::Notice(target) => call(web, notice(target, event)).await?,
        Direct::Internal(target) => {
            call(web, internal(target, &delivery.raw().incoming, event)).await?;
        }
    }
    Ok(())
}

/// The answer is not read: nothing follows from it.
async fn call(web: &dyn Web, request: Request<Bytes>) -> Result<(), PortError> {
    let answer = web.call(request).await?;
    PortError::check(ACT, answer.status())
}

/// `{"text": "..."}`, as Slack's incoming webhooks and those made after them take it.
fn notice(target: &Target, event: &Reference) -> Request<Bytes> {
    let what = event.event_type.as_ref().map_or("an event", EventType::as_str);
    let id = event.event_id.as_ref().map_or(event.event_key.as_str(), EventId::as_str);
    let text = plain(&format!("{what} at {}: {id}", event.endpoint));
    post(target, JSON, json!({ "text": text }).to_string().into())
}

/// The exact bytes, what they are said to be, and which event it is. The sender's own headers
/// stay here: some are credentials.
fn internal(target: &Target, incoming: &Incoming, event: &Reference) -> Request<Bytes> {
    let said = incoming.headers.single(CONTENT_TYPE.as_str()).ok().flatten().and_then(value);
    let octets = HeaderValue::from_static("application/octet-stream");
    let mut request = post(target, said.unwrap_or(octets), incoming.body.clone());
    let id = event.event_id.as_ref().map(EventId::as_str);
    let event_type = event.event_type.as_ref().map(EventType::as_str);
    for (name, text) in [
        (DELIVERY_HEADER, Some(event.delivery_id.as_str())),
        (IDEMPOTENCY_KEY, Some(event.event_key.as_str())),
        (EVENT_ID, id),
        (EVENT_TYPE, event_type),
    ] {
        if let Some(value) = text.and_then(value) {
            request.headers_mut().insert(name, value);
        }
    }
    request
}

/// Text beyond ASCII is left out: every reader of headers would take it for something else.
fn value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(text).ok()
}

fn post(target: &Target, content_type: HeaderValue, body: Bytes) -> Request<Bytes> {
    let mut request = Request::new(body);
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = target.0.clone();
    request.headers_mut().insert(CONTENT_TYPE, content_type);
    request
}

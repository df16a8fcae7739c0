//! Calls to APIs that speak JSON.

use bytes::Bytes;
use hookdock_pipeline::job::{Context, EffectKey, ErrorClass, Failure, accepted};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Method, Request};
use serde::Serialize;

use crate::settings::{Api, Url};

/// Under which a target that knows keys does a thing once (draft-ietf-httpapi-idempotency-key).
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

impl Api {
    /// Sends a JSON document under the effect's key. `action` says what for, in errors.
    pub(crate) async fn send(
        &self,
        cx: &Context,
        action: &str,
        method: Method,
        path: &str,
        effect: &EffectKey,
        body: &impl Serialize,
    ) -> Result<(), Failure> {
        let bearer = secret(&format!("Bearer {}", self.token.reveal()))?;
        let request = Request::builder()
            .method(method)
            .uri(self.url.join(path))
            .header(AUTHORIZATION, bearer)
            .header(IDEMPOTENCY_KEY, effect.as_str());
        call(cx, action, request, body).await
    }
}

/// Tells a Slack channel. An incoming webhook knows no keys, so a worker that dies right after
/// the call tells it twice.
pub(crate) async fn tell_slack(cx: &Context, webhook: &Url, text: &str) -> Result<(), Failure> {
    let request = Request::post(webhook.as_str());
    call(cx, "tell Slack", request, &serde_json::json!({ "text": text })).await
}

/// A text without Slack's markup: three characters have a meaning in it ("Formatting text for app
/// surfaces", Slack docs, read 2026-11). What a stranger wrote must not call people or hide a link.
pub(crate) fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

async fn call(
    cx: &Context,
    action: &str,
    request: http::request::Builder,
    body: &impl Serialize,
) -> Result<(), Failure> {
    let body = serde_json::to_vec(body).map_err(|_| unfit("the body"))?;
    let request = request.header(CONTENT_TYPE, "application/json").body(Bytes::from(body));
    let request = request.map_err(|_| unfit("the request"))?;
    accepted(action, cx.web()?.call(request).await?)?;
    Ok(())
}

/// A header that no log shows.
pub(crate) fn secret(value: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(value).map_err(|_| unfit("the token"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// What is wrong is most often a setting; its text is left out.
pub(crate) fn unfit(what: &str) -> Failure {
    Failure::passing(ErrorClass::Refused, format!("{what} cannot be written"))
}

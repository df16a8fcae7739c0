//! Calls to APIs that speak JSON.

use bytes::Bytes;
use hookdock_pipeline::job::{Context, Dependency, EffectKey, ErrorClass, Failure, accepted};
use hookdock_pipeline::model::names::{EndpointId, TenantId};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Method, Request};
use serde::Serialize;

use crate::settings::{Api, Url, Zendesk};

/// Under which a target that knows keys does a thing once (draft-ietf-httpapi-idempotency-key).
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What a CRM is told, and whose it is: the runs of all endpoints and tenants write to one.
#[derive(Serialize)]
pub(crate) struct Entry<'a, T> {
    /// Its id there, which no other endpoint or tenant can name.
    external_id: String,
    endpoint: &'a EndpointId,
    tenant: Option<&'a TenantId>,
    #[serde(flatten)]
    content: &'a T,
}

impl<'a, T> Entry<'a, T> {
    /// What the event's tenant calls `id`.
    pub(crate) fn of(cx: &'a Context, id: &str, content: &'a T) -> Self {
        let (endpoint, tenant) = (&cx.run().event.endpoint, cx.tenant());
        Self { external_id: cx.scope().key(id), endpoint, tenant, content }
    }

    pub(crate) fn external_id(&self) -> &str {
        &self.external_id
    }
}

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
        let crm = cx.dependency("crm").at(self.url.as_str()).policy(self.breaker);
        call(cx, crm, action, request, body).await
    }
}

impl Zendesk {
    /// The account, as something that can be down.
    pub(crate) fn dependency<'a>(&'a self, cx: &'a Context) -> Dependency<'a> {
        cx.dependency("zendesk").at(self.url.as_str()).policy(self.breaker)
    }
}

/// Tells a Slack channel. An incoming webhook knows no keys, so a worker that dies right after
/// the call tells it twice.
pub(crate) async fn tell_slack(cx: &Context, webhook: &Url, text: &str) -> Result<(), Failure> {
    let request = Request::post(webhook.as_str());
    let slack = cx.dependency("slack").at(webhook.as_str());
    call(cx, slack, "tell Slack", request, &serde_json::json!({ "text": text })).await
}

async fn call(
    cx: &Context,
    dependency: Dependency<'_>,
    action: &str,
    request: http::request::Builder,
    body: &impl Serialize,
) -> Result<(), Failure> {
    let body = serde_json::to_vec(body).map_err(|_| unfit("the body"))?;
    let request = request.header(CONTENT_TYPE, "application/json").body(Bytes::from(body));
    let request = request.map_err(|_| unfit("the request"))?;
    let web = cx.web()?;
    dependency.call(async || accepted(action, web.call(request).await?).map(drop)).await
}

/// A header that no log shows.
pub(crate) fn secret(value: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(value).map_err(|_| unfit("the token"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// What is wrong is most often a setting; its text is left out.
pub(crate) fn unfit(what: &str) -> Failure {
    Failure::transient(ErrorClass::Refused, format!("{what} cannot be written"))
}

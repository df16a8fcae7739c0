//! The port to providers: their keys, fetched and remembered.
//!
//! Where a key is had is decided in `hookdock_signature`, from the provider's definition; this
//! makes the call, and nothing else can be called through it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hookdock_pipeline::cache::{Memory, Read, Source, Terms};
use hookdock_pipeline::model::port_error::{FaultKind, PortError};
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::Providers;
use hookdock_signature::{Credentials, Key, KeyRequest, KeySet, KeySource};
use http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode};

use crate::client::{Client, Limits};
use crate::reach::Reach;
use crate::token::{Grant, Token};
use crate::trust::Trust;

const FETCH: &str = "fetch the provider's keys";
const VISIT: &str = "visit the provider's URL";

/// A sender waits meanwhile, and four seconds are all that it gives.
const LIMITS: Limits = Limits {
    connect: Duration::from_millis(700),
    call: Duration::from_millis(2000),
    answer: 128 * 1024,
};

/// Keys stand for as long as their provider says, but no shorter and no longer than this. A key
/// that was taken back is believed for a day at most, also while its source is down.
const SHORTEST: Duration = Duration::from_secs(5 * 60);
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Where the provider says nothing: a set of keys grows, a single key stays what it is.
const SET_STANDS: Duration = Duration::from_secs(60 * 60);

const TERMS: Terms = Terms {
    action: FETCH,
    stale: Duration::from_secs(30),
    oldest: Some(LONGEST),
    unknown: Duration::from_secs(60),
    fault: Duration::from_secs(1),
    refresh_every: Duration::from_secs(30),
    patience: Duration::from_secs(1),
    ration: 20,
    ration_every: Duration::from_secs(1),
    kept: 1024,
};

/// Providers over HTTPS.
#[derive(Debug)]
pub struct HttpsProviders<S> {
    client: Arc<Client>,
    keys: Memory<KeySource, Arc<KeySet>, Fetch<S>, S>,
}

impl<S: System + Clone + fmt::Debug> HttpsProviders<S> {
    /// Providers on the internet. Costs nothing until one is asked.
    #[must_use]
    pub fn new(system: S) -> Self {
        Self::over(Client::new(LIMITS, Reach::Public, Trust::platform()), system)
    }

    /// Providers as this client reaches them, and as its authorities vouch for them.
    #[must_use]
    pub fn over(client: Client, system: S) -> Self {
        let client = Arc::new(client);
        let fetch = Fetch {
            client: Arc::clone(&client),
            tokens: Grant::remembered(Arc::clone(&client), system.clone()),
            system: system.clone(),
        };
        Self { client, keys: Memory::new(fetch, system, TERMS) }
    }

    /// A key that is not in a set may be in a newer one. Only the names of single keys are the
    /// sender's to invent, and rationed.
    async fn find(&self, request: &KeyRequest) -> Result<Option<Key>, PortError> {
        let (source, id) = (request.source(), request.id());
        let found = self.keys.find(source, !source.holds_all_keys()).await?;
        let key = found.as_ref().and_then(|keys| keys.get(id));
        if key.is_some() || found.is_none() || !source.holds_all_keys() {
            return Ok(key.cloned());
        }
        let newer = self.keys.refresh(source).await?;
        Ok(newer.and_then(|keys| keys.get(id).cloned()))
    }

    async fn get(&self, url: &str) -> Result<(), PortError> {
        let request = Request::get(url).body(Bytes::new());
        let request = request.map_err(|error| invalid(VISIT, error))?;
        let answer = send(&self.client, VISIT, request).await?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(PortError::new(VISIT, kind_of(answer.status())).because(status_text(&answer)))
    }
}

impl<S: System + Clone + fmt::Debug> Providers for HttpsProviders<S> {
    fn key<'a>(&'a self, request: &'a KeyRequest) -> BoxFuture<'a, Result<Option<Key>, PortError>> {
        Box::pin(self.find(request))
    }

    fn visit<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<(), PortError>> {
        Box::pin(self.get(url))
    }
}

/// The call that has keys as its answer.
#[derive(Debug)]
struct Fetch<S> {
    client: Arc<Client>,
    tokens: Memory<Credentials, Arc<Token>, Grant, S>,
    system: S,
}

impl<S: System> Source<KeySource, Arc<KeySet>> for Fetch<S> {
    async fn read(&self, source: &KeySource) -> Result<Option<Read<Arc<KeySet>>>, PortError> {
        let request = self.request(source).await?;
        let answer = send(&self.client, FETCH, request).await?;
        if is_unknown(source, answer.status()) {
            return Ok(None);
        }
        if !answer.status().is_success() {
            let error = PortError::new(FETCH, kind_of(answer.status()));
            return Err(error.because(status_text(&answer)));
        }
        let now = self.system.now();
        let roots = || self.client.trust().roots().iter().map(|root| root.to_vec()).collect();
        let keys = source.read(answer.body(), roots, now);
        let keys = keys.map_err(|error| invalid(FETCH, error))?;
        let left = keys.valid_until().map_or(LONGEST, |until| now.until(until));
        let stands = said(&answer).unwrap_or_else(|| unsaid(source)).min(left);
        tracing::info!(url = source.url(), "the provider's keys were fetched");
        Ok(Some(Read { value: Arc::new(keys), stands: stands.clamp(SHORTEST, LONGEST) }))
    }
}

impl<S: System> Fetch<S> {
    async fn request(&self, source: &KeySource) -> Result<Request<Bytes>, PortError> {
        let mut request = match source.post() {
            None => Request::get(source.url()).body(Bytes::new()),
            Some(json) => Request::post(source.url())
                .header(CONTENT_TYPE, "application/json")
                .body(Bytes::copy_from_slice(json.expose().as_bytes())),
        }
        .map_err(|error| invalid(FETCH, error))?;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("*/*"));
        if let Some(credentials) = source.credentials() {
            let value = self.authorization(credentials).await?;
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        Ok(request)
    }

    async fn authorization(&self, credentials: &Credentials) -> Result<HeaderValue, PortError> {
        match credentials {
            Credentials::Bearer(token) => bearer(token.expose()),
            _ => match self.tokens.find(credentials, false).await? {
                Some(token) => bearer(token.expose()),
                None => Err(PortError::new(FETCH, FaultKind::Denied)),
            },
        }
    }
}

fn bearer(token: &str) -> Result<HeaderValue, PortError> {
    let value = HeaderValue::try_from(format!("Bearer {token}"));
    let mut value = value.map_err(|error| invalid(FETCH, error))?;
    value.set_sensitive(true);
    Ok(value)
}

pub(crate) async fn send(
    client: &Client,
    action: &'static str,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, PortError> {
    let answer = client.send(request).await;
    answer.map_err(|error| PortError::new(action, error.kind()).because(error))
}

pub(crate) fn invalid(
    action: &'static str,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> PortError {
    PortError::new(action, FaultKind::Invalid).because(error)
}

/// Whether the answer means that there is no such key. Who says who they are may be refused for
/// that, and then the failure is ours; who does not is only ever told that nothing is there.
/// A set of keys is always there, so its absence is nobody's fault but ours.
fn is_unknown(source: &KeySource, status: StatusCode) -> bool {
    match status {
        _ if source.holds_all_keys() => false,
        StatusCode::NOT_FOUND | StatusCode::GONE => true,
        StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN => source.is_anonymous(),
        _ => false,
    }
}

/// A redirect is nothing we follow, so it is as wrong as any answer that makes no sense.
pub(crate) fn kind_of(status: StatusCode) -> FaultKind {
    match status {
        StatusCode::TOO_MANY_REQUESTS => FaultKind::Throttled,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => FaultKind::Denied,
        status if status.is_server_error() => FaultKind::Unavailable,
        _ => FaultKind::Invalid,
    }
}

pub(crate) fn status_text(answer: &Response<Bytes>) -> String {
    format!("the answer was {}", answer.status())
}

fn unsaid(source: &KeySource) -> Duration {
    if source.holds_all_keys() { SET_STANDS } else { LONGEST }
}

/// `max-age` of Cache-Control, the seconds that the answer stands.
fn said(answer: &Response<Bytes>) -> Option<Duration> {
    let values = answer.headers().get_all(CACHE_CONTROL).iter().filter_map(|it| it.to_str().ok());
    let mut parts = values.flat_map(|value| value.split(',')).map(str::trim);
    let age = parts.find_map(|part| part.strip_prefix("max-age="))?;
    age.parse().ok().map(Duration::from_secs)
}

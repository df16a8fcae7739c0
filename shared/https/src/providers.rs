//! The port to providers: their keys, fetched and cached.
//!
//! `hookdock_signature` decides from the provider's definition where a key is; this makes the
//! call, and nothing else can be called through it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hookdock_pipeline::cache::{Asker, Cache, Policy, Read, Source};
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use hookdock_pipeline::model::scope::Scope;
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::Providers;
use hookdock_signature::{Credentials, Key, KeyRequest, KeySet, KeySource};
use http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode};

use crate::call::send;
use crate::client::{Client, Limits};
use crate::reach::Reach;
use crate::token::{Grant, Token};
use crate::trust::Trust;

const FETCH: &str = "fetch the provider's keys";
const VISIT: &str = "visit the provider's URL";

/// A sender waits meanwhile, and it waits for four seconds at most.
const LIMITS: Limits = Limits {
    connect: Duration::from_millis(700),
    call: Duration::from_millis(2000),
    answer: 128 * 1024,
};

/// Keys are valid for as long as their provider says, but no shorter and no longer than this.
const SHORTEST: Duration = Duration::from_secs(5 * 60);
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A key that was fetched is used until then while its source fails. A revoked key is accepted for
/// a day at most, and for two while its source is down.
const OLDEST: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// For how long a set of keys is valid where the provider does not say it: a set grows, while a
/// single key stays what it is.
const SET_LIFETIME: Duration = Duration::from_secs(60 * 60);

const POLICY: Policy = Policy {
    action: FETCH,
    stale: Duration::from_secs(30),
    oldest: Some(OLDEST),
    unknown: Duration::from_secs(60),
    fault: Duration::from_secs(1),
    refresh_every: Duration::from_secs(30),
    patience: Duration::from_secs(1),
    rate_limit: 20,
    rate_limit_every: Duration::from_secs(1),
    kept: 1024,
};

/// Where the call is made with the operator's credentials, an invented name spends what the
/// provider grants the operator: eBay 10,000 calls a day (its "API call limits", read 2026-11).
/// This allows 2,886 a day at each endpoint. A provider has a few keys and changes them seldom.
const IN_THE_OPERATOR_S_NAME: Policy =
    Policy { rate_limit: 6, rate_limit_every: Duration::from_secs(30), ..POLICY };

/// Providers over HTTPS.
#[derive(Debug)]
pub struct HttpsProviders<S> {
    client: Arc<Client>,
    anonymous: KeyCache<S>,
    in_the_operator_s_name: KeyCache<S>,
}

type KeyCache<S> = Cache<KeySource, Arc<KeySet>, Fetch<S>, S>;

impl<S: System + Clone + fmt::Debug> HttpsProviders<S> {
    /// Providers on the internet. Costs nothing until one is asked.
    #[must_use]
    pub fn new(system: S) -> Self {
        Self::over(Client::new(LIMITS, Reach::Public, Trust::platform()), system)
    }

    /// Providers as this client reaches them, with the certificates that it trusts.
    #[must_use]
    pub fn over(client: Client, system: S) -> Self {
        let client = Arc::new(client);
        let fetch = Fetch {
            client: Arc::clone(&client),
            tokens: Arc::new(Grant::cached(Arc::clone(&client), system.clone())),
            system: system.clone(),
        };
        Self {
            client,
            anonymous: Cache::new(fetch.clone(), system.clone(), POLICY),
            in_the_operator_s_name: Cache::new(fetch, system, IN_THE_OPERATOR_S_NAME),
        }
    }

    fn keys(&self, source: &KeySource) -> &KeyCache<S> {
        if source.is_anonymous() { &self.anonymous } else { &self.in_the_operator_s_name }
    }
}

#[async_trait]
impl<S: System + Clone + fmt::Debug> Providers for HttpsProviders<S> {
    /// A key that is not in a set may be in a newer one. A sender can invent the names of single
    /// keys only, so the rate limit holds for those.
    async fn key(&self, scope: &Scope, request: &KeyRequest) -> Result<Option<Key>, PortError> {
        let (source, id) = (request.source(), request.id());
        let asker = Asker { scope, host: source.host() };
        let keys = self.keys(source);
        let found = keys.find(source, (!source.holds_all_keys()).then_some(asker)).await?;
        let key = found.as_ref().and_then(|keys| keys.get(id));
        if key.is_some() || found.is_none() || !source.holds_all_keys() {
            return Ok(key.cloned());
        }
        let newer = keys.refresh(source).await?;
        Ok(newer.and_then(|keys| keys.get(id).cloned()))
    }

    async fn visit(&self, url: &str) -> Result<(), PortError> {
        let request = Request::get(url).body(Bytes::new());
        let request = request.map_err(PortError::invalid(VISIT))?;
        let answer = send(&self.client, VISIT, request).await?;
        PortError::check(VISIT, answer.status())
    }
}

/// The call that fetches keys.
#[derive(Debug, Clone)]
struct Fetch<S> {
    client: Arc<Client>,
    tokens: Arc<Cache<Credentials, Arc<Token>, Grant, S>>,
    system: S,
}

impl<S: System> Source<KeySource, Arc<KeySet>> for Fetch<S> {
    async fn read(&self, source: &KeySource) -> Result<Option<Read<Arc<KeySet>>>, PortError> {
        let request = self.request(source).await?;
        let answer = send(&self.client, FETCH, request).await?;
        if is_unknown(source, answer.status()) {
            return Ok(None);
        }
        PortError::check(FETCH, answer.status())?;
        let now = self.system.now();
        let roots = || self.client.trust().roots().iter().map(|root| root.to_vec()).collect();
        let keys = source.read(answer.body(), roots, now);
        let keys = keys.map_err(PortError::invalid(FETCH))?;
        let left = keys.valid_until().map_or(LONGEST, |until| now.until(until));
        let lifetime = max_age(&answer).unwrap_or_else(|| default_lifetime(source)).min(left);
        tracing::info!(url = source.url(), "the provider's keys were fetched");
        Ok(Some(Read { value: Arc::new(keys), lifetime: lifetime.clamp(SHORTEST, LONGEST) }))
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
        .map_err(PortError::invalid(FETCH))?;
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
            _ => match self.tokens.find(credentials, None).await? {
                Some(token) => bearer(token.expose()),
                None => Err(PortError::new(FETCH, PortErrorKind::Denied)),
            },
        }
    }
}

fn bearer(token: &str) -> Result<HeaderValue, PortError> {
    let value = HeaderValue::try_from(format!("Bearer {token}"));
    let mut value = value.map_err(PortError::invalid(FETCH))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Whether the answer means that there is no such key. A call with credentials may be refused
/// because of them, and then the failure is ours; a call without any is refused only because
/// there is no such key. A set of keys always exists, so its absence is our failure too.
fn is_unknown(source: &KeySource, status: StatusCode) -> bool {
    match status {
        _ if source.holds_all_keys() => false,
        StatusCode::NOT_FOUND | StatusCode::GONE => true,
        StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN => source.is_anonymous(),
        _ => false,
    }
}

fn default_lifetime(source: &KeySource) -> Duration {
    if source.holds_all_keys() { SET_LIFETIME } else { LONGEST }
}

/// `max-age` of Cache-Control, in seconds.
fn max_age(answer: &Response<Bytes>) -> Option<Duration> {
    let values = answer.headers().get_all(CACHE_CONTROL).iter().filter_map(|it| it.to_str().ok());
    let mut parts = values.flat_map(|value| value.split(',')).map(str::trim);
    let age = parts.find_map(|part| part.strip_prefix("max-age="))?;
    age.parse().ok().map(Duration::from_secs)
}

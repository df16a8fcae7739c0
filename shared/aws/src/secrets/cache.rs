//! A cache of endpoints.
//!
//! An endpoint is cached for five minutes, and one that waits for its secret for a second;
//! [`hookdock_pipeline::cache`] has the other rules, and [`POLICY`] their numbers. After a
//! signature that does not match, the endpoint is read again.
//!
//! Look-ups over the rate limit are answered with "rate-limited" and not with "unknown": the name
//! may be a new endpoint, and its provider would take a 404 as permanent. The rate limit does not
//! hold for the endpoints that the stack lists.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use hookdock_pipeline::cache::{Asker, Cache, Policy, Read, Source};
use hookdock_pipeline::endpoint::{Capture, Endpoint};
use hookdock_pipeline::model::names::EndpointId;
use hookdock_pipeline::model::port_error::{PortError, chain};
use hookdock_pipeline::model::scope::Scope;
use hookdock_pipeline::model::system::System;

pub(super) const READ: &str = "read the endpoint's secret";

const FOUND_LIFETIME: Duration = Duration::from_secs(5 * 60);
/// Once the secret is there, events follow within seconds.
const AWAITING_LIFETIME: Duration = Duration::from_secs(1);

/// How many names are cached before those are dropped whose entry has expired.
pub(super) const NAMES_KEPT: usize = 4096;

const POLICY: Policy = Policy {
    action: READ,
    stale: Duration::from_secs(30),
    oldest: None,
    unknown: Duration::from_secs(60),
    fault: Duration::from_secs(1),
    refresh_every: Duration::from_secs(30),
    patience: Duration::from_secs(1),
    rate_limit: 20,
    rate_limit_every: Duration::from_secs(1),
    kept: NAMES_KEPT,
};

/// An invented name is at no endpoint, so all of them share one limit.
const ANYBODY: Asker<'static> = Asker { scope: Scope::SHARED, host: "" };

/// How many endpoints are read at the same time ahead of the first request, and for how long.
/// Lambda gives a start ten seconds, and the listed endpoints are not all that has to be done.
const WARM_AT_ONCE: usize = 8;
const WARM_WITHIN: Duration = Duration::from_secs(3);

/// Where endpoints are read that are not cached.
pub(super) trait Store: Send + Sync {
    /// The endpoint as it is now. `None`: there is none.
    fn read(
        &self,
        id: &EndpointId,
    ) -> impl Future<Output = Result<Option<Endpoint>, PortError>> + Send;
}

/// A store behind a cache.
#[derive(Debug)]
pub(super) struct EndpointCache<T, S> {
    cached: Cache<EndpointId, Arc<Endpoint>, Stored<T>, S>,
    listed: BTreeSet<EndpointId>,
}

#[derive(Debug)]
struct Stored<T>(T);

impl<T: Store> Source<EndpointId, Arc<Endpoint>> for Stored<T> {
    async fn read(&self, id: &EndpointId) -> Result<Option<Read<Arc<Endpoint>>>, PortError> {
        // Boxed: a cached endpoint is found without it, and the future stays small.
        let found = Box::pin(self.0.read(id)).await?;
        Ok(found.map(|endpoint| Read { lifetime: lifetime(&endpoint), value: Arc::new(endpoint) }))
    }
}

impl<T: Store, S: System> EndpointCache<T, S> {
    pub(super) fn new(store: T, system: S, listed: BTreeSet<EndpointId>) -> Self {
        Self { cached: Cache::new(Stored(store), system, POLICY), listed }
    }

    pub(super) async fn find(&self, id: &EndpointId) -> Result<Option<Arc<Endpoint>>, PortError> {
        self.cached.find(id, (!self.listed.contains(id)).then_some(ANYBODY)).await
    }

    pub(super) async fn refresh(
        &self,
        id: &EndpointId,
    ) -> Result<Option<Arc<Endpoint>>, PortError> {
        self.cached.refresh(id).await
    }

    pub(super) fn store(&self) -> &T {
        &self.cached.source().0
    }

    /// The next look-up of the endpoint reads it again.
    pub(super) async fn forget(&self, id: &EndpointId) {
        self.cached.forget(id).await;
    }

    /// Reads the listed endpoints, a few at a time and not for long.
    pub(super) async fn warm(&self) {
        let each = stream::iter(&self.listed).for_each_concurrent(WARM_AT_ONCE, async |id| {
            match self.find(id).await {
                Ok(Some(_)) => {}
                Ok(None) => tracing::warn!(endpoint = %id, "a listed endpoint has no secret"),
                Err(error) => {
                    tracing::warn!(
                        endpoint = %id, error = chain(&error), "a listed endpoint was not read"
                    );
                }
            }
        });
        if self.cached.within(WARM_WITHIN, each).await.is_none() {
            tracing::warn!("not all listed endpoints were read in time");
        }
    }

    #[cfg(test)]
    pub(super) fn names_kept(&self) -> usize {
        self.cached.names_kept()
    }
}

fn lifetime(endpoint: &Endpoint) -> Duration {
    match endpoint.capture() {
        Capture::Awaited => AWAITING_LIFETIME,
        Capture::Never | Capture::Done(_) => FOUND_LIFETIME,
    }
}

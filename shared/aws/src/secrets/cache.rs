//! What was read of the endpoints, and for how long it stands.
//!
//! An endpoint stands for five minutes, and one that waits for its secret for a second;
//! [`hookdock_pipeline::cache as memory`] has the rest of the rules, and [`TERMS`] their numbers. A
//! signature that does not match has the endpoint read again.
//!
//! Over the ration of look-ups the answer is "unavailable" and not "unknown": the name may be a
//! new endpoint whose provider would take a 404 for good. Endpoints that the stack lists are
//! never rationed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use hookdock_pipeline::cache::{Memory, Read, Source, Terms};
use hookdock_pipeline::endpoint::{Capture, Endpoint};
use hookdock_pipeline::model::names::EndpointId;
use hookdock_pipeline::model::port_error::{PortError, chain};
use hookdock_pipeline::model::system::System;

use super::READ;

const FOUND_STANDS: Duration = Duration::from_secs(5 * 60);
/// Once the secret is there, events follow within seconds.
const AWAITING_STANDS: Duration = Duration::from_secs(1);

/// How many names are remembered before those that tell nothing any more are dropped.
pub(super) const NAMES_KEPT: usize = 4096;

const TERMS: Terms = Terms {
    action: READ,
    stale: Duration::from_secs(30),
    oldest: None,
    unknown: Duration::from_secs(60),
    fault: Duration::from_secs(1),
    refresh_every: Duration::from_secs(30),
    patience: Duration::from_secs(1),
    ration: 20,
    ration_every: Duration::from_secs(1),
    kept: NAMES_KEPT,
};

/// How many endpoints are read at the same time ahead of the first request, and for how long.
/// Lambda gives a start ten seconds, and the listed endpoints are not all that has to be done.
const WARM_AT_ONCE: usize = 8;
const WARM_WITHIN: Duration = Duration::from_secs(3);

/// Where endpoints are read when they are not remembered.
pub(super) trait Store: Send + Sync {
    /// The endpoint as it is now. `None`: there is none.
    fn read(
        &self,
        id: &EndpointId,
    ) -> impl Future<Output = Result<Option<Endpoint>, PortError>> + Send;
}

/// A store with a memory.
#[derive(Debug)]
pub(super) struct Cache<T, S> {
    memory: Memory<EndpointId, Arc<Endpoint>, Stored<T>, S>,
    listed: BTreeSet<EndpointId>,
}

#[derive(Debug)]
struct Stored<T>(T);

impl<T: Store> Source<EndpointId, Arc<Endpoint>> for Stored<T> {
    async fn read(&self, id: &EndpointId) -> Result<Option<Read<Arc<Endpoint>>>, PortError> {
        // Boxed: what is remembered is found without, and its future stays small.
        let found = Box::pin(self.0.read(id)).await?;
        Ok(found.map(|endpoint| Read { stands: stands(&endpoint), value: Arc::new(endpoint) }))
    }
}

impl<T: Store, S: System> Cache<T, S> {
    pub(super) fn new(store: T, system: S, listed: BTreeSet<EndpointId>) -> Self {
        Self { memory: Memory::new(Stored(store), system, TERMS), listed }
    }

    pub(super) async fn find(&self, id: &EndpointId) -> Result<Option<Arc<Endpoint>>, PortError> {
        self.memory.find(id, !self.listed.contains(id)).await
    }

    pub(super) async fn refresh(
        &self,
        id: &EndpointId,
    ) -> Result<Option<Arc<Endpoint>>, PortError> {
        self.memory.refresh(id).await
    }

    pub(super) fn store(&self) -> &T {
        &self.memory.source().0
    }

    /// Has the endpoint read anew by whoever asks for it next.
    pub(super) async fn forget(&self, id: &EndpointId) {
        self.memory.forget(id).await;
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
        if self.memory.within(WARM_WITHIN, each).await.is_none() {
            tracing::warn!("not all listed endpoints were read in time");
        }
    }

    #[cfg(test)]
    pub(super) fn names_kept(&self) -> usize {
        self.memory.names_kept()
    }
}

fn stands(endpoint: &Endpoint) -> Duration {
    match endpoint.capture() {
        Capture::Awaited => AWAITING_STANDS,
        Capture::Never | Capture::Done(_) => FOUND_STANDS,
    }
}

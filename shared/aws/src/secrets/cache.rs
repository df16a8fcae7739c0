//! What was read of the endpoints, and for how long it stands.
//!
//! | what the last look-up of a name found | it stands for | then |
//! | --- | --- | --- |
//! | an endpoint | 5 minutes | it is read again |
//! | an endpoint, but the store failed since | 30 seconds; the old one is served | it is read again, with one second's patience |
//! | no such endpoint | 1 minute | it is looked up again |
//! | nothing, because the store failed | 1 second; the same fault is reported | it is looked up again |
//!
//! A signature that does not match has the endpoint read again, unless that was done within the
//! last 30 seconds.
//!
//! Anybody can invent names. Look-ups of names that are neither listed nor cached are therefore
//! rationed: 20 at once, then one a second. Over that the answer is "unavailable" and not
//! "unknown", since the name may be a new endpoint whose provider would take a 404 for good;
//! endpoints that the stack lists are never rationed.
//!
//! Look-ups of one name that come together share one call.

use std::collections::{BTreeSet, HashMap};
use std::pin::pin;
use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::{StreamExt as _, stream};
use hookdock_pipeline::endpoint::Endpoint;
use hookdock_pipeline::fault::{FaultKind, PortError, chain};
use hookdock_pipeline::names::EndpointId;
use hookdock_pipeline::ports::System;
use hookdock_signature::EpochMillis;
use tokio::sync::Mutex;

use super::READ;
use super::allowance::Allowance;

const FOUND_STANDS: Duration = Duration::from_secs(5 * 60);
const STALE_STANDS: Duration = Duration::from_secs(30);
const UNKNOWN_STANDS: Duration = Duration::from_secs(60);
const FAULT_STANDS: Duration = Duration::from_secs(1);

/// How often a signature that does not match has an endpoint read again.
const REFRESH_EVERY: Duration = Duration::from_secs(30);

/// How long a request waits for a newer endpoint while there is an old one to serve.
const PATIENCE_WITH_STALE: Duration = Duration::from_secs(1);

/// Look-ups of names that may be invented: so many at once, and one more each interval.
const RATION: u32 = 20;
const RATION_EVERY: Duration = Duration::from_secs(1);

/// How many names are remembered before those that tell nothing any more are dropped.
pub(super) const NAMES_KEPT: usize = 4096;

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
    store: T,
    system: S,
    listed: BTreeSet<EndpointId>,
    names: Lock<HashMap<EndpointId, Arc<Mutex<Known>>>>,
    ration: Lock<Allowance>,
}

/// What is known of one name.
#[derive(Debug, Default)]
struct Known {
    endpoint: Option<Arc<Endpoint>>,
    asked: Option<Asked>,
}

/// The last look-up of a name.
#[derive(Debug, Clone, Copy)]
struct Asked {
    at: EpochMillis,
    fault: Option<FaultKind>,
}

impl<T: Store, S: System> Cache<T, S> {
    pub(super) fn new(store: T, system: S, listed: BTreeSet<EndpointId>) -> Self {
        let ration = Lock::new(Allowance::new(RATION, RATION_EVERY, system.now()));
        Self { store, system, listed, names: Lock::default(), ration }
    }

    pub(super) async fn find(&self, id: &EndpointId) -> Result<Option<Arc<Endpoint>>, PortError> {
        let name = self.name(id);
        let mut known = name.lock().await;
        if known.stands(self.system.now()) {
            return known.answer();
        }
        match (self.ask(id, &mut known).await, &known.endpoint) {
            (Err(error), Some(old)) => {
                tracing::warn!(endpoint = %id, error = chain(&error), "an old endpoint is served");
                Ok(Some(Arc::clone(old)))
            }
            (result, _) => result,
        }
    }

    /// `None` unless something newer was read, or there is no such endpoint any more. While the
    /// store fails, nobody can say that a signature is wrong.
    pub(super) async fn refresh(
        &self,
        id: &EndpointId,
    ) -> Result<Option<Arc<Endpoint>>, PortError> {
        let name = self.name(id);
        let mut known = name.lock().await;
        match known.asked.filter(|asked| asked.within(REFRESH_EVERY, self.system.now())) {
            None => self.ask(id, &mut known).await,
            Some(Asked { fault: None, .. }) => Ok(None),
            Some(Asked { fault: Some(kind), .. }) => Err(asked_already(kind)),
        }
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
        if self.within(WARM_WITHIN, each).await.is_none() {
            tracing::warn!("not all listed endpoints were read in time");
        }
    }

    /// Asks the store and remembers what it said. The caller holds the name's lock, so whoever
    /// else asks for it waits and finds the answer; if the caller is dropped, the next one asks.
    async fn ask(
        &self,
        id: &EndpointId,
        known: &mut Known,
    ) -> Result<Option<Arc<Endpoint>>, PortError> {
        let read = if known.endpoint.is_some() {
            let read = self.within(PATIENCE_WITH_STALE, self.store.read(id)).await;
            read.unwrap_or_else(|| Err(PortError::new(READ, FaultKind::TimedOut)))
        } else {
            self.ration(id)?;
            self.store.read(id).await
        };
        let fault = read.as_ref().err().map(PortError::kind);
        known.asked = Some(Asked { at: self.system.now(), fault });
        known.endpoint = read?.map(Arc::new);
        Ok(known.endpoint.clone())
    }

    fn ration(&self, id: &EndpointId) -> Result<(), PortError> {
        if self.listed.contains(id) || locked(&self.ration).take(self.system.now()) {
            return Ok(());
        }
        let error = PortError::new("look up the endpoint", FaultKind::Unavailable);
        Err(error.because("too many names were asked for that are not known"))
    }

    fn name(&self, id: &EndpointId) -> Arc<Mutex<Known>> {
        let mut names = locked(&self.names);
        if let Some(name) = names.get(id) {
            return Arc::clone(name);
        }
        if names.len() >= NAMES_KEPT {
            let now = self.system.now();
            names.retain(|_, name| {
                name.try_lock().map_or(true, |known| known.is_worth_keeping(now))
            });
        }
        let name = Arc::default();
        if names.len() < NAMES_KEPT {
            names.insert(id.clone(), Arc::clone(&name));
        }
        name
    }

    async fn within<O>(&self, wait: Duration, work: impl Future<Output = O>) -> Option<O> {
        match select(pin!(work), pin!(self.system.sleep(wait))).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(((), _)) => None,
        }
    }

    #[cfg(test)]
    pub(super) fn names_kept(&self) -> usize {
        locked(&self.names).len()
    }
}

impl Known {
    /// Whether the last look-up still is the answer.
    fn stands(&self, now: EpochMillis) -> bool {
        self.asked.is_some_and(|asked| {
            let long = match (&self.endpoint, asked.fault) {
                (Some(_), None) => FOUND_STANDS,
                (Some(_), Some(_)) => STALE_STANDS,
                (None, None) => UNKNOWN_STANDS,
                (None, Some(_)) => FAULT_STANDS,
            };
            asked.within(long, now)
        })
    }

    fn is_worth_keeping(&self, now: EpochMillis) -> bool {
        self.endpoint.is_some() || self.stands(now)
    }

    fn answer(&self) -> Result<Option<Arc<Endpoint>>, PortError> {
        match (&self.endpoint, self.asked) {
            (None, Some(Asked { fault: Some(kind), .. })) => Err(asked_already(kind)),
            (endpoint, _) => Ok(endpoint.clone()),
        }
    }
}

impl Asked {
    fn within(self, long: Duration, now: EpochMillis) -> bool {
        now < self.at.plus(long)
    }
}

fn asked_already(kind: FaultKind) -> PortError {
    PortError::new(READ, kind).because("the store was asked a moment ago and failed")
}

/// A panic while the lock was held leaves nothing half-done behind it.
fn locked<T>(lock: &Lock<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

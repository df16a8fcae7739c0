//! What was read elsewhere, and for how long it stands.
//!
//! | what the last look-up of a name found | it stands for | then |
//! | --- | --- | --- |
//! | a value | as long as was said when it was read | it is read again |
//! | a value, but the source failed since | [`Policy::stale`]; the old one is served | it is read again, with [`Policy::patience`] |
//! | nothing of that name | [`Policy::unknown`] | it is looked up again |
//! | nothing, because the source failed | [`Policy::fault`]; the same fault is reported | it is looked up again |
//!
//! A value can be read again before its time, at most once in [`Policy::refresh_every`]. One that
//! was forgotten is read again by whoever asks next.
//!
//! Anybody can invent names. Look-ups of names that were never found are therefore rate-limited,
//! for each [`Asker`] alone. Over the limit the answer is "rate-limited" and not "unknown", since
//! the name may be a new one. A name that was found once stays known, also when its value is too
//! old to be served, and an invented name never takes its place.
//!
//! Look-ups of one name that come together share one call.

mod limits;
mod rate_limit;

use std::collections::HashMap;
use std::hash::Hash;
use std::pin::pin;
use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};
use std::time::Duration;

use derive_more::Debug;
use futures_util::future::{Either, select};
use futures_util::lock::Mutex;
use hookdock_signature::EpochMillis;

pub use self::limits::Asker;
use self::limits::Limits;
use crate::model::port_error::{PortError, PortErrorKind, chain};
use crate::model::system::System;

/// For how long answers stand, and how many are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// What is asked for: an error reads "failed to {action}".
    pub action: &'static str,
    /// How long an old value is served before the source that failed is asked again.
    pub stale: Duration,
    /// How old a value may get that is served while the source fails. Nothing: any age.
    pub oldest: Option<Duration>,
    /// How long it stands that there is nothing.
    pub unknown: Duration,
    /// How long a fault stands when there is nothing to serve.
    pub fault: Duration,
    /// How often a value may be read again before its time.
    pub refresh_every: Duration,
    /// How long a caller waits for a newer value while there is an old one.
    pub patience: Duration,
    /// Look-ups of unknown names by one asker: so many at once ...
    pub rate_limit: u32,
    /// ... and one more each interval.
    pub rate_limit_every: Duration,
    /// How many names are cached. Those that tell nothing any more are dropped before any other,
    /// and then those that were not found.
    pub kept: usize,
}

/// What was read, and for how long it is valid.
#[derive(Debug, Clone)]
pub struct Read<V> {
    /// The value.
    pub value: V,
    /// How long it is valid from now on.
    pub lifetime: Duration,
}

/// Where values are read when they are not remembered.
pub trait Source<K, V>: Send + Sync {
    /// The value as it is now. `None`: there is none.
    fn read(&self, name: &K) -> impl Future<Output = Result<Option<Read<V>>, PortError>> + Send;
}

/// A source with a memory.
#[derive(Debug)]
// What is remembered may be secret.
#[debug("Cache({source:?})")]
pub struct Cache<K, V, T, S> {
    source: T,
    system: S,
    policy: Policy,
    names: Lock<HashMap<K, Arc<Mutex<Known<V>>>>>,
    limits: Lock<Limits>,
}

/// What is known of one name.
struct Known<V> {
    value: Option<Held<V>>,
    asked: Option<Asked>,
}

/// A value, and when it was read.
struct Held<V> {
    value: V,
    at: EpochMillis,
    until: EpochMillis,
}

/// The last look-up of a name.
#[derive(Debug, Clone, Copy)]
struct Asked {
    at: EpochMillis,
    fault: Option<PortErrorKind>,
}

impl<K, V, T, S> Cache<K, V, T, S>
where
    K: Clone + Eq + Hash,
    V: Clone,
    T: Source<K, V>,
    S: System,
{
    /// An empty memory.
    pub fn new(source: T, system: S, policy: Policy) -> Self {
        let limits = Limits::new(policy.rate_limit, policy.rate_limit_every);
        Self { source, system, policy, names: Lock::default(), limits: Lock::new(limits) }
    }

    /// Where the values are read.
    pub fn source(&self) -> &T {
        &self.source
    }

    /// The clock that it goes by.
    pub fn system(&self) -> &S {
        &self.system
    }

    /// The value of that name. `asker`: somebody outside chose the name, and this rate limit holds
    /// for it; without one, the operator chose it, and none does.
    ///
    /// # Errors
    ///
    /// The source failed, or too many names were asked for.
    pub async fn find(&self, name: &K, asker: Option<Asker<'_>>) -> Result<Option<V>, PortError> {
        let known = self.known(name);
        let mut known = known.lock().await;
        if known.is_fresh(&self.policy, self.system.now()) {
            return known.answer(self.policy.action);
        }
        let asked = self.ask(name, &mut known, asker).await;
        match (asked, known.value(&self.policy, self.system.now())) {
            (Err(error), Some(old)) => {
                tracing::warn!(error = chain(&error), "what was read before is served");
                Ok(Some(old))
            }
            (result, _) => result,
        }
    }

    /// The value of a name that was found, read again. `None` unless something newer was read, or
    /// if there is nothing of that name any more.
    ///
    /// # Errors
    ///
    /// The source failed: then nobody can say that there is nothing newer.
    pub async fn refresh(&self, name: &K) -> Result<Option<V>, PortError> {
        let known = self.known(name);
        let mut known = known.lock().await;
        let lately = |asked: &Asked| asked.within(self.policy.refresh_every, self.system.now());
        match known.asked.filter(lately) {
            None => self.ask(name, &mut known, None).await,
            Some(Asked { fault: None, .. }) => Ok(None),
            Some(Asked { fault: Some(kind), .. }) => Err(asked_already(self.policy.action, kind)),
        }
    }

    /// Has the value read again when it is asked for next. The old one is still served if the
    /// source fails then.
    pub async fn forget(&self, name: &K) {
        self.known(name).lock().await.asked = None;
    }

    /// Asks the source and remembers what it said. The caller holds the name's lock, so whoever
    /// else asks for it waits and finds the answer; if the caller is dropped, the next one asks.
    async fn ask(
        &self,
        name: &K,
        known: &mut Known<V>,
        asker: Option<Asker<'_>>,
    ) -> Result<Option<V>, PortError> {
        let read = if known.value(&self.policy, self.system.now()).is_some() {
            let read = self.within(self.policy.patience, self.source.read(name)).await;
            read.unwrap_or_else(|| Err(PortError::new(self.policy.action, PortErrorKind::TimedOut)))
        } else {
            if known.value.is_none() {
                self.take_from_limit(asker)?;
            }
            self.source.read(name).await
        };
        let at = self.system.now();
        known.asked = Some(Asked { at, fault: read.as_ref().err().map(PortError::kind) });
        known.value =
            read?.map(|Read { value, lifetime }| Held { value, at, until: at.plus(lifetime) });
        if let (Some(_), Some(asker)) = (&known.value, asker) {
            locked(&self.limits).prove(asker, at);
        }
        Ok(known.value.as_ref().map(|held| held.value.clone()))
    }

    fn take_from_limit(&self, asker: Option<Asker<'_>>) -> Result<(), PortError> {
        let now = self.system.now();
        if asker.is_none_or(|asker| locked(&self.limits).take(asker, now)) {
            return Ok(());
        }
        let error = PortError::new(self.policy.action, PortErrorKind::RateLimited);
        Err(error.with_source("too many names were asked for that are not known"))
    }

    fn known(&self, name: &K) -> Arc<Mutex<Known<V>>> {
        let mut names = locked(&self.names);
        if let Some(known) = names.get(name) {
            return Arc::clone(known);
        }
        if names.len() >= self.policy.kept {
            self.make_room(&mut names);
        }
        let known = Arc::default();
        if names.len() < self.policy.kept {
            names.insert(name.clone(), Arc::clone(&known));
        }
        known
    }

    /// Drops what tells nothing any more, and if all of it does, a name that was not found.
    fn make_room(&self, names: &mut HashMap<K, Arc<Mutex<Known<V>>>>) {
        let now = self.system.now();
        let is_free = |known: &Mutex<Known<V>>, drop: &dyn Fn(&Known<V>) -> bool| {
            known.try_lock().is_some_and(|known| drop(&known))
        };
        names.retain(|_, known| !is_free(known, &|it| !it.is_worth_keeping(&self.policy, now)));
        if names.len() >= self.policy.kept {
            let not_found =
                names.iter().find(|(_, known)| is_free(known, &|it| it.value.is_none()));
            if let Some(name) = not_found.map(|(name, _)| name.clone()) {
                names.remove(&name);
            }
        }
    }

    /// The work's result, unless it takes longer than that.
    pub async fn within<O>(&self, wait: Duration, work: impl Future<Output = O>) -> Option<O> {
        match select(pin!(work), pin!(self.system.sleep(wait))).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(((), _)) => None,
        }
    }

    /// How many names are remembered.
    pub fn names_kept(&self) -> usize {
        locked(&self.names).len()
    }
}

impl<V> Default for Known<V> {
    fn default() -> Self {
        Self { value: None, asked: None }
    }
}

impl<V: Clone> Known<V> {
    /// Whether the last look-up still is the answer.
    fn is_fresh(&self, policy: &Policy, now: EpochMillis) -> bool {
        self.asked.is_some_and(|asked| match (&self.value, asked.fault) {
            (Some(held), None) => now < held.until,
            (Some(held), Some(_)) => asked.within(policy.stale, now) && held.may_serve(policy, now),
            (None, None) => asked.within(policy.unknown, now),
            (None, Some(_)) => asked.within(policy.fault, now),
        })
    }

    fn is_worth_keeping(&self, policy: &Policy, now: EpochMillis) -> bool {
        self.value(policy, now).is_some() || self.is_fresh(policy, now)
    }

    /// The value, unless it is too old even for want of a newer one.
    fn value(&self, policy: &Policy, now: EpochMillis) -> Option<V> {
        let held = self.value.as_ref().filter(|held| held.may_serve(policy, now));
        held.map(|held| held.value.clone())
    }

    fn answer(&self, action: &'static str) -> Result<Option<V>, PortError> {
        match (&self.value, self.asked) {
            (None, Some(Asked { fault: Some(kind), .. })) => Err(asked_already(action, kind)),
            (held, _) => Ok(held.as_ref().map(|held| held.value.clone())),
        }
    }
}

impl<V> Held<V> {
    fn may_serve(&self, policy: &Policy, now: EpochMillis) -> bool {
        now < self.until || policy.oldest.is_none_or(|oldest| now < self.at.plus(oldest))
    }
}

impl Asked {
    fn within(self, long: Duration, now: EpochMillis) -> bool {
        now < self.at.plus(long)
    }
}

fn asked_already(action: &'static str, kind: PortErrorKind) -> PortError {
    PortError::new(action, kind).with_source("it was asked for a moment ago, and that failed")
}

/// A panic while the lock was held leaves nothing half-done behind it.
fn locked<T>(lock: &Lock<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

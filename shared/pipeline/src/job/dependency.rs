//! Calls to what can be down: a breaker leaves it alone then, and holds runs back.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use derive_more::Debug;
use hookdock_signature::EpochMillis;

use crate::job::breakers::{Breakers, Known};
use crate::job::cell::Seen;
use crate::job::context::Context;
use crate::job::worker::WorkerContext;
use crate::ledger::breaker::{Admission, Breaker, BreakerPolicy, Outage};
use crate::model::deadline;
use crate::model::failure::{ErrorClass, Failure, Recovery};
use crate::model::names::{CellName, DependencyName};
use crate::model::port_error::{PortError, chain};
use crate::model::scope::Scope;

/// How long a worker goes by what it knows of a dependency that is well.
const REMEMBERED: Duration = Duration::from_secs(5);

/// How long a call waits to be told about its dependency, before it is made all the same.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is left of an attempt when a call is cut off, to tell the others about it.
const TELL_MARGIN: Duration = Duration::from_secs(1);

/// How long a probe outlasts its call: clocks differ.
const PROBE_MARGIN: Duration = Duration::from_secs(3);

/// How long a breaker is kept that nobody writes to.
const LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// How many dependencies a worker knows; with more it begins again.
const MOST_KNOWN: usize = 1000;

/// How often a write is tried that finds the breaker changed each time: by the others of a batch.
const TRIES: u32 = 10;

/// Something that jobs call and that can be down.
#[derive(Debug)]
// The place can be a secret.
#[debug("Dependency({name})")]
#[must_use]
pub struct Dependency<'a> {
    cx: &'a Context,
    scope: &'a Scope,
    name: &'a str,
    place: &'a str,
    policy: BreakerPolicy,
}

/// A call that may be made.
enum Permit {
    Call,
    /// It decides what becomes of the breaker, unless that has been written since.
    Probe(Seen<Breaker>),
}

/// A dependency's breaker, as one call sees it.
struct Guard<'a> {
    worker: &'a dyn WorkerContext,
    breakers: &'a Breakers,
    cell: CellName,
    policy: BreakerPolicy,
}

impl Context {
    /// Something that this job calls and that can be down, such as `crm`. All jobs that call it
    /// by that name for the event's tenant, in all workers, share what is known of it. What fails
    /// for one tenant holds back no run of another.
    ///
    /// ```
    /// # use hookdock_pipeline::job::{Context, Failure};
    /// # async fn write() -> Result<(), Failure> { Ok(()) }
    /// # async fn sync(cx: Context, url: &str) -> Result<(), Failure> {
    /// cx.dependency("crm").at(url).call(async || write().await).await
    /// # }
    /// ```
    pub fn dependency<'a>(&'a self, name: &'a str) -> Dependency<'a> {
        Dependency::of(self, self.scope(), name)
    }
}

impl<'a> Dependency<'a> {
    pub(super) fn of(cx: &'a Context, scope: &'a Scope, name: &'a str) -> Self {
        Self { cx, scope, name, place: "", policy: BreakerPolicy::default() }
    }

    /// Where it is, such as its URL: two of one name are apart. The place is kept as a digest.
    pub fn at(self, place: &'a str) -> Self {
        Self { place, ..self }
    }

    /// When it is left alone, and for how long.
    pub fn policy(self, policy: BreakerPolicy) -> Self {
        Self { policy, ..self }
    }

    /// Makes a call, unless the dependency is known to be down: then the attempt ends here with
    /// `?`, the run is held back until it may be called again, and no attempt is used up.
    ///
    /// A call that is unavailable, throttled or timed out counts against the dependency; any other
    /// answer says that it is there. One that hangs is cut off before the attempt is, so that it
    /// counts too. Where the ledger does not say in time what is known, the call is made.
    ///
    /// # Errors
    ///
    /// What the call says; or that it was not made.
    pub async fn call<T, F, R>(self, work: F) -> Result<T, Failure>
    where
        F: FnOnce() -> R,
        R: Future<Output = Result<T, Failure>>,
    {
        let name: DependencyName = self
            .name
            .parse()
            .map_err(|error| Failure::permanent(ErrorClass::Bug, format!("dependency: {error}")))?;
        let worker = self.cx.worker();
        let cell = self.scope.breaker_cell(&name, self.place);
        let guard = Guard { worker, breakers: self.cx.breakers(), cell, policy: self.policy };
        let call_end = self.cx.deadline().minus(TELL_MARGIN);
        let late =
            |what| Failure::transient(ErrorClass::TimedOut, format!("{name} {what} in time"));
        let permit = match guard.admit(call_end).await {
            Ok(permit) => permit,
            Err((until, class)) => return Err(held_back(&name, guard.cell, until, class)),
        };
        let left = worker.now().until(call_end);
        if left.is_zero() {
            return Err(late("cannot be called"));
        }
        let called = deadline::with_end(worker.sleep(left), work()).await;
        let result =
            called.unwrap_or_else(|deadline::DeadlineExceeded| Err(late("did not answer")));
        guard.tell(permit, outage(&result)).await;
        result
    }
}

fn held_back(
    name: &DependencyName,
    breaker: CellName,
    until: EpochMillis,
    class: ErrorClass,
) -> Failure {
    let cause = format!("held back: {name} is left alone, it was {}", class.code());
    Failure::held_back(class, until, breaker, cause)
}

fn outage<T>(result: &Result<T, Failure>) -> Option<Outage> {
    let failure = result.as_ref().err().filter(|failure| failure.class().is_outage())?;
    match failure.recovery() {
        Recovery::Retry => Some(Outage { class: failure.class(), asked: None }),
        Recovery::RetryAfter(wait) => Some(Outage { class: failure.class(), asked: Some(wait) }),
        Recovery::Never | Recovery::HeldBack(_) | Recovery::Defer(_) | Recovery::Ignored => None,
    }
}

impl Guard<'_> {
    /// Whether a call may be made. `Err`: not before that time, because it failed like that.
    async fn admit(&self, call_end: EpochMillis) -> Result<Permit, (EpochMillis, ErrorClass)> {
        let looked = deadline::with_end(self.worker.sleep(PATIENCE), self.look(call_end)).await;
        match looked {
            Ok(Ok(admitted)) => admitted,
            Ok(Err(error)) => Ok(self.unasked(&chain(&error))),
            Err(deadline::DeadlineExceeded) => Ok(self.unasked("no answer in time")),
        }
    }

    async fn look(
        &self,
        call_end: EpochMillis,
    ) -> Result<Result<Permit, (EpochMillis, ErrorClass)>, PortError> {
        let mut seen = self.seen().await?;
        for _ in 0..TRIES {
            let now = self.worker.now();
            let breaker = seen.value.unwrap_or_else(|| Breaker::new(now));
            let probe = match breaker.admission(now, call_end.plus(PROBE_MARGIN)) {
                Admission::Call => return Ok(Ok(Permit::Call)),
                Admission::HeldBack(until, class) => return Ok(Err((until, class))),
                Admission::Probe(probe) => probe,
            };
            let written = seen.write(self.worker, &self.cell, &probe, LIFE).await?;
            let (Ok(now_there) | Err(now_there)) = &written;
            self.keep(now_there);
            match written {
                Ok(probe) => return Ok(Ok(Permit::Probe(probe))),
                Err(other) => seen = other,
            }
        }
        Ok(Ok(Permit::Call))
    }

    /// What is known of the dependency, and asked again now and then. That a dependency is left
    /// alone, and until when, does not have to be asked again.
    async fn seen(&self) -> Result<Seen<Breaker>, PortError> {
        let known = self.known().get(&self.cell).cloned();
        let now = self.worker.now();
        let fresh = known.filter(|known| match known.seen.value {
            Some(Breaker::Open { until, .. } | Breaker::Probing { until, .. }) => now < until,
            Some(Breaker::Closed { .. }) | None => now < known.at.plus(REMEMBERED),
        });
        if let Some(known) = fresh {
            return Ok(known.seen);
        }
        let seen = Seen::read(self.worker, &self.cell).await?;
        self.keep(&seen);
        Ok(seen)
    }

    /// Not to know must not be worse than to have no breaker. The next calls do not wait again.
    fn unasked(&self, error: &str) -> Permit {
        tracing::warn!(cell = %self.cell, error, "a call is made without asking about its breaker");
        self.keep(&Seen::nothing());
        Permit::Call
    }

    /// Tells the others how the call went, where that is news. What it yielded does not wait long
    /// for that.
    async fn tell(&self, permit: Permit, outage: Option<Outage>) {
        let tell = async {
            match (permit, outage) {
                (Permit::Call, None) => {
                    self.answered();
                    Ok(())
                }
                (Permit::Call, Some(outage)) => self.tell_failed(outage).await,
                (Permit::Probe(probe), outage) => self.tell_probed(&probe, outage).await,
            }
        };
        let error = match deadline::with_end(self.worker.sleep(PATIENCE), tell).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => chain(&error),
            Err(deadline::DeadlineExceeded) => "no answer in time".to_owned(),
        };
        tracing::warn!(cell = %self.cell, error, "a breaker was not told how a call went");
    }

    async fn tell_failed(&self, outage: Outage) -> Result<(), PortError> {
        let (mut seen, answers) = self.take();
        for _ in 0..TRIES {
            let (now, chance) = (self.worker.now(), self.worker.random());
            let breaker = seen.value.unwrap_or_else(|| Breaker::new(now));
            let Some(next) = breaker.failed(outage, answers, now, chance, &self.policy) else {
                return Ok(());
            };
            let written = seen.write(self.worker, &self.cell, &next, LIFE).await?;
            let (Ok(now_there) | Err(now_there)) = &written;
            self.keep(now_there);
            match written {
                Ok(_) => {
                    self.log(&next);
                    return Ok(());
                }
                Err(other) => seen = other,
            }
        }
        Ok(())
    }

    async fn tell_probed(
        &self,
        probe: &Seen<Breaker>,
        outage: Option<Outage>,
    ) -> Result<(), PortError> {
        let (now, chance) = (self.worker.now(), self.worker.random());
        let next = match (probe.value, outage) {
            (Some(breaker), Some(outage)) => {
                breaker.probe_failed(outage, now, chance, &self.policy)
            }
            _ => Breaker::new(now),
        };
        let written = probe.write(self.worker, &self.cell, &next, LIFE).await?;
        let (Ok(now_there) | Err(now_there)) = &written;
        self.keep(now_there);
        if written.is_ok() {
            self.log(&next);
        }
        Ok(())
    }

    fn log(&self, breaker: &Breaker) {
        match breaker {
            Breaker::Open { until, times, class } => tracing::warn!(
                cell = %self.cell, until_ms = until.get(), times, error.class = class.code(),
                "a dependency is left alone"
            ),
            Breaker::Closed { failures: 0, .. } => {
                tracing::info!(cell = %self.cell, "a dependency is back");
            }
            Breaker::Closed { .. } | Breaker::Probing { .. } => {}
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<CellName, Known>> {
        self.breakers.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, seen: &Seen<Breaker>) {
        let at = self.worker.now();
        let mut known = self.known();
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        let answers = known.get(&self.cell).map_or(0, |known| known.answers);
        known.insert(self.cell.clone(), Known { seen: seen.clone(), at, answers });
    }

    fn answered(&self) {
        if let Some(known) = self.known().get_mut(&self.cell) {
            known.answers = known.answers.saturating_add(1);
        }
    }

    /// What is known, and the answers that the others are told of with it.
    fn take(&self) -> (Seen<Breaker>, u32) {
        match self.known().get_mut(&self.cell) {
            Some(known) => (known.seen.clone(), std::mem::take(&mut known.answers)),
            None => (Seen::nothing(), 0),
        }
    }
}

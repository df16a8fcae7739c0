//! An entity's events in order: what is older than what was written is not written, a burst
//! becomes one run, and no two work on an entity at a time.

use std::time::Duration;

use derive_more::Debug;
use hookdock_signature::EpochMillis;

use crate::job::cell::Seen;
use crate::job::context::Context;
use crate::ledger::RECORD_LIFE;
use crate::ledger::entity::{Debounce, Decision, Entity, Place};
use crate::model::deadline;
use crate::model::failure::{ErrorClass, Failure, Recovery};
use crate::model::names::CellName;
use crate::model::port_error::{PortError, chain};
use crate::model::scope::Scope;

/// How long the release of a lock may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far after the receipt of its delivery an entity can have changed. Clocks are apart by
/// seconds, and by up to 14 hours where somebody wrote a local time as UTC. A sender who lies stops
/// the entity's other events for that long at most.
pub const FURTHEST_AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// How often a write is tried that finds the entity changed each time.
const TRIES: u32 = 5;

/// What a job writes to: see [`Context::ordered`].
#[derive(Debug)]
// The entity's name can be personal.
#[debug("Ordered({debounce:?})")]
#[must_use]
pub struct Ordered<'a> {
    cx: &'a Context,
    scope: &'a Scope,
    entity: &'a str,
    version: i64,
    changed_at: Option<EpochMillis>,
    debounce: Debounce,
}

impl Context {
    /// The newest event of an entity, such as `cus_1`: what this job writes to for the event's
    /// tenant under one name. The name is kept as a digest.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use hookdock_pipeline::job::{Context, Failure};
    /// # use hookdock_signature::EpochMillis;
    /// # async fn write(cx: Context, id: &str, changed: EpochMillis) -> Result<(), Failure> {
    /// let (wait, longest) = (Duration::from_secs(5), Duration::from_secs(60));
    /// cx.ordered(id).version_at(changed).debounce(wait, longest).run(async || Ok(())).await
    /// # }
    /// ```
    pub fn ordered<'a>(&'a self, entity: &'a str) -> Ordered<'a> {
        Ordered::of(self, self.scope(), entity)
    }
}

impl<'a> Ordered<'a> {
    pub(super) fn of(cx: &'a Context, scope: &'a Scope, entity: &'a str) -> Self {
        Self { cx, scope, entity, version: 0, changed_at: None, debounce: Debounce::default() }
    }

    /// The entity's version as this event has it: a number that grows with each change, such as a
    /// counter; [`Ordered::version_at`] is for a time. Of two events with one version, or without, the one whose run was
    /// opened later is the newer.
    pub fn version(self, version: i64) -> Self {
        Self { version, ..self }
    }

    /// The version where it is a time: when the entity changed. One that is more than
    /// [`FURTHEST_AHEAD`] after the delivery was received is refused: every event that comes
    /// before that time would be ignored as older.
    pub fn version_at(self, changed_at: EpochMillis) -> Self {
        Self { version: changed_at.get(), changed_at: Some(changed_at), ..self }
    }

    /// Waits until nothing newer has come for so long, and, where it goes on and on, no longer
    /// than `longest` since the first of the burst. Waiting uses no attempt up.
    pub fn debounce(self, wait: Duration, longest: Duration) -> Self {
        Self { debounce: Debounce { wait, longest }, ..self }
    }

    /// Does the work if this event is the newest, after the debounce and when no other run of this
    /// job has locked the entity. Otherwise the attempt ends here with `?`: an older event is
    /// ignored permanently, as superseded; one whose time has not come is deferred.
    ///
    /// From here to the end of the work no other run of the job gets the entity, and none that is
    /// older ever does. A worker that dies, or whose call got no answer, loses the lock with its
    /// claim on the run. The call can be on its way for longer still: a target that takes
    /// versions is best handed one.
    ///
    /// A newest event that ends dead leaves the entity as it is, and its dead letter says so.
    ///
    /// # Errors
    ///
    /// What the work says; that it was not done; that the entity's cell is unavailable; or that
    /// the event is from the future.
    pub async fn run<T, F, R>(self, work: F) -> Result<T, Failure>
    where
        F: FnOnce() -> R,
        R: Future<Output = Result<T, Failure>>,
    {
        self.check_time()?;
        let cell = self.scope.entity_cell(&self.cx.run().job, self.entity);
        let place = self.place();
        let lock = self.lock(&cell, &place).await?;
        let result = work().await;
        if !result.as_ref().is_err_and(may_still_land) {
            self.unlock(&cell, &place, lock).await;
        }
        result
    }

    fn check_time(&self) -> Result<(), Failure> {
        let latest = self.cx.received_at().plus(FURTHEST_AHEAD);
        match self.changed_at {
            Some(at) if latest < at => Err(Failure::permanent(
                ErrorClass::BadData,
                "the event is from the future: its entity has not changed yet",
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// What the work yielded does not wait long for that: the lock ends with the claim anyway.
    async fn unlock(&self, cell: &CellName, place: &Place, lock: Seen<Entity>) {
        let end = self.cx.worker().sleep(PATIENCE);
        let error = match deadline::with_end(end, self.release(cell, place, lock)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => chain(&error),
            Err(deadline::DeadlineExceeded) => "no answer in time".to_owned(),
        };
        tracing::warn!(%cell, error, "the lock of an entity was not released");
    }

    fn place(&self) -> Place {
        let event = &self.cx.run().event;
        Place {
            version: self.version,
            opened_at: self.cx.opened_at(),
            endpoint: event.endpoint.clone(),
            event_key: event.key.clone(),
        }
    }

    async fn lock(&self, cell: &CellName, place: &Place) -> Result<Seen<Entity>, Failure> {
        let worker = self.cx.worker();
        let mut seen = Seen::<Entity>::read(worker, cell).await?;
        for _ in 0..TRIES {
            let known = seen.value.as_ref();
            let (lease, now, chance) = (self.cx.lease_until(), worker.now(), worker.random());
            let decision = Entity::decide(known, place, self.debounce, lease, now, chance);
            let (entity, end) = match decision {
                Decision::Superseded(event) => {
                    let cause = format!("superseded by {}/{}", event.endpoint, event.key);
                    return Err(Failure::ignored(cause));
                }
                Decision::Now(entity) => (entity, None),
                Decision::Debounce(until, entity) => {
                    let cause = "waits until nothing newer has come for a while";
                    (entity, Some(Failure::deferred(until, cause)))
                }
                Decision::Locked(until, entity) => {
                    let cause = "waits for another event of the same entity";
                    (entity, Some(Failure::deferred(until, cause)))
                }
            };
            let known_already = end.is_some() && seen.value.as_ref() == Some(&entity);
            let written = match known_already {
                true => Ok(seen.clone()),
                false => seen.write(worker, cell, &entity, RECORD_LIFE).await?,
            };
            match (written, end) {
                (Ok(_), Some(end)) => return Err(end),
                (Ok(lock), None) => return Ok(lock),
                (Err(other), _) => seen = other,
            }
        }
        let message = "the entity changed each time it was looked at";
        Err(Failure::transient(ErrorClass::Throttled, message))
    }

    async fn release(
        &self,
        cell: &CellName,
        place: &Place,
        mut seen: Seen<Entity>,
    ) -> Result<(), PortError> {
        for _ in 0..TRIES {
            let Some(entity) = seen.value.as_ref().and_then(|entity| entity.released(place)) else {
                return Ok(());
            };
            match seen.write(self.cx.worker(), cell, &entity, RECORD_LIFE).await? {
                Ok(_) => return Ok(()),
                Err(other) => seen = other,
            }
        }
        Ok(())
    }
}

/// Whether a call of ours may be on its way after the work ended like this. Then nobody newer is
/// let in, to be written over, before the claim ends.
fn may_still_land(failure: &Failure) -> bool {
    matches!(failure.class(), ErrorClass::TimedOut | ErrorClass::Unavailable)
        && matches!(failure.recovery(), Recovery::Retry | Recovery::RetryAfter(_))
}

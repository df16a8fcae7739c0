//! The process use case: a reference comes from the queue, or a delivery itself, and its event's
//! jobs run once.

mod ahead;
mod attempt;
mod burial;
mod commons;
mod held;
mod packing;
mod split;
mod unregistered;

use std::slice;
use std::sync::Arc;
use std::time::Duration;

use ahead::Stored;
#[cfg(feature = "testing")]
pub(crate) use attempt::PANICKED;
use attempt::no_further_attempt;
use bytes::Bytes;
pub use commons::Commons;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::lock::Mutex;
pub use held::Held;
use hookdock_signature::EpochMillis;
use packing::{Opened, Packing};

use crate::fault::{FaultKind, PortError, chain};
use crate::identity::{IgnoreCause, ignore_cause};
use crate::inline::Message;
use crate::job::{Breakers, Effects, Job, Registry};
use crate::ledger::{Claim, EventRecord, EventRef, Run, RunId, Sighting, Unclaimable};
use crate::names::{CodeVersion, Owner};
use crate::part::Part;
use crate::ports::{Deliveries, Ledger, Messages, System};
use crate::race;
use crate::reference::Reference;
use crate::retry::{LONGEST_PUT_OFF, RetryPolicy};
use crate::versioned::Unreadable;

/// How long the lease outlives the worker's time: clocks differ, and a worker has been seen to live
/// on for most of a second after its time.
const LEASE_MARGIN: Duration = Duration::from_secs(2);

/// What is left of the invocation to a job's outcome: one write to the ledger, or a dead letter.
const SETTLE_MARGIN: Duration = Duration::from_secs(2);

/// What an attempt is begun with at least. A worker with little time in all takes a quarter of it.
const LEAST_TIME: Duration = Duration::from_secs(5);

/// How many of a message's receives, a tenth at most, are kept for what nobody decides.
const RECEIVES_KEPT: u32 = 5;

/// When to look again at what will have moved on in a moment.
const A_MOMENT: Duration = Duration::from_secs(1);

/// The use case and its ports.
#[derive(Debug)]
pub struct Process<D, M, L, S> {
    /// Where deliveries are read.
    pub deliveries: D,
    /// Where messages are put off and buried.
    pub messages: M,
    /// The record of events and runs.
    pub ledger: L,
    /// Time and chance.
    pub system: S,
    /// What the jobs may reach.
    pub effects: Effects,
    /// The jobs.
    pub registry: Registry,
    /// What the operator decides.
    pub settings: Settings,
    /// The turn of runs whose last worker died.
    pub suspects: Suspects,
    /// What is known of the dependencies that the jobs call.
    pub breakers: Arc<Breakers>,
}

/// What the operator decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// When a failed attempt is followed by another, for jobs without a policy of their own.
    pub policy: RetryPolicy,
    /// How long a run may wait in the queue in all; less than the queue keeps a message, which it
    /// then drops without a word.
    pub longest_stay: Duration,
    /// How often the queue hands a message out before it sets it aside, which it then does without
    /// a word.
    pub max_receives: u32,
    /// The version of the code, as attempts record it.
    pub code: CodeVersion,
}

impl Default for Settings {
    /// For a queue that keeps messages for a week and hands them out a hundred times, the defaults
    /// of `template.yaml`.
    fn default() -> Self {
        Self {
            policy: RetryPolicy::default(),
            longest_stay: Self::stay_of(7),
            max_receives: 100,
            code: CodeVersion::of_this_package(),
        }
    }
}

/// Runs whose last worker died go one at a time, and others beside them: should one of them kill
/// this worker too, it takes no further attempt of those that died with it before.
#[derive(Debug, Default)]
pub struct Suspects(Mutex<()>);

/// One message as it came from the queue.
#[derive(Debug, Clone)]
pub struct Received {
    /// What should be a reference, or a delivery.
    pub body: String,
    /// The handle to put the message off with.
    pub receipt: String,
    /// How often the queue handed it out, this time included.
    pub receives: u32,
    /// When it was sent to the queue.
    pub sent_at: EpochMillis,
    /// When this worker is stopped.
    pub deadline: EpochMillis,
}

/// What the queue is to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Delete it.
    Finished,
    /// Deliver it again.
    Again,
}

/// One job for the event of one message.
#[derive(Debug, Clone, Copy)]
struct Task<'a> {
    job: &'a Job,
    reference: &'a Reference,
    stored: &'a Stored,
    message: &'a Received,
    /// With less time than that, an attempt is left to another worker.
    least: Duration,
}

impl Settings {
    /// How long a run may wait in a queue that keeps messages for so many days: six hours less,
    /// for the last attempt and for clocks that differ.
    #[must_use]
    pub fn stay_of(queue_days: u32) -> Duration {
        const HOUR: Duration = Duration::from_secs(60 * 60);
        (HOUR * 24).saturating_mul(queue_days).saturating_sub(HOUR * 6)
    }

    /// Whether a message that was handed out so often may come back: the last few times are for
    /// workers that die and for duplicates.
    fn lets_come_back(&self, receives: u32) -> bool {
        let kept = RECEIVES_KEPT.min(self.max_receives / 10);
        receives < self.max_receives.saturating_sub(kept)
    }

    fn policy(&self, task: Task<'_>) -> RetryPolicy {
        task.job.policy().unwrap_or(self.policy)
    }

    /// No attempt can be promised for later than that.
    fn last_call(&self, message: &Received) -> EpochMillis {
        message.sent_at.plus(self.longest_stay)
    }
}

/// How far an event got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Finished,
    Later(Duration),
}

impl Progress {
    /// An event is finished when all its runs are, and comes back for the first that is due.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Finished, other) | (other, Self::Finished) => other,
            (Self::Later(one), Self::Later(other)) => Self::Later(one.min(other)),
        }
    }
}

impl<D: Deliveries, M: Messages, L: Ledger, S: System> Process<D, M, L, S> {
    /// Processes the messages of one batch, one future for each, to be run side by side. What came
    /// in the messages themselves is written in one go, for all that wait for it.
    pub fn batch<'a>(&'a self, messages: &'a [Received]) -> Vec<BoxFuture<'a, Verdict>> {
        let opened = messages.iter().map(|message| (message, Message::parse(&message.body)));
        let opened: Vec<Opened<'_>> = opened.collect();
        let packing = self.packing(&opened);
        let verdict = |opened| self.verdict(opened, packing.clone()).boxed();
        opened.into_iter().map(verdict).collect()
    }

    /// Processes one message: a batch of one.
    pub async fn one(&self, message: &Received) -> Verdict {
        let opened = (message, Message::parse(&message.body));
        let packing = self.packing(slice::from_ref(&opened));
        self.verdict(opened, packing).await
    }

    /// Whatever goes wrong is this message's alone, and ends in a verdict.
    async fn verdict(&self, (message, opened): Opened<'_>, packing: Packing<'_>) -> Verdict {
        let delivery_id = opened.as_ref().map(|opened| opened.delivery_id().as_str()).ok();
        let work = async {
            match &opened {
                Ok(Message::Reference(reference)) => self.work(reference, None, message).await,
                Ok(Message::Inline(inline)) => {
                    let reference = packing.of(inline).await?;
                    self.work(&reference, Some(inline.stored()), message).await
                }
                // Written by a later version, which may have been deployed only in part.
                Err(error @ Unreadable::Version(_)) => Err(later_version(*error)),
                Err(error) => self.bury_unreadable(message, error).await,
            }
        };
        match race::by(&self.system, message.deadline, work).await {
            Ok(Ok(Progress::Finished)) => Verdict::Finished,
            Ok(Ok(Progress::Later(wait))) => self.put_off(message, delivery_id, wait).await,
            Ok(Err(error)) => {
                let error = chain(&error);
                tracing::error!(delivery.id = delivery_id, error, "message will come back");
                // The wait grows, so that an outage does not use up what the queue grants.
                let wait = RetryPolicy::OUTAGE.wait(message.receives, self.system.random());
                self.put_off(message, delivery_id, wait).await
            }
            Err(race::OutOfTime) => {
                tracing::error!(delivery.id = delivery_id, "message ran out of time");
                Verdict::Again
            }
        }
    }

    async fn work(
        &self,
        reference: &Reference,
        brought: Option<&Bytes>,
        message: &Received,
    ) -> Result<Progress, PortError> {
        match reference.part {
            Part::Batch(batch) => self.split(reference, batch, message.deadline).await,
            Part::Whole | Part::Item(_) => self.event(reference, brought, message).await,
        }
    }

    async fn event(
        &self,
        reference: &Reference,
        brought: Option<&Bytes>,
        message: &Received,
    ) -> Result<Progress, PortError> {
        let jobs: Vec<&Job> = self.registry.matching(reference).collect();
        let ignored = ignore_cause(&reference.flags)
            .or_else(|| jobs.is_empty().then_some(IgnoreCause::NoJob));
        if let Some(cause) = ignored {
            return self.ignored(reference, cause, message).await;
        }
        let stored = Stored::of(brought);
        // Boxed: it is moved into one of two futures, each of which would hold it.
        let work = self.jobs(&jobs, reference, &stored, message).boxed();
        match message.receives {
            // Its last worker may have died of what it read, and attempts count from the claim.
            2.. => work.await,
            _ => self.reading_ahead(reference, &stored, work).await,
        }
    }

    async fn ignored(
        &self,
        reference: &Reference,
        cause: IgnoreCause,
        message: &Received,
    ) -> Result<Progress, PortError> {
        if let (IgnoreCause::NoJob, Some(job)) = (cause, &reference.job) {
            return self.bury_jobless(reference, job).await;
        }
        match self.sight(reference, &[], Some(cause)).await? {
            Some(event) => self.unregistered(&event, &[], reference, message).await,
            None => Ok(Progress::Finished),
        }
    }

    async fn jobs(
        &self,
        jobs: &[&Job],
        reference: &Reference,
        stored: &Stored,
        message: &Received,
    ) -> Result<Progress, PortError> {
        let least = least_time(self.system.now().until(message.deadline));
        let Some(event) = self.sight(reference, jobs, None).await? else {
            return Ok(Progress::Finished);
        };
        // One job's trouble must not keep the others from running.
        let mut progress = self.unregistered(&event, jobs, reference, message).await;
        for job in jobs {
            let ran = self.run(Task { job, reference, stored, message, least }).await;
            progress = progress.and_then(|so_far| Ok(so_far.and(ran?)));
        }
        progress
    }

    /// Records that the delivery was seen and which jobs run for it. `None`: it is in conflict
    /// with the first of its event.
    async fn sight(
        &self,
        reference: &Reference,
        jobs: &[&Job],
        ignored: Option<IgnoreCause>,
    ) -> Result<Option<EventRecord>, PortError> {
        let jobs = jobs.iter().map(|job| job.name().clone()).collect();
        let sighting = Sighting::of(reference, jobs, ignored, self.system.now());
        let event = self.ledger.sight(&sighting).await?;
        if event.sha256 == sighting.sha256 {
            return Ok(Some(event));
        }
        log_conflict(&event, reference);
        Ok(None)
    }

    async fn run(&self, task: Task<'_>) -> Result<Progress, PortError> {
        if !self.has_time(task) {
            return Ok(Progress::Later(A_MOMENT));
        }
        let id = RunId { event: EventRef::of(task.reference), job: task.job.name().clone() };
        let claim = self.claim(task.reference, task.message);
        let opened = Run::opened(id, &claim);
        match self.ledger.open(&opened).await? {
            None => self.claimed(task, opened).await,
            Some(existing) => self.take_over(task, &existing, &claim).await,
        }
    }

    fn claim(&self, reference: &Reference, message: &Received) -> Claim {
        Claim {
            owner: Owner::new(self.system.random()),
            code: self.settings.code.clone(),
            now: self.system.now(),
            lease_until: message.deadline.plus(LEASE_MARGIN),
            generation: reference.generation,
        }
    }

    /// Claims a run that exists: one more conditional write.
    async fn take_over(
        &self,
        task: Task<'_>,
        existing: &Run,
        claim: &Claim,
    ) -> Result<Progress, PortError> {
        let _turn = match existing.is_abandoned(claim.now) {
            true => Some(self.suspects.0.lock().await),
            false => None,
        };
        if !self.has_time(task) {
            return Ok(Progress::Later(A_MOMENT));
        }
        let claimed = match existing.claimed(claim) {
            Ok(claimed) => claimed,
            Err(why) => return self.unclaimable(why, task.reference).await,
        };
        match self.ledger.advance(&existing.fence(), &claimed).await? {
            None => self.claimed(task, claimed).await,
            // Somebody was faster. What became of it is worth a look in a moment.
            Some(_) => Ok(Progress::Later(A_MOMENT)),
        }
    }

    async fn unclaimable(
        &self,
        why: Unclaimable,
        reference: &Reference,
    ) -> Result<Progress, PortError> {
        match why {
            Unclaimable::Ended => Ok(Progress::Finished),
            Unclaimable::Until(time) => Ok(self.later(time)),
            Unclaimable::Unburied(run) => self.bury(&run, reference).await,
        }
    }

    async fn claimed(&self, task: Task<'_>, run: Run) -> Result<Progress, PortError> {
        let held = Held::new(self.ledger.clone(), self.system.clone(), run.clone());
        let settlement = if run.tries() > self.settings.policy(task).max_attempts {
            no_further_attempt(&run)
        } else {
            // Boxed: what an attempt needs is most of what a message needs.
            let result = Box::pin(self.attempt(task, &run, &held)).await;
            self.settlement(task, &run, result)
        };
        self.settle(task, &held, settlement).await
    }

    /// Whether there is time for an attempt; without enough, a claim would waste one.
    fn has_time(&self, task: Task<'_>) -> bool {
        let last_call = task.message.deadline.minus(SETTLE_MARGIN).minus(task.least);
        self.system.now() < last_call
    }

    fn later(&self, time: EpochMillis) -> Progress {
        Progress::Later(self.system.now().until(time))
    }

    /// Without the put-off the message comes back when its visibility runs out, so a failure here
    /// costs time and nothing else.
    async fn put_off(
        &self,
        message: &Received,
        delivery_id: Option<&str>,
        wait: Duration,
    ) -> Verdict {
        let wait = wait.clamp(Duration::from_secs(1), LONGEST_PUT_OFF);
        let put_off = self.messages.put_off(&message.receipt, wait);
        if let Ok(Err(error)) = race::by(&self.system, message.deadline, put_off).await {
            let error = chain(&error);
            tracing::warn!(delivery.id = delivery_id, error, "message was not put off");
        }
        Verdict::Again
    }
}

fn least_time(in_all: Duration) -> Duration {
    LEAST_TIME.min(in_all / 4)
}

/// One of the two is not what the provider meant by this id, and a person has to look.
fn log_conflict(event: &EventRecord, reference: &Reference) {
    tracing::error!(
        reason.code = "payload_conflict",
        delivery.id = %reference.delivery_id,
        first_delivery.id = %event.first_delivery,
        endpoint = %event.event.endpoint,
        event.key = %event.event.key,
        "another delivery carried this event with another body; both are stored, the first runs"
    );
}

fn later_version(error: Unreadable) -> PortError {
    PortError::new("read the reference", FaultKind::Invalid).because(error)
}

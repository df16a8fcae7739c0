//! The process use case: a reference comes from the queue, and its event's jobs run once.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use hookdock_signature::EpochMillis;

use crate::dead_letter::DeadLetter;
use crate::fault::{FaultKind, PortError, chain};
use crate::identity::{IgnoreCause, ignore_cause};
use crate::job::{
    Context, Delivery, ErrorClass, Failure, Job, JobResult, Limits, Outcome, Recovery, Registry,
};
use crate::ledger::{
    Claim, DeadReason, EventRef, Run, RunId, RunState, Settlement, Sighting, Unclaimable,
};
use crate::names::Owner;
use crate::ports::{Deliveries, Ledger, Messages, Records, System};
use crate::race;
use crate::reference::{Reference, UnreadableReference};
use crate::retry::{LONGEST_WAIT, RetryPolicy};

/// How long the lease outlives the invocation: clocks differ, and a worker has been seen to live
/// on for most of a second after its time.
const LEASE_MARGIN: Duration = Duration::from_secs(2);

/// What is left of the invocation to a job's outcome: one write to the ledger, or a dead letter.
const SETTLE_MARGIN: Duration = Duration::from_secs(2);

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
    /// What the jobs write to.
    pub effects: Effects,
    /// The jobs.
    pub registry: Registry,
    /// When a failed attempt is followed by another.
    pub policy: RetryPolicy,
}

/// What jobs may reach, handed to them in their context.
#[derive(Clone)]
pub struct Effects {
    /// The business records.
    pub records: Arc<dyn Records>,
}

impl std::fmt::Debug for Effects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Effects").finish_non_exhaustive()
    }
}

/// One message as it came from the queue.
#[derive(Debug, Clone)]
pub struct Received {
    /// What should be a reference.
    pub body: String,
    /// The handle to put the message off with.
    pub receipt: String,
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
    /// Processes one message. Whatever goes wrong is this message's alone, and ends in a verdict.
    pub async fn one(&self, message: &Received) -> Verdict {
        let reference = Reference::parse(&message.body);
        let delivery_id = reference.as_ref().map(|reference| reference.delivery_id.as_str()).ok();
        let work = async {
            match &reference {
                Ok(reference) => self.event(reference, message).await,
                Err(error) => self.bury_unreadable(message, error).await,
            }
        };
        match race::by(&self.system, message.deadline, work).await {
            Ok(Ok(Progress::Finished)) => Verdict::Finished,
            Ok(Ok(Progress::Later(wait))) => self.put_off(message, wait).await,
            Ok(Err(error)) => {
                let error = chain(&error);
                tracing::error!(delivery.id = delivery_id, error, "message will come back");
                self.put_off(message, self.policy.wait(1, self.system.random())).await
            }
            Err(race::OutOfTime) => {
                tracing::error!(delivery.id = delivery_id, "message ran out of time");
                Verdict::Again
            }
        }
    }

    async fn event(
        &self,
        reference: &Reference,
        message: &Received,
    ) -> Result<Progress, PortError> {
        let event = EventRef::of(reference);
        let jobs: Vec<&Job> = self.registry.matching(reference).collect();
        let ignored = ignore_cause(&reference.flags)
            .or_else(|| jobs.is_empty().then_some(IgnoreCause::NoJob));
        self.ledger.sight(&Sighting::of(reference, ignored, self.system.now())).await?;
        let mut progress = Progress::Finished;
        for job in jobs.into_iter().filter(|_| ignored.is_none()) {
            let id = RunId { event: event.clone(), job: job.name().clone() };
            progress = progress.and(self.run(job, id, reference, message.deadline).await?);
        }
        Ok(progress)
    }

    async fn run(
        &self,
        job: &Job,
        id: RunId,
        reference: &Reference,
        deadline: EpochMillis,
    ) -> Result<Progress, PortError> {
        let run = match self.claim(id, reference.generation, deadline).await? {
            Ok(run) => run,
            Err(Unclaimable::Ended) => return Ok(Progress::Finished),
            Err(Unclaimable::Until(time)) => return Ok(self.later(time)),
            Err(Unclaimable::Unburied(run)) => return self.bury(&run, reference).await,
        };
        let result = if run.tries() > self.policy.max_attempts {
            // Its workers died without a word, each time.
            Err(Failure::permanent(ErrorClass::TimedOut, "no worker lived to report"))
        } else {
            self.attempt(job, &run, reference, deadline).await
        };
        self.settle(&run, result, reference).await
    }

    /// One conditional write when the run is new; one more when it is taken over.
    async fn claim(
        &self,
        id: RunId,
        generation: u32,
        deadline: EpochMillis,
    ) -> Result<Result<Run, Unclaimable>, PortError> {
        let claim = Claim {
            owner: Owner::new(self.system.random()),
            now: self.system.now(),
            lease_until: deadline.plus(LEASE_MARGIN),
            generation,
        };
        let opened = Run::opened(id, &claim);
        let Some(existing) = self.ledger.open(&opened).await? else {
            return Ok(Ok(opened));
        };
        let claimed = match existing.claimed(&claim) {
            Ok(claimed) => claimed,
            Err(unclaimable) => return Ok(Err(unclaimable)),
        };
        match self.ledger.advance(&existing.fence(), &claimed).await? {
            None => Ok(Ok(claimed)),
            // Somebody was faster; what they did decides when it is worth coming back.
            Some(newer) => {
                Ok(Err(newer.claimed(&claim).err().unwrap_or(Unclaimable::Until(claim.now))))
            }
        }
    }

    async fn attempt(
        &self,
        job: &Job,
        run: &Run,
        reference: &Reference,
        deadline: EpochMillis,
    ) -> JobResult {
        let deadline = deadline.minus(SETTLE_MARGIN);
        let work = async {
            let delivery = self.delivery(reference).await?;
            let limits = Limits { attempt: run.tries(), deadline };
            let cx = Context::new(run.id.clone(), limits, Arc::clone(&self.effects.records));
            job.call(cx, &delivery).await
        };
        // A panic is this run's alone: nothing it could have left half-done is shared.
        let caught = AssertUnwindSafe(work).catch_unwind();
        match race::by(&self.system, deadline, caught).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panic)) => Err(Failure::passing(ErrorClass::Bug, "the job panicked")),
            Err(race::OutOfTime) => {
                Err(Failure::passing(ErrorClass::TimedOut, "the attempt ran out of time"))
            }
        }
    }

    async fn delivery(&self, reference: &Reference) -> Result<Delivery, Failure> {
        let Some(object) = self.deliveries.read(&reference.object).await? else {
            return Err(Failure::permanent(
                ErrorClass::BodyMissing,
                "the stored object is missing",
            ));
        };
        Delivery::open(&object, reference)
            .map_err(|error| Failure::permanent(ErrorClass::DigestMismatch, chain(&error)))
    }

    async fn settle(
        &self,
        run: &Run,
        result: JobResult,
        reference: &Reference,
    ) -> Result<Progress, PortError> {
        let now = self.system.now();
        let settled = run.settled(self.settlement(run, result, now), now);
        if self.ledger.advance(&run.fence(), &settled).await?.is_some() {
            tracing::warn!(
                endpoint = %run.id.event.endpoint, event.key = %run.id.event.key,
                run.job = %run.id.job, run.attempt = run.attempt,
                "lost the claim; its outcome was not recorded"
            );
            return Ok(Progress::Later(Duration::from_secs(1)));
        }
        log_settled(&settled, reference);
        match settled.state {
            RunState::Dead { .. } => self.bury(&settled, reference).await,
            RunState::Retrying { not_before } => Ok(self.later(not_before)),
            RunState::Done | RunState::Ignored { .. } | RunState::Running { .. } => {
                Ok(Progress::Finished)
            }
        }
    }

    fn settlement(&self, run: &Run, result: JobResult, now: EpochMillis) -> Settlement {
        let failure = match result {
            Ok(Outcome::Done) => return Settlement::Done,
            Ok(Outcome::Ignored(cause)) => return Settlement::Ignored(cause),
            Err(failure) => failure,
        };
        if run.tries() > self.policy.max_attempts {
            return Settlement::Dead(DeadReason::WorkerDied, failure);
        }
        let backoff = self.policy.wait(run.tries(), self.system.random());
        let wait = match failure.recovery() {
            Recovery::Never => return Settlement::Dead(DeadReason::Permanent, failure),
            Recovery::Retry => backoff,
            Recovery::RetryAfter(asked) => backoff.max(asked),
        };
        if self.policy.allows_another(run.tries()) {
            Settlement::Retry(now.plus(wait), failure)
        } else {
            Settlement::Dead(DeadReason::AttemptsExhausted, failure)
        }
    }

    /// Sends the dead letter, then notes that it was sent. In between, a worker may die: then the
    /// letter is sent twice, and never not at all.
    async fn bury(&self, run: &Run, reference: &Reference) -> Result<Progress, PortError> {
        let RunState::Dead { reason, .. } = run.state else {
            return Ok(Progress::Finished);
        };
        let letter = DeadLetter::of_run(reference, run, reason).map_err(|error| {
            PortError::new("write the dead letter", FaultKind::Invalid).because(error)
        })?;
        self.messages.bury(&letter).await?;
        self.ledger.advance(&run.fence(), &run.buried()).await?;
        Ok(Progress::Finished)
    }

    async fn bury_unreadable(
        &self,
        message: &Received,
        error: &UnreadableReference,
    ) -> Result<Progress, PortError> {
        tracing::error!(
            reason.code = "bad_reference",
            bytes = message.body.len(),
            error = chain(error),
            "message is not a reference"
        );
        self.messages.bury(&DeadLetter::of_unreadable(&message.body, error)).await?;
        Ok(Progress::Finished)
    }

    fn later(&self, time: EpochMillis) -> Progress {
        Progress::Later(self.system.now().until(time))
    }

    /// Without the put-off the message comes back when its visibility runs out, so a failure here
    /// costs time and nothing else.
    async fn put_off(&self, message: &Received, wait: Duration) -> Verdict {
        let wait = wait.clamp(Duration::from_secs(1), LONGEST_WAIT);
        let put_off = self.messages.put_off(&message.receipt, wait);
        if let Ok(Err(error)) = race::by(&self.system, message.deadline, put_off).await {
            tracing::warn!(error = chain(&error), "message was not put off");
        }
        Verdict::Again
    }
}

fn log_settled(run: &Run, reference: &Reference) {
    let failure = run.last_failure().filter(|_| !matches!(run.state, RunState::Done));
    tracing::info!(
        delivery.id = %reference.delivery_id,
        endpoint = %run.id.event.endpoint,
        event.key = %run.id.event.key,
        event.r#type = reference.event_type.as_ref().map(|name| name.as_str()),
        run.job = %run.id.job,
        run.attempt = run.attempt,
        run.state = run.state.name(),
        error.class = failure.map(|failure| failure.class.code()),
        error.message = failure.map(|failure| failure.message.as_str()),
        "run settled"
    );
}

//! One item is sent: it is looked at, then marked by whoever drives, then its message goes out.

use hookdock_pipeline::delivery::part::Part;
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::ledger::{EventRef, Run};
use hookdock_pipeline::lookup;
use hookdock_pipeline::model::names::OperationId;
use hookdock_pipeline::model::restart::{Mode, Restart};
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::Conditional;

use crate::account::{State, parse};
use crate::operator::Operator;
use crate::outcome::Outcome;
use crate::ports::Place;
use crate::replay::judge::sent_generation;
use crate::replay::plan::{Plan, PlanItem};
use crate::trouble::Trouble;

/// An item that was looked at.
pub(super) enum Looked {
    /// It is as it was planned, and this is to be sent.
    Ready(Box<Ready>),
    /// Nothing is sent for it, and this is why.
    Skipped(Outcome),
}

/// What is sent for an item.
pub(super) struct Ready {
    reference: Reference,
    /// The run, if there is one.
    run: Option<Run>,
}

impl Ready {
    /// How many attempts the run has had.
    pub(super) fn attempt(&self) -> u32 {
        self.run.as_ref().map_or(0, |run| run.attempt)
    }
}

impl<P: Place, S: System> Operator<P, S> {
    /// Looks at an item right before it is sent.
    pub(super) async fn look_at(
        &self,
        id: &OperationId,
        plan: &Plan,
        item: &PlanItem,
    ) -> Result<Looked, Trouble> {
        let event = EventRef { endpoint: item.endpoint.clone(), key: item.key.clone() };
        let history = self.place.history(&event).await?;
        let runs = history.as_ref().map(|history| history.runs.as_slice()).unwrap_or_default();
        let run = runs.iter().find(|run| Some(&run.id.job) == item.job.as_ref()).cloned();
        let is_as_planned = match (&run, &item.job) {
            (Some(run), _) => {
                run.generation == item.generation && State::of_run(run, self.now()) == item.state
            }
            (None, Some(_)) => plan.job_added.is_some(),
            (None, None) => runs.is_empty(),
        };
        if !is_as_planned {
            return Ok(Looked::Skipped(skipped(run.as_ref(), self)));
        }
        let reference = match &history {
            Some(history) => self.reference_of(history, None).await?.map_err(Outcome::from),
            None => self.never_queued(item).await?.ok_or(Outcome::BodyGone),
        };
        let reference = match reference {
            Ok(reference) => reference,
            Err(outcome) => return Ok(Looked::Skipped(outcome)),
        };
        let reference = Reference {
            generation: sent_generation(item, plan.mode == Mode::Resume),
            job: item.job.clone(),
            restart: run.is_some().then(|| Restart {
                operation: id.clone(),
                mode: plan.mode,
                effects: plan.effects,
            }),
            ..reference
        };
        Ok(Looked::Ready(Box::new(Ready { reference, run })))
    }

    /// The reference to an event that no worker has recorded.
    async fn never_queued(&self, item: &PlanItem) -> Result<Option<Reference>, Trouble> {
        let Ok(delivery) = item.delivery.parse() else { return Ok(None) };
        let found = lookup::find(&self.place, &item.endpoint, &delivery).await?;
        let Some((object, bytes)) = found else { return Ok(None) };
        let stored = parse(&bytes)?;
        let whole = Reference::of(&stored, Part::Whole, object);
        let mut items = stored.items.iter();
        let own = items.find(|own| own.event.key == item.key);
        Ok(Some(own.map_or(whole.clone(), |own| whole.to_item(own.clone()))))
    }

    /// Sends it. A run that retries or waits is due at once.
    pub(super) async fn dispatch(&self, ready: &Ready) -> Result<Option<Outcome>, Trouble> {
        if let Some(run) = &ready.run
            && let Some(next) = run.expedited(self.now())
            && let Conditional::Refused(_) = self.place.move_run(&run.fence(), &next).await?
        {
            return Ok(Some(Outcome::Changed));
        }
        self.place.send(&ready.reference).await?;
        // What runs of it is not known before a worker has seen it.
        Ok(ready.reference.job.is_none().then_some(Outcome::Sent))
    }
}

/// Why an item that is not as it was planned is skipped.
fn skipped<P: Place, S: System>(run: Option<&Run>, operator: &Operator<P, S>) -> Outcome {
    match run.map(|run| State::of_run(run, operator.now())) {
        Some(State::Running | State::LeaseOver) => Outcome::Running,
        _ => Outcome::Changed,
    }
}

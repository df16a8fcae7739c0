//! What a person does to an event: retry it, set its dead runs aside, bring them back.

use bytes::Bytes;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::part::Part;
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::ledger::{History, Run, RunState};
use hookdock_pipeline::model::names::{BodyDigest, JobName, TenantId};
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::Conditional;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::{State, VERSION, etag, parse, time, unreadable};
use crate::name::Target;
use crate::operator::Operator;
use crate::outcome::{Outcome, Unsendable};
use crate::ports::Place;
use crate::show::Known;
use crate::trouble::{Code, Trouble};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// A dead run is set going again; one that retries or waits goes on now.
    Retry,
    /// A dead run is set aside.
    Dismiss,
    /// A run that was set aside is dead again.
    Restore,
}

/// An act that is asked for.
#[derive(Debug, Clone)]
pub struct Order {
    /// What is to be done.
    pub act: Act,
    /// To which event.
    pub target: Target,
    /// Whose event it is, where the name does not say so.
    pub tenant: Option<TenantId>,
    /// To this run only; to all that it fits otherwise.
    pub job: Option<JobName>,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// The event as it was shown.
    pub etag: String,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Operation {
    /// The version of this form.
    pub version: u32,
    /// What was done.
    pub kind: Act,
    /// Who did it.
    pub actor: String,
    /// Why, in that person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Where.
    pub place: String,
    /// What became of each run.
    pub items: Vec<Item>,
}

/// What became of a run in an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// The endpoint.
    pub endpoint: String,
    /// The event key.
    pub key: String,
    /// The job.
    pub job: String,
    /// The run as the act found it.
    pub seen: Seen,
    /// What became of it.
    pub outcome: Outcome,
}

/// A run as an act found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Seen {
    /// Its state.
    pub state: State,
    /// Its generation.
    pub generation: u32,
}

impl Act {
    /// Its word in a sentence: "was not ...".
    #[must_use]
    pub fn done(self) -> &'static str {
        match self {
            Self::Retry => "retried",
            Self::Dismiss => "dismissed",
            Self::Restore => "restored",
        }
    }

    fn fits(self, run: &Run) -> bool {
        match (self, &run.state) {
            (
                Self::Retry,
                RunState::Dead { .. } | RunState::Retrying { .. } | RunState::Waiting { .. },
            )
            | (Self::Dismiss, RunState::Dead { .. })
            | (Self::Restore, RunState::Dismissed { .. }) => true,
            (Self::Retry | Self::Dismiss | Self::Restore, _) => false,
        }
    }
}

impl<P: Place, S: System> Operator<P, S> {
    /// Does it, if the event is still as it was shown.
    ///
    /// A retry sends a message. Nothing can run twice of that: a dead run is claimed only by a
    /// message of a later generation than its own, and by one of them.
    ///
    /// # Errors
    ///
    /// The event is unknown or has changed, there is nothing to do, its body is gone or altered, or
    /// the place failed. Whatever was done until then stays, and doing it again is safe.
    pub async fn act(&self, order: &Order) -> Result<Operation, Trouble> {
        let Known { stored, history, .. } =
            self.known(&order.target, order.tenant.as_ref()).await?;
        let Some(history) = history else {
            return Err(refused(
                order,
                Code::NothingToDo,
                "no worker has taken it yet, so it has no runs",
            ));
        };
        let now = etag(history.event.deliveries, &history.runs);
        if order.etag != "*" && order.etag != now {
            let states =
                history.runs.iter().map(|run| format!("{} {}", run.id.job, run.state.name()));
            let states = states.collect::<Vec<_>>().join(", ");
            return Err(refused(order, Code::Changed, &format!("it has changed: {states}"))
                .next(format!("hookdock show {}", order.target)));
        }
        let runs = fitting(order, &history)?;
        let reference = match order.act {
            Act::Retry => Some(self.sendable(order, &history, stored.as_ref()).await?),
            Act::Dismiss | Act::Restore => None,
        };
        let mut items = Vec::new();
        for run in runs {
            let outcome = self.move_on(order, run, reference.as_ref()).await?;
            items.push(self.item(run, outcome));
        }
        Ok(Operation {
            version: VERSION,
            kind: order.act,
            actor: self.actor.clone(),
            reason: order.reason.clone(),
            at: time(self.now()),
            place: self.name.clone(),
            items,
        })
    }

    fn item(&self, run: &Run, outcome: Outcome) -> Item {
        Item {
            endpoint: run.id.event.endpoint.to_string(),
            key: run.id.event.key.to_string(),
            job: run.id.job.to_string(),
            seen: Seen { state: State::of_run(run, self.now()), generation: run.generation },
            outcome,
        }
    }

    async fn move_on(
        &self,
        order: &Order,
        run: &Run,
        reference: Option<&Reference>,
    ) -> Result<Outcome, Trouble> {
        let (now, why) = (self.now(), order.reason.as_deref().unwrap_or_default());
        let (next, outcome) = match order.act {
            Act::Retry => (run.expedited(now), Outcome::Sent),
            Act::Dismiss => (run.dismissed(&self.actor, why, now), Outcome::Dismissed),
            Act::Restore => (run.restored(now), Outcome::Restored),
        };
        if let Some(next) = &next
            && let Conditional::Refused(_) = self.place.move_run(&run.fence(), next).await?
        {
            return Ok(Outcome::Changed);
        }
        if let Some(reference) = reference {
            // A dead run goes on with a later generation only, any other with its own.
            let again = u32::from(next.is_none());
            let generation = run.generation.saturating_add(again);
            let job = Some(run.id.job.clone());
            self.place.send(&Reference { generation, job, ..reference.clone() }).await?;
        }
        Ok(outcome)
    }

    async fn sendable(
        &self,
        order: &Order,
        history: &History,
        asked: Option<&(ObjectKey, Bytes)>,
    ) -> Result<Reference, Trouble> {
        self.reference_of(history, asked).await?.map_err(|why| match why {
            Unsendable::BodyGone => {
                let first = &history.event.first_delivery;
                let why = format!("its delivery {first} is not stored any more");
                refused(order, Code::BodyGone, &why)
            }
            Unsendable::Altered => {
                refused(order, Code::Altered, "the stored body is not the one that was received")
            }
        })
    }

    /// The reference to the event, once its body is known to be there and to be the one that was
    /// received.
    pub(crate) async fn reference_of(
        &self,
        history: &History,
        asked: Option<&(ObjectKey, Bytes)>,
    ) -> Result<Result<Reference, Unsendable>, Trouble> {
        let record = &history.event;
        let first = match asked {
            Some((object, bytes)) if parse(bytes)?.delivery_id == record.first_delivery => {
                Some((object.clone(), bytes.clone()))
            }
            _ => self.first_of(record).await?,
        };
        let Some((object, bytes)) = first else { return Ok(Err(Unsendable::BodyGone)) };
        let stored = parse(&bytes)?;
        let whole = Reference::of(&stored, Part::Whole, object);
        let mut items = stored.items.iter();
        let item = items.find(|item| item.event.key == record.event_key);
        let reference = item.map_or(whole.clone(), |item| whole.to_item(item.clone()));
        let body = stored.body_bytes().map_err(|error| unreadable(&error))?;
        let digest = BodyDigest::of(&body);
        let is_same = digest == stored.sha256 && *reference.event_sha256() == record.sha256;
        Ok(if is_same { Ok(reference) } else { Err(Unsendable::Altered) })
    }
}

/// The runs that the act fits. Without any, why not.
fn fitting<'a>(order: &Order, history: &'a History) -> Result<Vec<&'a Run>, Trouble> {
    let wanted = |run: &&Run| order.job.as_ref().is_none_or(|job| *job == run.id.job);
    let fits = |run: &&Run| wanted(run) && order.act.fits(run);
    let runs: Vec<&Run> = history.runs.iter().filter(fits).collect();
    if !runs.is_empty() {
        return Ok(runs);
    }
    let target = &order.target;
    let mut other = history.runs.iter().filter(wanted);
    Err(match other.find(|run| matches!(run.state, RunState::Running { .. })) {
        Some(run) if order.act == Act::Retry => {
            let until = match run.state {
                RunState::Running { lease_until } => time(lease_until).to_string(),
                _ => String::new(),
            };
            let why = format!("a worker has it until {until}; a second one would be refused");
            refused(order, Code::Running, &why).next(format!("hookdock show {target}"))
        }
        _ => {
            let states = history.runs.iter().filter(wanted);
            let states = states.map(|run| format!("{} is {}", run.id.job, run.state.name()));
            let states: Vec<_> = states.collect();
            let why = match &states[..] {
                [] => "it has no such run".to_owned(),
                _ => format!("no run of it can be: {}", states.join(", ")),
            };
            refused(order, Code::NothingToDo, &why).next(format!("hookdock show {target}"))
        }
    })
}

fn refused(order: &Order, code: Code, why: &str) -> Trouble {
    Trouble::new(code, format!("{} was not {}", order.target, order.act.done()), why)
}

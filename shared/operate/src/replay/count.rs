//! What a selection means is counted, and becomes a plan.

use std::collections::BTreeMap;

use hookdock_pipeline::model::names::{JobName, OperationId};
use hookdock_pipeline::model::restart::{Effects, Mode};
use hookdock_pipeline::model::system::System;

use crate::account::{Event, RunAccount, State, VERSION, time};
use crate::operator::Operator;
use crate::page::Paging;
use crate::ports::Place;
use crate::replay::plan::{Plan, PlanItem, PlanOrder};
use crate::replay::state::{Drive, Progress};
use crate::selection::{Filters, Selection};
use crate::trouble::{Code, Trouble};

/// How many items a plan has at most.
const MOST_ITEMS: usize = 1_000_000;

/// How many events are listed in one call.
const A_PAGE: usize = 1000;

/// What is meant, as it is counted.
#[derive(Debug, Default)]
struct Counting {
    items: Vec<PlanItem>,
    left_out: BTreeMap<String, u64>,
}

impl<P: Place, S: System> Operator<P, S> {
    /// Counts what is meant, and keeps it as a plan. Nothing is sent.
    ///
    /// # Errors
    ///
    /// The order means everything or nothing, has no reason, or the place cannot be read or written.
    pub async fn plan(&self, order: PlanOrder) -> Result<Progress, Trouble> {
        let (selection, job_added) = check(&order)?;
        let mut counted = self.count_items(&selection, job_added.as_ref(), order.mode).await?;
        counted.items.sort_by(|one, other| {
            one.received_at.cmp(&other.received_at).then_with(|| one.job.cmp(&other.job))
        });
        let id = OperationId::new(self.now(), self.system.random());
        let plan = Plan {
            version: VERSION,
            id: id.to_string(),
            actor: self.actor.clone(),
            reason: order.reason,
            at: time(self.now()),
            place: self.name.clone(),
            selection: order.selection,
            mode: order.mode,
            effects: order.effects,
            job_added: order.job_added,
            items: counted.items.len() as u64,
            left_out: counted.left_out,
            states: tally(counted.items.iter().map(|item| item.state.name())),
            endpoints: tally(counted.items.iter().map(|item| item.endpoint.as_str())),
            from: counted.items.first().map(|item| item.received_at),
            to: counted.items.last().map(|item| item.received_at),
        };
        self.keep_plan(&id, &plan, &counted.items).await?;
        let drive = Drive::default();
        self.save(&id, &drive, None).await?;
        Ok(drive.progress(plan, self.now()))
    }

    async fn count_items(
        &self,
        selection: &Selection,
        job_added: Option<&JobName>,
        mode: Mode,
    ) -> Result<Counting, Trouble> {
        let mut counting = Counting::default();
        let mut paging = Paging { limit: A_PAGE, look: MOST_ITEMS, cursor: None };
        loop {
            let page = self.list(selection, &paging).await?;
            for event in &page.items {
                counting.event(event, selection, job_added, mode)?;
            }
            if counting.items.len() > MOST_ITEMS {
                let why = format!("a plan has at most {MOST_ITEMS} runs");
                let what = "the plan was not made";
                return Err(Trouble::new(Code::BadRequest, what, why)
                    .next("make several, with --since and --until"));
            }
            match page.next {
                Some(next) => paging.cursor = Some(next),
                None => return Ok(counting),
            }
        }
    }
}

impl Counting {
    fn event(
        &mut self,
        event: &Event,
        selection: &Selection,
        job_added: Option<&JobName>,
        mode: Mode,
    ) -> Result<(), Trouble> {
        if let Some(job) = job_added {
            let has_run = event.runs.iter().any(|run| run.job == job.as_str());
            return match has_run {
                true => self.leave_out("has_run"),
                false => self.take(event, Some(job.clone()), event.state, 0),
            };
        }
        if event.runs.is_empty() {
            return match event.state {
                // One that was never queued, or one for which there was no job.
                State::Queued | State::Ignored => self.take(event, None, event.state, 0),
                other => self.leave_out(other.name()),
            };
        }
        for run in event.runs.iter().filter(|run| selection.covers_run(run)) {
            match is_for(mode, run) {
                true => {
                    self.take(event, Some(run.job.parse()?), run.state, run.generation)?;
                }
                false => self.leave_out(run.state.name())?,
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        event: &Event,
        job: Option<JobName>,
        state: State,
        generation: u32,
    ) -> Result<(), Trouble> {
        let (Some(delivery), Some(received_at)) = (&event.first_delivery, event.received_at) else {
            return self.leave_out("body_gone");
        };
        self.items.push(PlanItem {
            endpoint: event.endpoint.parse()?,
            key: event.key.parse()?,
            job,
            delivery: delivery.clone(),
            received_at,
            state,
            generation,
        });
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "the last word of a match")]
    fn leave_out(&mut self, why: &str) -> Result<(), Trouble> {
        let count = self.left_out.entry(why.to_owned()).or_default();
        *count = count.saturating_add(1);
        Ok(())
    }
}

/// Whether a run in this state is set going by the mode.
fn is_for(mode: Mode, run: &RunAccount) -> bool {
    match run.state {
        State::Dead | State::Retrying | State::Waiting => true,
        State::Done | State::Ignored => mode == Mode::Again,
        _ => false,
    }
}

fn check(order: &PlanOrder) -> Result<(Selection, Option<JobName>), Trouble> {
    let refuse = |code, why: &str| Trouble::new(code, "the plan was not made", why);
    if order.selection == Filters::default() {
        let why = "it would be about everything: say which, at least by a state or a time";
        return Err(refuse(Code::SelectionEmpty, why));
    }
    if order.reason.trim().is_empty() {
        return Err(refuse(Code::BadRequest, "an operation on many needs a reason"));
    }
    if order.effects == Effects::New && order.mode == Mode::Resume {
        let why = "new effect keys are for runs that start over, or run again";
        return Err(refuse(Code::BadRequest, why));
    }
    let job_added = order.job_added.as_ref().map(|job| job.parse()).transpose()?;
    Ok((order.selection.clone().check()?, job_added))
}

fn tally<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for name in names {
        let count: &mut u64 = counts.entry(name.to_owned()).or_default();
        *count = count.saturating_add(1);
    }
    counts
}

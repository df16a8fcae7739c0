//! One step of an operation: what was sent is looked at, then what the pace allows is sent.
//!
//! The order of the writes makes a death at any point harmless: the report of what has ended comes
//! first, then the cell that forgets it and marks what is sent next, then the messages.

use hookdock_pipeline::ledger::EventRef;
use hookdock_pipeline::model::names::OperationId;
use hookdock_pipeline::model::restart::Mode;
use hookdock_pipeline::model::system::System;

use crate::operator::Operator;
use crate::outcome::Outcome;
use crate::ports::Place;
use crate::replay::books::{ReportLine, taken};
use crate::replay::judge::{Seen, judge, sent_generation};
use crate::replay::plan::{Plan, PlanItem};
use crate::replay::send::{Looked, Ready};
use crate::replay::state::{Drive, Open, Phase, Progress};
use crate::trouble::Trouble;

/// With so many messages waiting for workers, nothing is sent: live events go first.
const BUSY: u64 = 500;

/// How many items are looked at in a step, so that a plan of skipped ones comes to its end, too.
const LOOKED_AT: usize = 100;

/// What a step does, before it is written.
#[derive(Default)]
struct Step {
    report: Vec<ReportLine>,
    ready: Vec<Ready>,
}

impl Step {
    fn ended(&mut self, number: u64, item: &PlanItem, outcome: Outcome) {
        self.report.push(ReportLine {
            item: number,
            endpoint: item.endpoint.to_string(),
            key: item.key.to_string(),
            job: item.job.as_ref().map(ToString::to_string),
            outcome,
        });
    }
}

impl<P: Place, S: System> Operator<P, S> {
    /// Drives an operation one step further. Whoever drives calls it each second, by one name; a
    /// driver that is not heard of for a minute may be followed by another, after
    /// [`Turn::Continue`](crate::Turn::Continue).
    ///
    /// # Errors
    ///
    /// Another driver has it, or the place failed. Then the next call goes on.
    pub async fn drive(&self, id: &OperationId, driver: &str) -> Result<Progress, Trouble> {
        let (plan, mut drive, tag) = self.open_books(id).await?;
        let is_under_way = match drive.phase {
            Phase::Canary | Phase::Running => true,
            // What was sent is still watched.
            Phase::Cancelled => !drive.open.is_empty(),
            Phase::Planned | Phase::Paused | Phase::Finished => false,
        };
        if !is_under_way {
            return Ok(drive.progress(plan, self.now()));
        }
        if !drive.lease(driver, self.now()) {
            return Err(taken(id));
        }
        self.recover(id, &mut drive).await?;
        let mut step = Step::default();
        self.look_back(id, &plan, &mut drive, &mut step).await?;
        self.look_ahead(id, &plan, &mut drive, &mut step).await?;
        let all_ended = drive.cursor >= plan.items && drive.open.is_empty();
        if all_ended && drive.phase != Phase::Cancelled {
            (drive.phase, drive.driver) = (Phase::Finished, None);
        }
        if !step.report.is_empty() {
            if !self.report(id, drive.reported, &step.report).await? {
                return Err(taken(id));
            }
            drive.reported = drive.reported.saturating_add(1);
        }
        self.save(id, &drive, tag.as_ref()).await?;
        for ready in &step.ready {
            // What is not sent is marked, and sent in a later step.
            self.dispatch(ready).await?;
        }
        Ok(drive.progress(plan, self.now()))
    }

    /// A driver may have died between its report and its cell: what it has reported has ended.
    async fn recover(&self, id: &OperationId, drive: &mut Drive) -> Result<(), Trouble> {
        while let Some(report) = self.reported(id, drive.reported).await? {
            for line in report {
                drive.count(line.outcome);
                if line.item >= drive.cursor {
                    drive.ahead.push(line.item);
                } else {
                    drive.open.retain(|open| open.item != line.item);
                    drive.note(line.outcome);
                }
            }
            drive.reported = drive.reported.saturating_add(1);
        }
        Ok(())
    }

    /// Looks what became of the items that were sent.
    async fn look_back(
        &self,
        id: &OperationId,
        plan: &Plan,
        drive: &mut Drive,
        step: &mut Step,
    ) -> Result<(), Trouble> {
        let mut items = self.items(id);
        for open in std::mem::take(&mut drive.open) {
            let Some(item) = items.get(open.item).await? else { continue };
            match self.seen(plan, &item, &open).await? {
                Seen::Ended(outcome) => {
                    step.ended(open.item, &item, outcome);
                    drive.count(outcome);
                    drive.note(outcome);
                }
                Seen::Unclaimed
                    if open.is_overdue(self.now()) && drive.phase != Phase::Cancelled =>
                {
                    self.send_again(id, plan, (open, &item), drive, step).await?;
                }
                Seen::Unclaimed | Seen::Under => {
                    let wait = drive.pace.canary_wait_seconds;
                    if drive.phase == Phase::Canary && open.is_older_than(wait, self.now()) {
                        drive.pause("the first has not come to an end in its time");
                    }
                    drive.open.push(open);
                }
            }
        }
        Ok(())
    }

    async fn seen(&self, plan: &Plan, item: &PlanItem, open: &Open) -> Result<Seen, Trouble> {
        // What runs of it is not known.
        let Some(job) = &item.job else { return Ok(Seen::Ended(Outcome::Sent)) };
        let event = EventRef { endpoint: item.endpoint.clone(), key: item.key.clone() };
        let history = self.place.history(&event).await?;
        let runs = history.as_ref().map(|history| history.runs.as_slice()).unwrap_or_default();
        let run = runs.iter().find(|run| run.id.job == *job);
        let generation = sent_generation(item, plan.mode == Mode::Resume);
        Ok(judge(run, open.attempt, generation))
    }

    /// Its driver may have died between the mark and the message. Under the same generation, a
    /// second message does nothing.
    async fn send_again(
        &self,
        id: &OperationId,
        plan: &Plan,
        (open, item): (Open, &PlanItem),
        drive: &mut Drive,
        step: &mut Step,
    ) -> Result<(), Trouble> {
        match self.look_at(id, plan, item).await? {
            Looked::Ready(ready) => {
                step.ready.push(*ready);
                drive.open.push(Open { again: open.again.saturating_add(1), ..open });
            }
            Looked::Skipped(outcome) => {
                step.ended(open.item, item, outcome);
                drive.count(outcome);
                drive.note(outcome);
            }
        }
        Ok(())
    }

    /// Looks at the next items, and makes those ready that are as they were planned.
    async fn look_ahead(
        &self,
        id: &OperationId,
        plan: &Plan,
        drive: &mut Drive,
        step: &mut Step,
    ) -> Result<(), Trouble> {
        let room = drive.allowance(self.now());
        if room == 0 || drive.cursor >= plan.items || self.place.depth().await?.visible > BUSY {
            return Ok(());
        }
        let (mut items, mut sent) = (self.items(id), 0_u64);
        for _ in 0..LOOKED_AT {
            let number = drive.cursor;
            let Some(item) = items.get(number).await? else { break };
            drive.cursor = number.saturating_add(1);
            if drive.ahead.contains(&number) {
                drive.ahead.retain(|ahead| *ahead != number);
                continue;
            }
            match self.look_at(id, plan, &item).await? {
                Looked::Ready(ready) => {
                    let (attempt, sent_ms) = (ready.attempt(), self.now().get());
                    drive.open.push(Open { item: number, attempt, sent_ms, again: 0 });
                    step.ready.push(*ready);
                    sent = sent.saturating_add(1);
                    if sent >= room {
                        break;
                    }
                }
                Looked::Skipped(outcome) => {
                    step.ended(number, &item, outcome);
                    drive.count(outcome);
                    if outcome == Outcome::Altered {
                        drive.pause("a stored body is not the one that was received");
                        return Ok(());
                    }
                }
            }
        }
        drive.paced(sent, self.now());
        Ok(())
    }
}

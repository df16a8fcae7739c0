//! What a person says to an operation: go, stop, go on, no more.

use hookdock_pipeline::model::names::OperationId;
use hookdock_pipeline::model::system::System;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operator::Operator;
use crate::ports::Place;
use crate::replay::books::taken;
use crate::replay::state::{Drive, Pace, Phase, Progress};
use crate::trouble::{Code, Trouble};

/// For how long a plan may be run, in hours.
const GOOD_FOR_HOURS: i64 = 24;

/// What is said to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Begin.
    Run,
    /// Send nothing until it is continued.
    Pause,
    /// Go on.
    Continue,
    /// Send nothing more, for good. What was sent runs.
    Cancel,
}

/// How an operation is turned.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TurnOrder {
    /// To begin: the number of items of the plan, as it was shown.
    pub confirm: Option<u64>,
    /// To begin or to go on: how fast. As before, without.
    pub pace: Option<Pace>,
    /// To pause: why.
    pub reason: Option<String>,
}

impl<P: Place, S: System> Operator<P, S> {
    /// Turns an operation.
    ///
    /// # Errors
    ///
    /// It is not in a phase for that, the number is another one, the plan is too old, or another
    /// driver has it.
    pub async fn turn(
        &self,
        id: &OperationId,
        turn: Turn,
        order: &TurnOrder,
    ) -> Result<Progress, Trouble> {
        let (plan, mut drive, tag) = self.open_books(id).await?;
        let now = self.now();
        match turn {
            Turn::Run => {
                self.may_begin(id, plan.items, &drive, order)?;
                drive.pace = order.pace.clone().unwrap_or_default().within_bounds();
                drive.go_on();
            }
            Turn::Continue => {
                let is_driven = drive.driver.as_ref().is_some_and(|one| now.get() < one.until_ms);
                match drive.phase {
                    Phase::Paused => {}
                    Phase::Canary | Phase::Running if is_driven => return Err(taken(id)),
                    // Its driver is gone.
                    Phase::Canary | Phase::Running => {}
                    other => return Err(not_so(id, "continued", other)),
                }
                if let Some(pace) = &order.pace {
                    drive.pace = pace.clone().within_bounds();
                }
                drive.driver = None;
                drive.go_on();
            }
            Turn::Pause => match drive.phase {
                Phase::Canary | Phase::Running => {
                    drive.pause(
                        order.reason.clone().unwrap_or_else(|| format!("by {}", self.actor)),
                    );
                }
                Phase::Paused => return Ok(drive.progress(plan, now)),
                other => return Err(not_so(id, "paused", other)),
            },
            Turn::Cancel => match drive.phase {
                Phase::Finished | Phase::Cancelled => {
                    return Err(not_so(id, "cancelled", drive.phase));
                }
                _ => (drive.phase, drive.driver) = (Phase::Cancelled, None),
            },
        }
        self.save(id, &drive, tag.as_ref()).await?;
        Ok(drive.progress(plan, now))
    }

    fn may_begin(
        &self,
        id: &OperationId,
        items: u64,
        drive: &Drive,
        order: &TurnOrder,
    ) -> Result<(), Trouble> {
        if drive.phase != Phase::Planned {
            return Err(not_so(id, "begun", drive.phase));
        }
        if order.confirm != Some(items) {
            let what = format!("operation {id} was not begun");
            let why = format!("the plan has {items} items, and that number was not confirmed");
            return Err(Trouble::new(Code::ConfirmMismatch, what, why)
                .next(format!("hookdock replay show {id}")));
        }
        let age = id.begun_at().until(self.now());
        if age.as_secs() > GOOD_FOR_HOURS.unsigned_abs().saturating_mul(3600) {
            let what = format!("operation {id} was not begun");
            let why = format!("a plan is good for {GOOD_FOR_HOURS} hours");
            return Err(Trouble::new(Code::PlanExpired, what, why).next("hookdock replay plan"));
        }
        Ok(())
    }
}

fn not_so(id: &OperationId, done: &str, phase: Phase) -> Trouble {
    let what = format!("operation {id} was not {done}");
    Trouble::new(Code::NothingToDo, what, format!("it is {}", phase.name()))
        .next(format!("hookdock replay show {id}"))
}

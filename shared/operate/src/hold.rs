//! Holds: what is in their scope waits in the ledger, uses no attempt, and goes on when the hold
//! ends or is released.

use std::time::Duration;

use hookdock_pipeline::ledger::{HOLDS_READ_EVERY, Hold, HoldScope, Holds, MOST_HOLDS};
use hookdock_pipeline::model::names::{CellName, CellTag, OperationId};
use hookdock_pipeline::model::pattern::Pattern;
use hookdock_pipeline::model::restart::{Effects, Mode};
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::{Cell, Conditional};
use hookdock_signature::EpochMillis;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::time;
use crate::operator::Operator;
use crate::ports::Place;
use crate::replay::{PlanOrder, Progress};
use crate::selection::Filters;
use crate::trouble::{Code, Trouble};

/// The longest hold: a run can wait for as long as its record lives, which is 30 days.
const LONGEST: Duration = Duration::from_secs(29 * 24 * 60 * 60);

/// How often the holds are read again, should somebody else change them at the same time.
const TRIES: usize = 5;

/// A hold, as it is asked for and answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HoldOrder {
    /// Runs of this endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Runs of this tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Runs of events of this type: a name, or its beginning and `*`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Runs of this job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Has to be said where nothing of the above is.
    pub all: bool,
    /// For how long.
    pub seconds: u64,
    /// Why, in the person's words.
    pub reason: String,
}

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HoldAccount {
    /// Its id.
    pub id: String,
    /// What is held.
    pub scope: HoldOrder,
    /// Until when.
    pub until: Timestamp,
    /// Who holds it.
    pub by: String,
}

impl<P: Place, S: System> Operator<P, S> {
    /// The holds that have not ended, the oldest first.
    ///
    /// # Errors
    ///
    /// The place cannot be read.
    pub async fn holds(&self) -> Result<Vec<HoldAccount>, Trouble> {
        let (holds, _) = self.read_holds().await?;
        Ok(holds.holds.iter().map(|hold| HoldAccount::of(hold, self.now())).collect())
    }

    /// Holds what is in the scope. Workers know of it within [`HOLDS_READ_EVERY`].
    ///
    /// # Errors
    ///
    /// The scope is everything or no scope, nothing says why or for how long, there are too many
    /// holds, or the place cannot be written.
    pub async fn hold(&self, order: &HoldOrder) -> Result<HoldAccount, Trouble> {
        let scope = scope(order)?;
        let hold = Hold {
            id: OperationId::new(self.now(), self.system.random()),
            scope,
            until: self.now().plus(Duration::from_secs(order.seconds)),
            by: self.actor.clone(),
            why: order.reason.clone(),
        };
        self.change_holds(|holds| {
            if holds.holds.len() >= MOST_HOLDS {
                let why = format!("there are {MOST_HOLDS} holds, and not more are kept");
                return Err(refused(Code::BadRequest, &why).next("hookdock hold list"));
            }
            holds.holds.push(hold.clone());
            Ok(())
        })
        .await?;
        Ok(HoldAccount::of(&hold, self.now()))
    }

    /// Ends a hold, and plans a replay of what waits for it. It takes as long as workers need to
    /// know that it has ended.
    ///
    /// # Errors
    ///
    /// There is no such hold, or the place cannot be read or written.
    pub async fn release(&self, id: &OperationId) -> Result<Progress, Trouble> {
        let mut released = None;
        self.change_holds(|holds| {
            let place = holds.holds.iter().position(|hold| hold.id == *id);
            let place = place.ok_or_else(|| {
                let what = format!("there is no hold {id}");
                Trouble::new(Code::NotFound, what, "it has ended, or never was")
                    .next("hookdock hold list")
            })?;
            released = Some(holds.holds.remove(place));
            Ok(())
        })
        .await?;
        self.system.sleep(HOLDS_READ_EVERY + Duration::from_secs(1)).await;
        self.plan(PlanOrder {
            selection: Filters {
                state: Some("waiting".to_owned()),
                reason: released.as_ref().map(Hold::cause),
                ..Filters::default()
            },
            mode: Mode::Resume,
            effects: Effects::Same,
            job_added: None,
            reason: format!("{id} was released"),
        })
        .await
    }

    async fn read_holds(&self) -> Result<(Holds, Option<CellTag>), Trouble> {
        let cell = self.place.cell(&CellName::of_holds()).await?;
        let mut holds = Holds::read(cell.as_ref().and_then(|cell| cell.live(self.now())));
        holds.holds.retain(|hold| self.now() < hold.until);
        Ok((holds, cell.map(|cell| cell.tag)))
    }

    async fn change_holds(
        &self,
        mut change: impl FnMut(&mut Holds) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        for _ in 0..TRIES {
            let (mut holds, tag) = self.read_holds().await?;
            change(&mut holds)?;
            let cell = Cell {
                tag: CellTag::new(self.system.random()),
                value: serde_json::to_string(&holds).unwrap_or_default(),
                expires_at: self.now().plus(LONGEST).to_seconds(),
            };
            let swapped = self.place.swap(&CellName::of_holds(), tag.as_ref(), &cell).await?;
            if swapped == Conditional::Written {
                return Ok(());
            }
        }
        Err(refused(Code::Changed, "others changed the holds each time"))
    }
}

impl HoldAccount {
    fn of(hold: &Hold, now: EpochMillis) -> Self {
        let HoldScope { endpoint, tenant, event_type, job } = hold.scope.clone();
        let all = hold.scope == HoldScope::default();
        let (seconds, reason) = (now.until(hold.until).as_secs(), hold.why.clone());
        Self {
            id: hold.id.to_string(),
            scope: HoldOrder { endpoint, tenant, event_type, job, all, seconds, reason },
            until: time(hold.until),
            by: hold.by.clone(),
        }
    }
}

/// The scope, if all that is said of it can be used.
fn scope(order: &HoldOrder) -> Result<HoldScope, Trouble> {
    let HoldOrder { endpoint, tenant, event_type, job, .. } = order.clone();
    let scope = HoldScope { endpoint, tenant, event_type, job };
    if (scope == HoldScope::default()) != order.all {
        let why = "say which runs, by endpoint, tenant, type or job; or all of them";
        return Err(refused(Code::SelectionEmpty, why));
    }
    if order.reason.trim().is_empty() {
        return Err(refused(Code::BadRequest, "a hold needs a reason"));
    }
    if order.seconds == 0 || LONGEST.as_secs() < order.seconds {
        let why = format!("a hold lasts from a second to {} days", LONGEST.as_secs() / 86_400);
        return Err(refused(Code::BadRequest, &why));
    }
    if let Some(pattern) = &scope.event_type {
        pattern.parse::<Pattern>()?;
    }
    Ok(scope)
}

fn refused(code: Code, why: &str) -> Trouble {
    Trouble::new(code, "nothing was held", why)
}

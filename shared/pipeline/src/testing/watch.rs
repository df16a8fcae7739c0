//! Sees every call of a trial, and lets one of them go wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ledger::{Run, RunId};
use crate::model::names::{JobName, StepName};
use crate::model::port_error::{PortError, PortErrorKind};
use crate::testing::report::{Interruption, Trouble};

/// Which call of a trial is to go wrong, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) call: usize,
    pub(super) trouble: Trouble,
}

/// Where something happened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) job: Option<JobName>,
    pub(super) step: Option<StepName>,
}

/// Something that happened outside, as it is counted.
#[derive(Debug, Clone)]
pub(super) struct Effect {
    /// What, such as `an e-mail`.
    pub(super) what: String,
    /// What it is known by at its target, which does not do it again under the same.
    pub(super) key: Option<String>,
}

/// How often something happened.
#[derive(Debug, Clone, Default)]
pub(super) struct Times {
    keys: BTreeSet<String>,
    without_key: usize,
}

impl Times {
    pub(super) fn count(&self) -> usize {
        self.keys.len().saturating_add(self.without_key)
    }
}

/// What happened in a trial.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) calls: usize,
    pub(super) interruption: Option<Interruption>,
    /// The runs as they were written last.
    pub(super) runs: BTreeMap<RunId, Run>,
    pub(super) effects: BTreeMap<(Place, String), Times>,
    /// Steps that were begun after they had been saved.
    pub(super) again: BTreeSet<Place>,
    saved: BTreeSet<Place>,
    /// The run that was written last: jobs take turns.
    current: Option<RunId>,
}

/// The eye on a trial. A clone is the same.
#[derive(Debug, Clone)]
pub(super) struct Watch(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    plan: Option<Plan>,
    dead: bool,
    seen: Seen,
}

impl Watch {
    pub(super) fn new(plan: Option<Plan>) -> Self {
        Self(Arc::new(Mutex::new(State { plan, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the worker has died since this was asked last.
    pub(super) fn takes_death(&self) -> bool {
        std::mem::take(&mut self.state().dead)
    }

    pub(super) fn take(&self) -> Seen {
        std::mem::take(&mut self.state().seen)
    }

    /// One call, which may go wrong. `happened` notes what it did.
    pub(super) async fn call<T: Send>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, PortError>> + Send,
        happened: impl FnOnce(&mut Seen, &T) + Send,
    ) -> Result<T, PortError> {
        let trouble = self.trouble(what);
        let failed = || PortError::new("make the call", PortErrorKind::Unavailable);
        if trouble == Some(Trouble::Fails) {
            return Err(failed());
        }
        let answer = work.await?;
        happened(&mut self.state().seen, &answer);
        match trouble {
            None => Ok(answer),
            Some(Trouble::Fails | Trouble::Unanswered) => Err(failed()),
            Some(Trouble::Dies) => {
                self.state().dead = true;
                pending().await
            }
        }
    }

    fn trouble(&self, what: &str) -> Option<Trouble> {
        let mut state = self.state();
        let call = state.seen.calls;
        state.seen.calls = call.saturating_add(1);
        let trouble = state.plan.filter(|plan| plan.call == call)?.trouble;
        let place = state.seen.place(None);
        let call = what.to_owned();
        state.seen.interruption = Some(Interruption { call, step: place.step, trouble });
        Some(trouble)
    }
}

impl Seen {
    /// A run was written.
    pub(super) fn wrote(&mut self, run: &Run) {
        for step in &run.steps {
            let place = Place { job: Some(run.id.job.clone()), step: Some(step.name.clone()) };
            if step.saved.is_some() {
                self.saved.insert(place);
            } else if self.saved.contains(&place) {
                self.again.insert(place);
            }
        }
        self.current = Some(run.id.clone());
        self.runs.insert(run.id.clone(), run.clone());
    }

    /// Something happened outside.
    pub(super) fn did(&mut self, effect: Effect) {
        let place = self.place(effect.key.as_deref());
        let times = self.effects.entry((place, effect.what)).or_default();
        match effect.key {
            Some(key) => drop(times.keys.insert(key)),
            None => times.without_key = times.without_key.saturating_add(1),
        }
    }

    /// The step whose key that is, or the one that was begun last and is not saved.
    fn place(&self, key: Option<&str>) -> Place {
        let run = self.current.as_ref().and_then(|id| self.runs.get(id));
        let Some(run) = run else {
            return Place { job: None, step: None };
        };
        let named = run.steps.iter().find(|step| {
            let own = crate::job::EffectKey::of(&run.id, run.effects_of, &step.name);
            key.is_some_and(|key| key.contains(own.as_str()))
        });
        let open = || {
            let mut own = run.steps.iter().rev().filter(|step| step.attempt == run.attempt);
            own.find(|step| step.saved.is_none())
        };
        let step = named.or_else(open).map(|step| step.name.clone());
        Place { job: Some(run.id.job.clone()), step }
    }
}

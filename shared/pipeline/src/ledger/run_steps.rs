//! How the steps of a run move: begun, saved.

use hookdock_signature::EpochMillis;

use crate::ledger::run::Run;
use crate::ledger::step::{Saved, StepRecord, StepResult};
use crate::model::names::StepName;

impl Run {
    /// The step of that name, if it was ever begun.
    #[must_use]
    pub fn step(&self, name: &StepName) -> Option<&StepRecord> {
        self.steps.iter().find(|step| step.name == *name)
    }

    /// Whether the step of that name has a result.
    #[must_use]
    pub fn has_saved(&self, name: &StepName) -> bool {
        self.step(name).is_some_and(|step| step.saved.is_some())
    }

    /// The run with the step begun by its present attempt. A step that has a result keeps it.
    #[must_use]
    pub fn step_begun(&self, name: &StepName, at: EpochMillis) -> Self {
        self.with_step(StepRecord {
            name: name.clone(),
            attempt: self.attempt,
            started_at: at,
            saved: None,
        })
    }

    /// The run with the step's result, if it has none yet.
    #[must_use]
    pub fn step_saved(&self, name: &StepName, result: StepResult, at: EpochMillis) -> Self {
        let begun = self.step(name);
        self.with_step(StepRecord {
            name: name.clone(),
            attempt: self.attempt,
            started_at: begun.map_or(at, |step| step.started_at),
            saved: Some(Saved { at, result }),
        })
    }

    /// The step that the present attempt got to: the one it is in, or else the last it saved.
    #[must_use]
    pub fn step_reached(&self) -> Option<&StepName> {
        let own = || self.steps.iter().rev().filter(|step| step.attempt == self.attempt);
        let unsaved = own().find(|step| step.saved.is_none());
        unsaved.or_else(|| own().next()).map(|step| &step.name)
    }

    fn with_step(&self, step: StepRecord) -> Self {
        if self.has_saved(&step.name) {
            return self.clone();
        }
        let mut next = Self {
            updated_at: step.saved.as_ref().map_or(step.started_at, |saved| saved.at),
            writes: self.writes.saturating_add(1),
            ..self.clone()
        };
        match next.steps.iter_mut().find(|known| known.name == step.name) {
            Some(known) => *known = step,
            None => next.steps.push(step),
        }
        next
    }
}

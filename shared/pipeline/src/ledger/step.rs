//! The steps of a run: what was begun, what was saved, and the moves between them.

use hookdock_signature::EpochMillis;

use crate::ledger::run::Run;
use crate::model::names::{BodyDigest, StepName};

/// A step of a run, as recorded.
///
/// A step that was begun and not saved is **unknown**: its work may or may not have happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRecord {
    /// Its name, by which a later attempt finds it. The order of steps means nothing.
    pub name: StepName,
    /// The attempt that began it last.
    pub attempt: u32,
    /// When that was.
    pub started_at: EpochMillis,
    /// What it yielded, once it has.
    pub saved: Option<Saved>,
}

/// The result of a step, which no attempt works for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// When it was saved.
    pub at: EpochMillis,
    /// What was saved.
    pub result: StepResult,
}

/// What a step yielded: JSON text, so that it comes back exactly as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepResult {
    /// It is in the run.
    Inline(String),
    /// It is too large for that, and kept as a document.
    Kept {
        /// The digest of the document.
        sha256: BodyDigest,
        /// Its size.
        bytes: u64,
    },
}

impl StepResult {
    /// How much room it takes in the run.
    #[must_use]
    pub fn inline_bytes(&self) -> usize {
        match self {
            Self::Inline(json) => json.len(),
            Self::Kept { .. } => 0,
        }
    }
}

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

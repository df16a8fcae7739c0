//! What an effect of a run is known by.

use derive_more::Display;
use sha2::{Digest as _, Sha256};

use crate::ledger::run::RunId;
use crate::model::names::StepName;

/// What one effect of a run is known by: the same over all attempts, another for each step. 43
/// letters, digits and dashes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Display)]
pub struct EffectKey(String);

impl EffectKey {
    /// The key of a run's step. It carries the generation from which on everything happens again,
    /// if a person has wanted that; 0 is none.
    #[must_use]
    pub fn of(run: &RunId, generation: u32, step: &StepName) -> Self {
        let RunId { event, job } = run;
        let parts = [event.endpoint.as_str(), event.key.as_str(), job.as_str(), step.as_str()];
        // No name holds the separator.
        let mut digest = Sha256::new_with_prefix(parts.join("\n"));
        if generation > 0 {
            digest.update(format!("\n{generation}"));
        }
        let digest = digest.finalize();
        let hex = digest.iter().take(20).map(|byte| format!("{byte:02x}"));
        Self(format!("hd-{}", hex.collect::<String>()))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

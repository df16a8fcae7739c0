//! The steps of a run: what was begun, what was saved, and the moves between them.

use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};

use crate::model::names::{BodyDigest, StepName};

/// A step of a run, as recorded.
///
/// A step that was begun and not saved is **unknown**: its work may or may not have happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Its name, by which a later attempt finds it. The order of steps means nothing.
    pub name: StepName,
    /// The attempt that began it last.
    pub attempt: u32,
    /// When that was.
    #[serde(rename = "started_at_ms")]
    pub started_at: EpochMillis,
    /// What it yielded, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<Saved>,
}

/// The result of a step, which no attempt works for again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// When it was saved.
    #[serde(rename = "at_ms")]
    pub at: EpochMillis,
    /// What was saved.
    pub result: StepResult,
}

/// What a step yielded: JSON text, so that it comes back exactly as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

//! The stored form of a run: versioned, and flat where a store compares or sorts by a field.

use hookdock_signature::EpochSeconds;
use serde::{Deserialize, Serialize};

use crate::ledger::run::Run;
use crate::ledger::stored::VERSION;
use crate::model::versioned::Unreadable;

/// A stored run. Times are milliseconds since the epoch, but for `expires_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunItem {
    /// The version of this form.
    pub version: u32,
    /// The run.
    #[serde(flatten)]
    pub run: Run,
    /// When the record may be cleaned up.
    pub expires_at: EpochSeconds,
}

impl From<&Run> for RunItem {
    fn from(run: &Run) -> Self {
        let expires_at = run.expires_at().to_seconds();
        Self { version: VERSION, run: run.clone(), expires_at }
    }
}

impl RunItem {
    /// The run, unless another version wrote it.
    ///
    /// # Errors
    ///
    /// Another version did.
    pub fn known(self) -> Result<Run, Unreadable> {
        match self.version {
            VERSION => Ok(self.run),
            version => Err(Unreadable::Version(version)),
        }
    }
}

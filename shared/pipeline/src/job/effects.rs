//! What a job may reach.

use std::fmt;
use std::sync::Arc;

use crate::ports::Records;

/// The ports that jobs reach the world through. A job gets at them through its
/// [`Context`](crate::job::Context).
#[derive(Clone)]
pub struct Effects {
    records: Arc<dyn Records>,
}

impl Effects {
    /// Jobs can write business records.
    #[must_use]
    pub fn new(records: Arc<dyn Records>) -> Self {
        Self { records }
    }

    /// The business records.
    #[must_use]
    pub fn records(&self) -> &dyn Records {
        self.records.as_ref()
    }
}

impl fmt::Debug for Effects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Effects").finish_non_exhaustive()
    }
}

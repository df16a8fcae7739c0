//! The configuration of the maintenance function, which the processor has too.

use super::environment::variable;
use super::reader::{ConfigProblems, Raw, any, url};

/// The queues and tables of a worker. The maintenance function writes to no dead-letter queue and
/// no records; their names come with the ports that it shares with the processor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerConfig {
    /// The queue of the references.
    pub queue_url: String,
    /// The dead-letter queue.
    pub dead_letter_url: String,
    /// The ledger.
    pub table: String,
    /// What the jobs write.
    pub records_table: String,
}

impl LedgerConfig {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// Everything that is missing or wrong.
    pub fn from_env() -> Result<Self, ConfigProblems> {
        let mut raw = Raw::new(variable);
        let config = Self::read(&mut raw);
        raw.checked(config)
    }

    pub(super) fn read<F: Fn(&str) -> Option<String>>(raw: &mut Raw<F>) -> Self {
        Self {
            queue_url: raw.required("HOOKDOCK_QUEUE_URL", url),
            dead_letter_url: raw.required("HOOKDOCK_DLQ_URL", url),
            table: raw.required("HOOKDOCK_TABLE", any),
            records_table: raw.required("HOOKDOCK_RECORDS_TABLE", any),
        }
    }
}

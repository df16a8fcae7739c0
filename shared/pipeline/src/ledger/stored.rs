//! What all records share: their life, their version, and why one is not read.

use std::time::Duration;

/// How long records live: longer than any provider retries, and than a message can stay in the
/// queue and the dead-letter queue together.
pub const RECORD_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The version this code writes. It reads no other.
pub(super) const VERSION: u32 = 1;

/// Why a stored item is not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableItem {
    /// It was written by another version.
    #[error("version {0} of the record is not known")]
    Version(u32),
    /// A value is missing or unknown.
    #[error("the record's {0} is missing or not known")]
    Field(&'static str),
}

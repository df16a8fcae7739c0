//! What all records share: their life, and their version.

use std::time::Duration;

/// How long records live: longer than any provider retries, and than a message can stay in the
/// queue and the dead-letter queue together.
pub const RECORD_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The version this code writes. It reads no other.
pub(super) const VERSION: u32 = 1;

//! Times as people write them.

use std::time::Duration;

use hookdock_signature::EpochMillis;
use jiff::Timestamp;
use serde::{Deserialize as _, Deserializer};

/// The instant as a timestamp; a time outside of years -9999 to 9999 becomes the epoch.
pub(crate) fn timestamp(at: EpochMillis) -> Timestamp {
    Timestamp::from_millisecond(at.get()).unwrap_or_default()
}

/// A time that is written in seconds.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    u64::deserialize(from).map(Duration::from_secs)
}

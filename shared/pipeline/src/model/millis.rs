//! Times in written forms: milliseconds since the epoch.

use hookdock_signature::EpochMillis;
use jiff::Timestamp;
use serde::{Deserialize as _, Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(time: &EpochMillis, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_i64(time.get())
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<EpochMillis, D::Error> {
    i64::deserialize(from).map(EpochMillis::new)
}

/// The instant as a timestamp; a time outside of years -9999 to 9999 becomes the epoch.
pub(crate) fn timestamp(at: EpochMillis) -> Timestamp {
    Timestamp::from_millisecond(at.get()).unwrap_or_default()
}

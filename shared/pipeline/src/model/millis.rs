//! Times for people.

use hookdock_signature::EpochMillis;
use jiff::Timestamp;

/// The instant as a timestamp; a time outside of years -9999 to 9999 becomes the epoch.
pub(crate) fn timestamp(at: EpochMillis) -> Timestamp {
    Timestamp::from_millisecond(at.get()).unwrap_or_default()
}

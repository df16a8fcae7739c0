//! The times that senders state.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::definition::signature::Unit;
use crate::{EpochMillis, EpochSeconds};

/// Reads a time. No sign, no fraction, no blank in the two plain forms.
pub(crate) fn instant(text: &str, unit: Unit) -> Option<EpochMillis> {
    match unit {
        Unit::S => Some(EpochSeconds::new(digits(text)?).to_millis()),
        Unit::Ms => Some(EpochMillis::new(digits(text)?)),
        Unit::Iso8601 => iso8601(text),
    }
}

fn digits(text: &str) -> Option<i64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// A time without a zone is UTC.
fn iso8601(text: &str) -> Option<EpochMillis> {
    let zoned = text.parse::<Timestamp>().ok();
    let instant = zoned.or_else(|| {
        let local: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(local).ok()
    })?;
    Some(EpochMillis::new(instant.as_millisecond()))
}

/// Writes a time as a sender would. Nothing for a time that no calendar has.
pub(crate) fn text(at: EpochMillis, unit: Unit) -> Option<String> {
    match unit {
        Unit::S => Some(at.to_seconds().to_string()),
        Unit::Ms => Some(at.to_string()),
        Unit::Iso8601 => Some(Timestamp::from_millisecond(at.get()).ok()?.to_string()),
    }
}

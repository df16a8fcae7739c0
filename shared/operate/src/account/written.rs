//! Times and codes as they are answered.

use hookdock_signature::EpochMillis;
use jiff::Timestamp;
use serde::Serialize;

/// The name under which a value is stored.
pub(crate) fn code(value: &impl Serialize) -> String {
    let code = serde_json::to_value(value).ok();
    code.and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The instant as it is answered.
pub(crate) fn time(at: EpochMillis) -> Timestamp {
    Timestamp::from_millisecond(at.get()).unwrap_or_default()
}

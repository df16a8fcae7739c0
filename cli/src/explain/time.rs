//! The time that the sender states.

use hookdock_signature::describe::{Definition, Time};
use hookdock_signature::{EpochMillis, EpochSeconds, Headers};
use serde_json::Value;

use crate::explain::case::Case;
use crate::explain::changes::{Change, Unit};
use crate::explain::finding::{Clock, Finding};
use crate::explain::variant::{Part, Variant};
use crate::input::rfc3339;

/// From here on a count of seconds is a count of milliseconds: the year 5138.
const FIRST_MILLIS: i64 = 100_000_000_000;

/// A time in a request, and how it is written there.
struct Stated {
    time: Time,
    text: String,
    at: EpochMillis,
    unit: Unit,
}

/// How far the stated time is from now, and whether its unit is another.
pub(crate) fn clock(case: &Case<'_>, definition: &Definition) -> Vec<Finding> {
    let Some(Stated { time, at, unit, .. }) = stated(case, definition) else { return Vec::new() };
    let clock = Finding::Clock(Clock {
        stated: rfc3339(at),
        skew_seconds: case.now.to_seconds().saturating_since(at.to_seconds()),
        tolerance_seconds: case.provider.scheme().tolerance_seconds().or(time.tolerance_seconds),
    });
    let expected = expected_unit(&time);
    let wrong = (unit != expected).then_some(Finding::TimeUnit { stated: unit, expected });
    std::iter::once(clock).chain(wrong).collect()
}

/// The headers with the time in the provider's unit, where it is in another.
pub(crate) fn variant(case: &Case<'_>, definition: &Definition) -> Option<Variant> {
    let Stated { time, text, at, unit: from } = stated(case, definition)?;
    let to = expected_unit(&time);
    let right = match (from, to) {
        (Unit::Milliseconds, Unit::Seconds) => at.to_seconds().to_string(),
        (Unit::Seconds, Unit::Milliseconds) => at.to_string(),
        _ => return None,
    };
    let headers = case.headers().iter();
    let headers: Headers =
        headers.map(|(name, value)| (name, value.replace(&text, &right))).collect();
    Some(Variant { change: Change::Time { from, to }, part: Part::Headers(headers) })
}

/// The time of the first scheme that has one in this request.
fn stated(case: &Case<'_>, definition: &Definition) -> Option<Stated> {
    definition.schemes().find_map(|scheme| {
        let time = scheme.time.clone()?;
        let carriers = scheme.carrier.headers.iter().map(String::as_str);
        let (text, at, unit) = scheme
            .time_header()
            .into_iter()
            .chain(carriers)
            .find_map(|name| instant(case.headers().single(name).ok()??))
            .or_else(|| instant(&in_json(&case.request.body, &time)?))?;
        Some(Stated { time, text, at, unit })
    })
}

fn in_json(body: &[u8], time: &Time) -> Option<String> {
    let path = (time.from == "json").then(|| format!("/{}", time.name.replace('.', "/")))?;
    let root: Value = serde_json::from_slice(body).ok()?;
    match root.pointer(&path)? {
        Value::String(text) => Some(text.clone()),
        found => found.is_number().then(|| found.to_string()),
    }
}

/// A time in a calendar's form, or the first part that is a count and not of a signature.
fn instant(value: &str) -> Option<(String, EpochMillis, Unit)> {
    if let Ok(time) = value.trim().parse::<jiff::Timestamp>() {
        let at = EpochMillis::new(time.as_millisecond());
        return Some((value.trim().to_owned(), at, Unit::Calendar));
    }
    let mut parts = value.split(|char: char| !char.is_ascii_alphanumeric());
    let is_count = |part: &&str| {
        (10..=13).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let count = parts.find(is_count)?;
    let number: i64 = count.parse().ok()?;
    let (at, unit) = match number >= FIRST_MILLIS {
        true => (EpochMillis::new(number), Unit::Milliseconds),
        false => (EpochSeconds::new(number).to_millis(), Unit::Seconds),
    };
    Some((count.to_owned(), at, unit))
}

fn expected_unit(time: &Time) -> Unit {
    match time.unit {
        "ms" => Unit::Milliseconds,
        "iso8601" => Unit::Calendar,
        _ => Unit::Seconds,
    }
}

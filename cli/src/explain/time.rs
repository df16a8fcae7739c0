//! The time that the sender states.

use hookdock_signature::{EpochMillis, EpochSeconds, Headers};
use serde_json::Value;

use crate::definition::{Definition, Scheme, Time};
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
    definition.schemes().iter().find_map(|scheme| {
        let time = scheme.timestamp.clone()?;
        let text = text(case, scheme, &time)?;
        let (at, unit) = instant(&text)?;
        Some(Stated { time, text, at, unit })
    })
}

fn text(case: &Case<'_>, scheme: &Scheme, time: &Time) -> Option<String> {
    match &*time.from {
        "header" => single(case.headers(), &time.name),
        "signature_field" => {
            let carriers = scheme.signature_headers(case.provider);
            carriers.iter().find_map(|name| count_in(&single(case.headers(), name)?))
        }
        "json" => in_json(&case.request.body, &time.name),
        _ => None,
    }
}

fn single(headers: &Headers, name: &str) -> Option<String> {
    headers.single(name).ok().flatten().map(|value| value.trim().to_owned())
}

/// The first part that is a count of seconds or milliseconds, and not of a signature.
fn count_in(value: &str) -> Option<String> {
    let mut parts = value.split(|char: char| !char.is_ascii_alphanumeric());
    let is_count = |part: &&str| {
        (10..=13).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    parts.find(is_count).map(str::to_owned)
}

fn in_json(body: &[u8], path: &str) -> Option<String> {
    let root: Value = serde_json::from_slice(body).ok()?;
    match root.pointer(&format!("/{}", path.replace('.', "/")))? {
        Value::String(text) => Some(text.clone()),
        found => found.is_number().then(|| found.to_string()),
    }
}

/// What a time means, whatever its unit.
fn instant(text: &str) -> Option<(EpochMillis, Unit)> {
    if let Ok(number) = text.parse::<i64>() {
        return Some(match number.abs() >= FIRST_MILLIS {
            true => (EpochMillis::new(number), Unit::Milliseconds),
            false => (EpochSeconds::new(number).to_millis(), Unit::Seconds),
        });
    }
    let zoned: jiff::Timestamp = text.parse().ok()?;
    Some((EpochMillis::new(zoned.as_millisecond()), Unit::Calendar))
}

fn expected_unit(time: &Time) -> Unit {
    match &*time.unit {
        "ms" => Unit::Milliseconds,
        "iso8601" => Unit::Calendar,
        _ => Unit::Seconds,
    }
}

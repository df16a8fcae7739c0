//! The time that the sender states.

use hookdock_signature::describe::{Definition, Scheme, Time};
use hookdock_signature::{EpochMillis, EpochSeconds, Headers};
use serde_json::Value;

use crate::explain::{Case, Finding, Unit};
use crate::given::rfc3339;

/// From here on a count of seconds is a count of milliseconds: the year 5138.
const FIRST_MILLIS: i64 = 100_000_000_000;

/// How far the stated time is from now, and whether its unit is another.
pub(crate) fn clock(case: &Case<'_>, definition: &Definition) -> Vec<Finding> {
    let Some((time, text)) = stated(case, definition) else { return Vec::new() };
    let Some((at, unit)) = instant(&text) else { return Vec::new() };
    let skew = case.now.to_seconds().saturating_since(at.to_seconds());
    let clock = Finding::Clock {
        stated: rfc3339(at),
        skew_seconds: skew,
        tolerance_seconds: case.provider.scheme().tolerance_seconds().or(time.tolerance_seconds),
    };
    let expected = expected_unit(&time);
    let wrong = (unit != expected).then_some(Finding::TimeUnit { stated: unit, expected });
    std::iter::once(clock).chain(wrong).collect()
}

/// The headers with the time in the provider's unit, where it is in another.
pub(crate) fn in_the_right_unit(
    case: &Case<'_>,
    definition: &Definition,
) -> Option<(Unit, Unit, Headers)> {
    let (time, text) = stated(case, definition)?;
    let (at, unit) = instant(&text)?;
    let expected = expected_unit(&time);
    let right = match (unit, expected) {
        (Unit::Milliseconds, Unit::Seconds) => at.to_seconds().to_string(),
        (Unit::Seconds, Unit::Milliseconds) => at.to_string(),
        _ => return None,
    };
    let replaced = case.headers().iter().map(|(name, value)| (name, value.replace(&text, &right)));
    Some((unit, expected, replaced.collect()))
}

/// The first scheme that has a time in this request, and the text of it.
fn stated(case: &Case<'_>, definition: &Definition) -> Option<(Time, String)> {
    definition.schemes().find_map(|scheme| {
        let time = scheme.time.clone()?;
        let text = text(case, scheme, &time)?;
        Some((time, text))
    })
}

fn text(case: &Case<'_>, scheme: &Scheme, time: &Time) -> Option<String> {
    match time.from {
        "header" => single(case.headers(), &time.name),
        "signature_field" => {
            let carriers = &scheme.carrier.headers;
            let value = carriers.iter().find_map(|name| single(case.headers(), name))?;
            field(&value, scheme, time)
        }
        "json" => in_json(&case.request.body, &time.name),
        _ => None,
    }
}

fn single(headers: &Headers, name: &str) -> Option<String> {
    headers.single(name).ok().flatten().map(|value| value.trim().to_owned())
}

/// `t=1` by its name, or by its place: `#0` is the first.
fn field(value: &str, scheme: &Scheme, time: &Time) -> Option<String> {
    let separator = scheme.carrier.item_sep.as_deref()?;
    let mut items = value.split(separator).map(str::trim);
    let text = match time.name.strip_prefix('#') {
        Some(place) => items.nth(place.parse().ok()?)?,
        None => items.find_map(|item| item.strip_prefix(&*time.name)?.strip_prefix('='))?,
    };
    Some(text.to_owned())
}

fn in_json(body: &[u8], path: &str) -> Option<String> {
    let root: Value = serde_json::from_slice(body).ok()?;
    let found = path.split('.').try_fold(&root, |value, key| value.get(key))?;
    match found {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
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
    match time.unit {
        "ms" => Unit::Milliseconds,
        "iso8601" => Unit::Calendar,
        _ => Unit::Seconds,
    }
}

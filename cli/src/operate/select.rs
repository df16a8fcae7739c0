//! The selection flags, the same in lists and in acts, as the query of the API.

use std::fmt;
use std::str::FromStr;

use clap::Args;
use form_urlencoded::Serializer;
use hookdock_embedded::SystemClock;
use hookdock_pipeline::model::system::System as _;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Which events are meant.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SelectionArguments {
    /// The endpoint
    #[arg(long)]
    pub(crate) endpoint: Option<String>,
    /// The tenant
    #[arg(long)]
    pub(crate) tenant: Option<String>,
    /// A type, or its beginning and *
    #[arg(long = "type", value_name = "PATTERN")]
    event_type: Option<String>,
    /// The state: dead, retrying, waiting, running, queued, dismissed, done, ignored ...
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// The job of a run
    #[arg(long)]
    job: Option<String>,
    /// Why a run is dead, waits or was ignored
    #[arg(long)]
    reason: Option<String>,
    /// The class of what went wrong last
    #[arg(long, value_name = "CLASS")]
    error_class: Option<String>,
    /// A text in the message of what went wrong last
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// The version of the code of the last attempt
    #[arg(long, value_name = "VERSION")]
    code: Option<String>,
    /// The provider's id
    #[arg(long)]
    id: Option<String>,
    /// Not before: 2h, 3d, today (in your zone), or a time such as 2026-11-30T08:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<Moment>,
    /// Before: the same
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
}

/// A time that a person wrote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(Timestamp);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let now = Timestamp::from_millisecond(SystemClock.now().get()).unwrap_or_default();
        moment(text, now, TimeZone::system())
            .map(Self)
            .ok_or_else(|| "write 90m, 2h, 3d, today, or 2026-11-30T08:00:00Z".to_owned())
    }
}

/// A length of time that a person wrote, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span(u32);

impl Span {
    pub(crate) fn seconds(self) -> u32 {
        self.0
    }
}

impl FromStr for Span {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        const UNITS: [(char, u32); 4] = [('s', 1), ('m', 60), ('h', 60 * 60), ('d', 24 * 60 * 60)];
        let read = UNITS.into_iter().find_map(|(unit, seconds)| {
            let count: u32 = text.strip_suffix(unit)?.parse().ok()?;
            count.checked_mul(seconds)
        });
        read.map(Self).ok_or("write 30s, 10m, 2h or 1d")
    }
}

fn moment(text: &str, now: Timestamp, zone: TimeZone) -> Option<Timestamp> {
    if text == "today" {
        return now.to_zoned(zone).start_of_day().ok().map(|start| start.timestamp());
    }
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let Span(seconds) = text.parse().ok()?;
    now.checked_sub(SignedDuration::from_secs(seconds.into())).ok()
}

impl SelectionArguments {
    /// Whether nothing is said, so that everything would be meant.
    pub(crate) fn is_empty(&self) -> bool {
        self.pairs().next().is_none()
    }

    /// The job, if one is said.
    pub(crate) fn job(&self) -> Option<&str> {
        self.job.as_deref()
    }

    fn pairs(&self) -> impl Iterator<Item = (&'static str, String)> {
        let time = |moment: Option<Moment>| moment.map(|Moment(time)| time.to_string());
        [
            ("endpoint", self.endpoint.clone()),
            ("tenant", self.tenant.clone()),
            ("type", self.event_type.clone()),
            ("state", self.state.clone()),
            ("job", self.job.clone()),
            ("reason", self.reason.clone()),
            ("error_class", self.error_class.clone()),
            ("message", self.message.clone()),
            ("code", self.code.clone()),
            ("id", self.id.clone()),
            ("since", time(self.since)),
            ("until", time(self.until)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }

    /// The selection as members of JSON.
    pub(crate) fn members(&self) -> serde_json::Value {
        self.pairs()
            .map(|(name, value)| (name.to_owned(), serde_json::Value::from(value)))
            .collect()
    }

    /// The path with the selection, and with what else is said, as its query.
    pub(crate) fn query(&self, path: &str, more: &[(&str, Option<String>)]) -> String {
        let pairs = self.pairs().map(|(name, value)| (name, Some(value)));
        query(path, &pairs.chain(more.iter().cloned()).collect::<Vec<_>>())
    }
}

/// The path with these parameters.
pub(crate) fn query(path: &str, parameters: &[(&str, Option<String>)]) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_people_say_it() {
        let now: Timestamp = "2026-11-30T15:32:21Z".parse().expect("a time");
        for (text, time) in [
            ("90m", "2026-11-30T14:02:21Z"),
            ("3d", "2026-11-27T15:32:21Z"),
            ("today", "2026-11-30T00:00:00Z"),
            ("2026-11-01T00:00:00+01:00", "2026-10-31T23:00:00Z"),
        ] {
            let read = moment(text, now, TimeZone::UTC);
            assert_eq!(read.map(|time| time.to_string()).as_deref(), Some(time));
        }
        for bad in ["", "h", "2w", "yesterday", "99999999999999d"] {
            assert_eq!(moment(bad, now, TimeZone::UTC), None, "{bad}");
        }
    }

    #[test]
    fn nothing_of_a_value_leaves_its_parameter() {
        let value = Some("a&state=dead #?=\u{e9}".to_owned());
        assert_eq!(
            query("/x", &[("id", value), ("job", None)]),
            "/x?id=a%26state%3Ddead+%23%3F%3D%C3%A9"
        );
    }
}

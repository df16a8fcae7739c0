//! What `dev` tells while it runs: one line for each event once it is decided, and one for each
//! change after that. Nothing is written over, so the lines can be piped.
//!
//! The lines are made of the log, which tells of everything once.

use std::collections::BTreeMap;
use std::fmt::Debug;

use clap::ValueEnum;
use hookdock_embedded::SystemClock;
use hookdock_operate::State;
use hookdock_pipeline::model::names::DeliveryId;
use hookdock_pipeline::model::system::System as _;
use jiff::{SpanRound, Timestamp, Unit};
use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::operate::look::Look;
use crate::output;

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    // Lines for a person
    Text,
    // Lines of JSON
    Ndjson,
}

/// Tells what happens from now on.
pub(super) fn tell(form: Form, look: Look) {
    // Refused requests are told of as debugging: the log has told of them once.
    let filter = Targets::new().with_default(Level::INFO).with_target("hookdock_cli", Level::DEBUG);
    tracing_subscriber::registry().with(Live { form, look }.with_filter(filter)).init();
}

struct Live {
    form: Form,
    look: Look,
}

/// What became of an event, or of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Told {
    at: Timestamp,
    what: What,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    event_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<String>,
    detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum What {
    /// The event came before.
    Again,
    /// It came before with another body.
    Conflict,
    /// A provider asked whether the URL is ours.
    Handshake,
    /// The request was not taken.
    Refused,
    /// Something of this process went wrong.
    Trouble,
    /// A run or an event has this state.
    #[serde(untagged)]
    State(State),
}

impl What {
    fn symbol(self, look: Look) -> &'static str {
        match self {
            Self::State(state) => look.sign(state).symbol,
            Self::Again => "=",
            Self::Conflict | Self::Trouble => "!",
            Self::Handshake => look.sign(State::Direct).symbol,
            Self::Refused => look.sign(State::Dead).symbol,
        }
    }

    fn colour(self, look: Look) -> u8 {
        match self {
            Self::State(state) => look.sign(state).colour,
            Self::Refused | Self::Conflict | Self::Trouble => 31,
            Self::Again | Self::Handshake => 37,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::State(state) => state.name(),
            Self::Again => "again",
            Self::Conflict => "conflict",
            Self::Handshake => "handshake",
            Self::Refused => "refused",
            Self::Trouble => "trouble",
        }
    }
}

impl<S: Subscriber> Layer<S> for Live {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        if let Some(told) = Told::of(*event.metadata().level(), &fields) {
            // A reader that has gone away is no reason to stop serving.
            drop(match self.form {
                Form::Text => output::print(&told.line(self.look)),
                Form::Ndjson => serde_json::to_string(&told)
                    .map_err(Into::into)
                    .and_then(|line| output::print(&line)),
            });
        }
    }
}

/// The fields of a line of the log, as texts.
#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Fields {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl Told {
    /// What a line of the log tells. Nothing: somebody else tells it, or it is of no interest here.
    fn of(level: Level, fields: &Fields) -> Option<Self> {
        let state = || State::named(fields.text("run.state")).map(What::State);
        let (what, detail) = match fields.text("message") {
            "run settled" => (state()?, settled(fields)),
            "run has no job" => (state()?, "no code for its job; it waits for it".to_owned()),
            "no job runs" => (What::State(State::Ignored), ignored(fields.text("reason.code"))),
            "the event came before; a run that has ended does not run again" => {
                (What::Again, String::new())
            }
            "handshake answered" => (What::Handshake, fields.text("handshake.kind").to_owned()),
            "request refused" => (What::Refused, refused(fields)),
            "delivery accepted" if fields.0.contains_key("direct.kind") => {
                let (kind, outcome) = (fields.text("direct.kind"), fields.text("direct.outcome"));
                (What::State(State::Direct), format!("{kind}: {}", outcome.replace('_', " ")))
            }
            _ if fields.text("reason.code") == "payload_conflict" => {
                (What::Conflict, format!("another body than {}", fields.text("first_delivery.id")))
            }
            // Told of by the line after it.
            "delivery refused" | "delivery could not be taken" => return None,
            message if level <= Level::WARN => (What::Trouble, trouble(message, fields)),
            _ => return None,
        };
        Some(Self {
            at: now(),
            what,
            endpoint: fields.get("endpoint"),
            event_type: fields.get("event.type"),
            id: fields.get("event.id"),
            delivery: fields.get("delivery.id"),
            job: fields.get("run.job"),
            detail,
        })
    }

    /// As a person reads it. What a sender wrote moves nothing on the terminal.
    fn line(&self, look: Look) -> String {
        let state = format!("{} {}", self.what.symbol(look), self.what.word());
        let name = self.id.as_ref().or(self.delivery.as_ref());
        let words = [self.endpoint.as_ref(), self.event_type.as_ref(), name, self.job.as_ref()];
        let words = words.into_iter().flatten().map(String::as_str);
        let words: Vec<&str> =
            words.chain([&*self.detail]).filter(|word| !word.is_empty()).collect();
        let time = look.clock(self.at);
        let state = look.coloured(&format!("{state:<11}"), self.what.colour(look));
        format!("{time} {state}  {}", output::safe(&words.join("  ")))
    }
}

fn now() -> Timestamp {
    Timestamp::from_millisecond(SystemClock.now().get()).unwrap_or_default()
}

/// How an attempt has ended: how many there were, and since when; or why, and what follows.
fn settled(fields: &Fields) -> String {
    let tries = match fields.text("run.attempt") {
        "1" => "1 try".to_owned(),
        more => format!("{more} tries"),
    };
    let (class, message) = (fields.text("error.class"), fields.text("error.message"));
    let reason = fields.text("reason.code");
    match (class, fields.get("run.next_attempt_at").and_then(|at| at.parse().ok())) {
        ("", None) => format!("{tries} {}", since(fields.text("delivery.id"))),
        ("", Some(at)) => format!("waits, next in {}", length(now(), at)),
        (class, Some(at)) => format!("{class}: {message}, next in {}", length(now(), at)),
        (class, None) => format!("{class}: {message}, {tries}, {reason}"),
    }
}

fn since(delivery: &str) -> String {
    let received: Option<DeliveryId> = delivery.parse().ok();
    let received = received.and_then(|id| Timestamp::from_millisecond(id.received_at().get()).ok());
    received.map(|at| length(at, now())).unwrap_or_default()
}

/// A length of time, in a unit that fits it.
fn length(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs();
    let (smallest, largest) = match seconds {
        0..=1 => (Unit::Millisecond, Unit::Millisecond),
        2..=119 => (Unit::Second, Unit::Second),
        _ => (Unit::Minute, Unit::Hour),
    };
    let round = SpanRound::new().smallest(smallest).largest(largest);
    to.since(from)
        .and_then(|span| span.round(round))
        .map(|span| format!("{span:#}"))
        .unwrap_or_default()
}

fn ignored(code: &str) -> String {
    match code {
        "no_job" => "no job is for it".to_owned(),
        other => other.replace('_', " "),
    }
}

fn refused(fields: &Fields) -> String {
    let [path, status, code, number] =
        ["refused.path", "refused.status", "reason.code", "refused.number"]
            .map(|name| fields.text(name));
    format!("{path}  {status} {code}: hookdock explain {number}")
}

fn trouble(message: &str, fields: &Fields) -> String {
    match fields.text("error") {
        "" => message.to_owned(),
        error => format!("{message}: {error}"),
    }
}

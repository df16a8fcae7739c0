//! What is known of an event, as it is answered and read again.

mod delivery;
mod run;
mod state;
mod written;

pub use delivery::{ItemAccount, Received};
pub(crate) use delivery::{parse, unreadable};
use hookdock_pipeline::ledger::{EventRef, History, Run};
use hookdock_pipeline::model::names::{BodyDigest, EventId, EventKey};
use hookdock_signature::EpochMillis;
use jiff::Timestamp;
pub use run::{AttemptAccount, Next, RunAccount, StepAccount, StepState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use state::State;
pub(crate) use written::{code, time};

use crate::beginning::Beginning;

/// The version of what is answered.
pub const VERSION: u32 = 2;

/// What is known of an event. Readers ignore members that they do not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// The version of this form.
    pub version: u32,
    /// The endpoint.
    pub endpoint: String,
    /// The event key.
    pub key: String,
    /// The provider's id for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The provider's name for what happened.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Whose event it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The provider's id in the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The state of its worst run.
    pub state: State,
    /// When its first delivery came in, or the one that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
    /// The provider's deliveries; never added to the attempts. 0: no worker has taken the event.
    pub deliveries: u64,
    /// The delivery that stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_delivery: Option<String>,
    /// Deliveries that carried it with another body, or under another type.
    pub conflicts: Vec<String>,
    /// What is odd about it.
    pub flags: Vec<String>,
    /// Why it has no run, if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<String>,
    /// The stored delivery; only where one event is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Received>,
    /// Its runs, in the order of their jobs' names.
    pub runs: Vec<RunAccount>,
    /// What changes with each change of the event; acts have to state it.
    pub etag: String,
}

impl Event {
    /// An event as the ledger has it.
    pub(crate) fn recorded(history: &History, now: EpochMillis) -> Self {
        let record = &history.event;
        Self {
            id: record.event_id.as_ref().map(ToString::to_string),
            event_type: record.event_type.as_ref().map(ToString::to_string),
            tenant: record.tenant.as_ref().map(ToString::to_string),
            provider: Some(record.provider.clone()),
            state: State::of(history, now),
            received_at: Timestamp::from_millisecond(record.received_at_ms).ok(),
            deliveries: record.deliveries,
            first_delivery: Some(record.first_delivery.to_string()),
            conflicts: record.conflicts.iter().map(ToString::to_string).collect(),
            flags: record.flags.iter().map(code).collect(),
            ignored: record.ignored.as_ref().map(code),
            runs: history.runs.iter().map(|run| RunAccount::of(run, now)).collect(),
            etag: etag(record.deliveries, &history.runs),
            ..Self::unknown(&record.event())
        }
    }

    /// An event that the ledger does not have, by what a stored delivery says of it.
    pub(crate) fn unrecorded(event: &EventRef, beginning: &Beginning, now: EpochMillis) -> Self {
        let all = beginning.events();
        let own = all.iter().find(|(own, _)| own.key == event.key);
        let (stored, tenant) = own.copied().unwrap_or((&beginning.event, None));
        Self {
            id: stored.id.as_ref().map(ToString::to_string),
            event_type: stored.event_type.as_ref().map(ToString::to_string),
            tenant: tenant.map(ToString::to_string),
            provider: Some(beginning.provider.clone()),
            state: State::without_record(beginning, now),
            received_at: Some(beginning.received_at),
            first_delivery: Some(beginning.delivery_id.to_string()),
            flags: stored.flags.iter().map(code).collect(),
            ..Self::unknown(event)
        }
    }

    fn unknown(event: &EventRef) -> Self {
        Self {
            version: VERSION,
            endpoint: event.endpoint.to_string(),
            key: event.key.to_string(),
            id: None,
            event_type: None,
            tenant: None,
            provider: None,
            state: State::Queued,
            received_at: None,
            deliveries: 0,
            first_delivery: None,
            conflicts: Vec::new(),
            flags: Vec::new(),
            ignored: None,
            delivery: None,
            runs: Vec::new(),
            etag: etag(0, &[]),
        }
    }

    /// The same as a row of a list: without deliveries, attempts and steps.
    pub(crate) fn row(mut self) -> Self {
        self.delivery = None;
        for run in &mut self.runs {
            run.attempts.clear();
            run.steps.clear();
        }
        self
    }

    /// The shortest name by which a person finds it again: the provider's id where the key follows
    /// from it, else the delivery.
    #[must_use]
    pub fn name(&self) -> &str {
        let signed = self.id.as_ref().filter(|id| {
            let id: Option<EventId> = id.parse().ok().filter(|_| self.tenant.is_none());
            id.is_some_and(|id| EventKey::of_signed_id(None, &id).as_str() == self.key)
        });
        signed.or(self.first_delivery.as_ref()).unwrap_or(&self.key)
    }
}

/// Over all that a worker or a person changes of an event.
pub(crate) fn etag(deliveries: u64, runs: &[Run]) -> String {
    let runs = runs.iter().map(|run| {
        let (state, generation) = (run.state.name(), run.generation);
        format!("{} {state} {generation} {} {}\n", run.id.job, run.attempt, run.writes)
    });
    let text = runs.collect::<String>() + &deliveries.to_string();
    BodyDigest::of(text.as_bytes()).to_string().chars().take(32).collect()
}

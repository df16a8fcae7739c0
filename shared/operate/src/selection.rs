//! Which events are meant: the same filters in lists and in acts.

use hookdock_pipeline::model::names::{BodyDigest, EndpointId};
use hookdock_pipeline::model::pattern::Pattern;
use hookdock_signature::EpochMillis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::{Event, RunAccount, State};
use crate::trouble::{Code, Trouble};

/// The filters, as they are written in a query. Empty ones filter nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Filters {
    /// The endpoint.
    pub endpoint: Option<String>,
    /// The tenant.
    pub tenant: Option<String>,
    /// A type, or its beginning and `*`.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// The state of the event, or of one of its runs.
    pub state: Option<String>,
    /// The job of a run.
    pub job: Option<String>,
    /// Why a run is dead, waits or was ignored.
    pub reason: Option<String>,
    /// The class of what went wrong last in a run.
    pub error_class: Option<String>,
    /// A text in the message of what went wrong last.
    pub message: Option<String>,
    /// The version of the code that made a run's last attempt.
    pub code: Option<String>,
    /// The provider's id.
    pub id: Option<String>,
    /// Received, or in a list by state changed, not before this time.
    pub since: Option<jiff::Timestamp>,
    /// Received, or in a list by state changed, before this time.
    pub until: Option<jiff::Timestamp>,
}

/// Checked filters.
#[derive(Debug, Clone)]
pub struct Selection {
    filters: Filters,
    pub(crate) endpoint: Option<EndpointId>,
    pub(crate) state: Option<State>,
    event_type: Option<Pattern>,
}

impl Filters {
    /// The filters, if they can be used.
    ///
    /// # Errors
    ///
    /// A name, a pattern or a state is not one.
    pub fn check(self) -> Result<Selection, Trouble> {
        let state = self.state.as_deref().map(|name| {
            State::named(name).ok_or_else(|| {
                let known = format!("states are {}", State::names());
                Trouble::new(Code::BadRequest, format!("there is no state {name:?}"), known)
            })
        });
        Ok(Selection {
            endpoint: self.endpoint.as_ref().map(|name| name.parse()).transpose()?,
            event_type: self.event_type.as_ref().map(|name| name.parse()).transpose()?,
            state: state.transpose()?,
            filters: self,
        })
    }

    fn of_runs(&self) -> bool {
        let Self { job, reason, error_class, message, code, .. } = self;
        [job, reason, error_class, message, code].into_iter().any(Option::is_some)
    }
}

impl Selection {
    /// Whether the event is meant. Its time is not looked at: that is the list's order.
    #[must_use]
    pub fn covers(&self, event: &Event) -> bool {
        let Filters { tenant, id, .. } = &self.filters;
        let named = event.event_type.as_deref().unwrap_or_default();
        is(tenant.as_ref(), event.tenant.as_ref())
            && is(id.as_ref(), event.id.as_ref())
            && self.endpoint.as_ref().is_none_or(|own| own.as_str() == event.endpoint)
            && self.event_type.as_ref().is_none_or(|pattern| pattern.matches(named))
            && self.covers_state(event)
    }

    /// A filter of runs and a state have to fit the same run.
    fn covers_state(&self, event: &Event) -> bool {
        let by_run = event.runs.iter().any(|run| self.covers_run(run));
        match self.state {
            _ if self.filters.of_runs() => by_run,
            None => true,
            Some(state) => by_run || event.state == state,
        }
    }

    /// Whether one run is meant.
    #[must_use]
    pub fn covers_run(&self, run: &RunAccount) -> bool {
        let Filters { job, reason, error_class, message, code, .. } = &self.filters;
        let said = run.error_message.as_deref().unwrap_or_default();
        self.state.is_none_or(|state| state == run.state)
            && job.as_ref().is_none_or(|job| *job == run.job)
            && is(reason.as_ref(), run.cause.as_ref())
            && is(error_class.as_ref(), run.error_class.as_ref())
            && is(code.as_ref(), run.code.as_ref())
            && message.as_ref().is_none_or(|text| said.contains(text))
    }

    /// The first millisecond that is meant.
    pub(crate) fn since(&self) -> Option<EpochMillis> {
        self.filters.since.map(|since| EpochMillis::new(since.as_millisecond()))
    }

    /// The first millisecond that is not meant any more.
    pub(crate) fn until(&self) -> Option<EpochMillis> {
        self.filters.until.map(|until| EpochMillis::new(until.as_millisecond()))
    }

    /// What tells it from another selection.
    pub(crate) fn digest(&self) -> String {
        let text = serde_json::to_vec(&self.filters).unwrap_or_default();
        BodyDigest::of(&text).to_string().chars().take(16).collect()
    }
}

fn is(wanted: Option<&String>, own: Option<&String>) -> bool {
    wanted.is_none() || wanted == own
}

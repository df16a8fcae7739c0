//! The frozen list of what an operation is about.

use std::collections::BTreeMap;

use hookdock_pipeline::model::names::{EndpointId, EventKey, JobName};
use hookdock_pipeline::model::restart::{Effects, Mode};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::account::State;
use crate::selection::Filters;

/// A plan that is asked for.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PlanOrder {
    /// What is meant. A selection of nothing is refused.
    pub selection: Filters,
    /// From where on the runs go: `resume` by default, `start_over` or `again`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub mode: Mode,
    /// Under which effect keys: the `same` by default, or `new` ones.
    #[serde(default)]
    #[schemars(with = "String")]
    pub effects: Effects,
    /// A job that was added later: the events that have no run of it are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_added: Option<String>,
    /// Why, in the person's words.
    pub reason: String,
}

/// What an operation is about, counted. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// The version of this form.
    pub version: u32,
    /// The operation.
    pub id: String,
    /// Who made the plan.
    pub actor: String,
    /// Why, in that person's words.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// Where.
    pub place: String,
    /// What was meant.
    pub selection: Filters,
    /// From where on the runs go.
    #[schemars(with = "String")]
    pub mode: Mode,
    /// Under which effect keys.
    #[schemars(with = "String")]
    pub effects: Effects,
    /// The job that was added later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_added: Option<String>,
    /// How many runs, and events without a run, will be sent.
    pub items: u64,
    /// What fits the selection and is left out, by why.
    pub left_out: BTreeMap<String, u64>,
    /// How many items there are of each state.
    pub states: BTreeMap<String, u64>,
    /// How many there are of each endpoint.
    pub endpoints: BTreeMap<String, u64>,
    /// When the oldest of them came in.
    pub from: Option<Timestamp>,
    /// When the newest did.
    pub to: Option<Timestamp>,
}

/// One run, or one event without runs, as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlanItem {
    pub(super) endpoint: EndpointId,
    pub(super) key: EventKey,
    /// Nothing: all jobs that match, as for a new delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) job: Option<JobName>,
    /// The delivery that stands for the event.
    pub(super) delivery: String,
    pub(super) received_at: Timestamp,
    pub(super) state: State,
    pub(super) generation: u32,
}

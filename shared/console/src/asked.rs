//! What is asked for in an act.

use hookdock_operate::Act;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An act that is asked for.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// What is to be done.
    pub(crate) kind: Act,
    /// The endpoint of the event.
    pub(crate) endpoint: String,
    /// The event: its key, a delivery, or the provider's id.
    pub(crate) id: String,
    /// The tenant, for a provider's id.
    #[serde(default)]
    pub(crate) tenant: Option<String>,
    /// One run only.
    #[serde(default)]
    pub(crate) job: Option<String>,
    /// Why; needed to dismiss.
    #[serde(default)]
    pub(crate) reason: Option<String>,
}

//! The direct mode: light work that ingest does by itself, at once, instead of a job.
//!
//! [`DirectSpec`] is the written form, [`Direct`] the checked one. Only four kinds exist, none of
//! which anybody misses if it is lost, and the check refuses senders whose events somebody would
//! miss. What happens to an event is decided in [`crate::ingest`]: it is stored once, under the
//! name of its event, and whoever stored it does the work, at most once and within [`BUDGET`].

use std::time::Duration;

use derive_more::Debug;
use http::Uri;
use serde::Deserialize;
use strum::IntoStaticStr;

/// How long the work may take, at most: a sender waits meanwhile.
pub const BUDGET: Duration = Duration::from_millis(500);

/// The written form.
#[derive(Clone, Deserialize, Debug)]
#[debug("DirectSpec({kind})")]
#[serde(deny_unknown_fields)]
pub struct DirectSpec {
    /// `log`, `counter`, `notice` or `internal`.
    pub kind: String,
    /// Where a notice or an internal request goes.
    pub url: Option<String>,
    /// `low`: the operator's word that nobody misses an event that is lost.
    pub risk: Option<String>,
}

/// What is done with an event at once.
#[derive(Debug, Clone, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Direct {
    /// A line in the log.
    Log,
    /// A line in the log that a metric counts.
    Counter,
    /// A short text to a chat's incoming webhook.
    Notice(Target),
    /// The request's body to a service of one's own.
    Internal(Target),
}

/// A URL that is called. It can be a secret and is not shown.
#[derive(Clone, PartialEq, Eq, Debug)]
#[debug("Target")]
pub struct Target(pub(crate) Uri);

impl Direct {
    /// The kind, as it is written.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.into()
    }
}

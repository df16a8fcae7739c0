//! Holds: runs that a person leaves waiting for a while.
//!
//! They are all in one cell, which workers read before they claim runs, at most every
//! [`HOLDS_READ_EVERY`]. A run in scope waits in the ledger without using an attempt.

use std::time::Duration;

use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};

use crate::delivery::reference::Reference;
use crate::model::names::{JobName, OperationId};
use crate::model::pattern::Pattern;

/// How many holds there are at most: each run is held against all of them.
pub const MOST_HOLDS: usize = 8;

/// How old what a worker knows of the holds may be.
pub const HOLDS_READ_EVERY: Duration = Duration::from_secs(5);

/// "Leave these waiting until then."
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Its id.
    pub id: OperationId,
    /// Which runs.
    pub scope: HoldScope,
    /// Until when.
    #[serde(rename = "until_ms")]
    pub until: EpochMillis,
    /// Who holds them.
    pub by: String,
    /// Why, in that person's words.
    pub why: String,
}

/// Which runs a hold is about; with nothing said, all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldScope {
    /// Those of this endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Those of this tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Those of events of this type: a name, or its beginning and `*`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Those of this job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
}

/// All holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holds {
    /// Each of them, the oldest first.
    pub holds: Vec<Hold>,
}

impl Hold {
    /// Why a run waits that it holds, as recorded.
    #[must_use]
    pub fn cause(&self) -> String {
        format!("held by {}: {} ({})", self.by, self.why, self.id)
    }
}

impl HoldScope {
    fn covers(&self, reference: &Reference, job: &JobName) -> bool {
        let is = |own: &Option<String>, name: Option<&str>| {
            own.as_deref().is_none_or(|own| Some(own) == name)
        };
        let event_type = reference.event_type.as_ref().map(|name| name.as_str());
        let is_of_type = |pattern: &String| {
            let pattern: Option<Pattern> = pattern.parse().ok();
            pattern.is_some_and(|pattern| pattern.matches(event_type.unwrap_or_default()))
        };
        is(&self.endpoint, Some(reference.endpoint.as_str()))
            && is(&self.tenant, reference.tenant.as_ref().map(|tenant| tenant.as_str()))
            && is(&self.job, Some(job.as_str()))
            && self.event_type.as_ref().is_none_or(is_of_type)
    }
}

impl Holds {
    /// The holds that the text of their cell has; none where it is of another form.
    #[must_use]
    pub fn read(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The hold on such a run that ends last.
    pub(crate) fn over(
        &self,
        reference: &Reference,
        job: &JobName,
        now: EpochMillis,
    ) -> Option<&Hold> {
        let live = self.holds.iter().filter(|hold| now < hold.until);
        live.filter(|hold| hold.scope.covers(reference, job)).max_by_key(|hold| hold.until)
    }
}

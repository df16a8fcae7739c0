//! Pages of lists: how far one goes, how far it looked, and where the next begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hookdock_pipeline::ledger::{EventRef, RunId};
use hookdock_signature::EpochMillis;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ports::RunAt;
use crate::selection::Selection;
use crate::trouble::{Code, Trouble};

/// The version of a cursor.
const VERSION: u32 = 1;

/// How large a page is.
#[derive(Debug, Clone)]
pub struct Paging {
    /// How many events are wanted, at most 1000.
    pub limit: usize,
    /// How many stored deliveries, or runs, are looked at for them.
    pub look: usize,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

impl Default for Paging {
    fn default() -> Self {
        Self { limit: 50, look: 5000, cursor: None }
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Page<T> {
    /// The version of this form.
    pub version: u32,
    /// What was found, the newest first.
    pub items: Vec<T>,
    /// The cursor of the next page. Nothing: this is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// How far it looked.
    pub looked: Looked,
}

/// How far a list looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Looked {
    /// The oldest time it came to.
    pub from: Timestamp,
    /// The newest.
    pub to: Timestamp,
    /// How many stored deliveries, or runs, were looked at.
    pub names: usize,
    /// Whether nothing of the selection is older than what is on this page.
    pub complete: bool,
}

/// The place of a row: the next page begins right after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Position {
    /// In the order of receipt: an id of a delivery, its endpoint, and how many of its items are
    /// passed.
    Received { delivery: String, endpoint: String, items: usize },
    /// In the order of the runs' last changes.
    Changed { at_ms: i64, endpoint: String, key: String, job: String },
}

#[derive(Serialize, Deserialize)]
struct Cursor {
    v: u32,
    f: String,
    p: Position,
}

impl Position {
    pub(crate) fn of_run(at: &RunAt) -> Self {
        let RunAt { at, run } = at;
        Self::Changed {
            at_ms: at.get(),
            endpoint: run.event.endpoint.to_string(),
            key: run.event.key.to_string(),
            job: run.job.to_string(),
        }
    }

    /// The place in the order of changes; nothing for one in another order.
    pub(crate) fn run_at(&self) -> Option<RunAt> {
        let Self::Changed { at_ms, endpoint, key, job } = self else { return None };
        let event = EventRef { endpoint: endpoint.parse().ok()?, key: key.parse().ok()? };
        let run = RunId { event, job: job.parse().ok()? };
        Some(RunAt { at: EpochMillis::new(*at_ms), run })
    }

    pub(crate) fn cursor(self, selection: &Selection) -> String {
        let cursor = Cursor { v: VERSION, f: selection.digest(), p: self };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
    }

    /// The place where a page of this selection goes on.
    pub(crate) fn of(paging: &Paging, selection: &Selection) -> Result<Option<Self>, Trouble> {
        let Some(text) = &paging.cursor else { return Ok(None) };
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        let cursor: Option<Cursor> = serde_json::from_slice(&bytes).ok();
        match cursor {
            Some(Cursor { v: VERSION, f, p }) if f == selection.digest() => Ok(Some(p)),
            _ => Err(Trouble::new(
                Code::CursorMismatch,
                "the list does not go on at this cursor",
                "a cursor goes with the filters of the page that it came with",
            )
            .next("ask for the first page again, without a cursor")),
        }
    }
}

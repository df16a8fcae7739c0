//! What a worker knows of the holds.

use std::sync::Arc;
use std::time::Duration;

use futures_util::lock::Mutex;
use hookdock_signature::EpochMillis;

use crate::ledger::{HOLDS_READ_EVERY, Holds};
use crate::model::deadline;
use crate::model::names::CellName;
use crate::model::port_error::chain;
use crate::model::system::System;
use crate::ports::Cells;

/// How long their read may take.
const LIMIT: Duration = Duration::from_secs(1);

/// The holds, and when they were read.
#[derive(Debug, Default)]
pub(super) struct KnownHolds(Mutex<Option<(EpochMillis, Arc<Holds>)>>);

impl KnownHolds {
    /// The holds. What cannot be read is as it was before: a hold that is missed loses nothing.
    pub(super) async fn now(&self, ledger: &impl Cells, system: &impl System) -> Arc<Holds> {
        let now = system.now();
        let mut known = self.0.lock().await;
        let before = known.as_ref().map(|(_, holds)| Arc::clone(holds));
        if known.as_ref().is_none_or(|(read_at, _)| read_at.plus(HOLDS_READ_EVERY) <= now) {
            let read = Self::read(ledger, system, now).await.map(Arc::new);
            *known = Some((now, read.or(before).unwrap_or_default()));
        }
        known.as_ref().map(|(_, holds)| Arc::clone(holds)).unwrap_or_default()
    }

    async fn read(ledger: &impl Cells, system: &impl System, now: EpochMillis) -> Option<Holds> {
        let name = CellName::of_holds();
        match deadline::with_deadline(system, now.plus(LIMIT), ledger.cell(&name)).await {
            Ok(Ok(cell)) => Some(Holds::read(cell.as_ref().and_then(|cell| cell.live(now)))),
            Ok(Err(error)) => {
                tracing::warn!(error = chain(&error), "the holds were not read");
                None
            }
            Err(deadline::DeadlineExceeded) => None,
        }
    }
}

//! The record of events and runs.

use hookdock_signature::EpochMillis;
use serde_json::Value;

use crate::delivery::object_key::ObjectKey;
use crate::ledger::{DeliveryRecord, EventRef, Fence, History, Recorded, Run, RunId, Shard};
use crate::model::names::DeliveryId;
use crate::model::port_error::PortError;
use crate::ports::cells::Cells;
use crate::ports::conditional::Conditional;
use crate::ports::records::Record;

/// The record of events and runs.
///
/// The decisions are made in [`crate::ledger`]; a store only has to compare and swap. A clone is
/// another handle to the same. Where runs are recorded, they share [`Cells`].
pub trait Ledger: Cells {
    /// The pack that was recorded for the delivery. `None`: there is none, because the delivery is
    /// not recorded, or did not come in its message.
    fn find_pack(
        &self,
        event: &EventRef,
        delivery: &DeliveryId,
    ) -> impl Future<Output = Result<Option<ObjectKey>, PortError>> + Send;

    /// Records that a delivery carried its event, and tells it from those that did before.
    /// Recording the same delivery again changes nothing. A delivery whose body is not that of the
    /// first is recorded as a conflict, unless the event was ignored so far: then it takes its
    /// place, also if it was recorded before. One with the same body under another type is always
    /// a conflict.
    fn record_delivery(
        &self,
        delivery: &DeliveryRecord,
    ) -> impl Future<Output = Result<Recorded, PortError>> + Send;

    /// The run as it is now, and not as it was a moment ago. `None`: there is none.
    fn run(&self, id: &RunId) -> impl Future<Output = Result<Option<Run>, PortError>> + Send;

    /// Writes a run that must not exist yet.
    fn create(&self, run: &Run)
    -> impl Future<Output = Result<Conditional<Run>, PortError>> + Send;

    /// Writes the run's next state if the stored run still has this fence.
    fn compare_and_swap(
        &self,
        from: &Fence,
        to: &Run,
    ) -> impl Future<Output = Result<Conditional<Run>, PortError>> + Send;

    /// Like [`Ledger::compare_and_swap`], and inserts the record with it: both are written, or neither.
    fn commit(
        &self,
        from: &Fence,
        to: &Run,
        record: &Record,
    ) -> impl Future<Output = Result<Conditional<CommitRefused>, PortError>> + Send;
}

/// The same record, for what wakes runs that wait in it alone.
pub trait DueRuns: Send + Sync {
    /// Up to `most` runs of the shard that are to be woken by that time, those first that are due
    /// longest. What was written a moment ago may be missing, or named as it was before.
    fn due_runs(
        &self,
        shard: Shard,
        by: EpochMillis,
        most: usize,
    ) -> impl Future<Output = Result<Vec<RunId>, PortError>> + Send;
}

/// The same record, for people who ask what became of an event.
pub trait Histories: Send + Sync {
    /// All that is recorded of the event. `None`: no worker has seen it, or its record's life is
    /// over.
    fn history(
        &self,
        event: &EventRef,
    ) -> impl Future<Output = Result<Option<History>, PortError>> + Send;
}

/// Why a run's next state and a record were not written together.
#[derive(Debug, Clone, PartialEq)]
pub enum CommitRefused {
    /// The stored run is another one, and this is it.
    Fenced(Box<Run>),
    /// A record of that id is already there, with this content.
    RecordExists(Value),
}

//! The record of events and runs.

use serde_json::Value;

use crate::delivery::object_key::ObjectKey;
use crate::ledger::{EventRecord, EventRef, Fence, History, Run, RunId, Sighting};
use crate::model::names::DeliveryId;
use crate::model::port_error::PortError;
use crate::ports::cells::Cells;
use crate::ports::records::Record;

/// The record of events and runs.
///
/// The decisions are made in [`crate::ledger`]; a store only has to compare and swap. A clone is
/// another handle to the same. Where runs are recorded, they share [`Cells`].
pub trait Ledger: Cells {
    /// The pack that a sighting has named for the delivery. `None`: there is none, for nobody has
    /// recorded the delivery, or it did not come in its message.
    fn place(
        &self,
        event: &EventRef,
        delivery: &DeliveryId,
    ) -> impl Future<Output = Result<Option<ObjectKey>, PortError>> + Send;

    /// Records that a delivery carried this event and returns what is known of it. Recording the
    /// same delivery again changes nothing. A delivery whose body is not that of the first is
    /// recorded as a conflict, unless the event was ignored so far: then it takes its place, also
    /// if it was recorded before.
    fn sight(
        &self,
        sighting: &Sighting,
    ) -> impl Future<Output = Result<EventRecord, PortError>> + Send;

    /// The run as it is now, and not as it was a moment ago. `None`: there is none.
    fn run(&self, id: &RunId) -> impl Future<Output = Result<Option<Run>, PortError>> + Send;

    /// Writes a run that must not exist yet. `Some`: it does, and this is it.
    fn open(&self, run: &Run) -> impl Future<Output = Result<Option<Run>, PortError>> + Send;

    /// Writes the run's next state if the stored run still has this fence. `Some`: it has not,
    /// and this is the stored run.
    fn advance(
        &self,
        from: &Fence,
        to: &Run,
    ) -> impl Future<Output = Result<Option<Run>, PortError>> + Send;

    /// Like [`Ledger::advance`], and inserts the record with it: both are written, or neither.
    fn commit(
        &self,
        from: &Fence,
        to: &Run,
        record: &Record,
    ) -> impl Future<Output = Result<Committed, PortError>> + Send;
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

/// What became of a run's next state that was to be written together with a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Committed {
    /// Both are written.
    Both,
    /// The stored run is another one, and this is it.
    Fenced(Box<Run>),
    /// A record of that id was already there, with this content.
    Already(Value),
}

//! What the use cases ask of the place that is operated: a stack, a running `dev`, or a folder.
//!
//! What the pipeline's own ports give is not here: objects are read through [`Deliveries`], events with
//! their runs through [`Histories`].

use bytes::Bytes;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::ledger::{Fence, Run, RunId};
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Cells, Conditional, Deliveries, Histories, Packs};
use hookdock_signature::EpochMillis;

/// How many names one call lists at most: what S3 gives (`ListObjectsV2`, read 2026-11).
pub const NAMES_A_CALL: usize = 1000;

/// Names of stored objects, in order.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// The names.
    pub names: Vec<ObjectKey>,
    /// Whether more follow after the last of them.
    pub more: bool,
}

/// The stored objects by their names. They are listed forwards only, as S3 does it.
pub trait Objects: Send + Sync {
    /// The names that begin with `prefix` and sort after `after`, at most [`NAMES_A_CALL`].
    fn names(
        &self,
        prefix: &str,
        after: &str,
    ) -> impl Future<Output = Result<Names, PortError>> + Send;

    /// The names of the folders right below `prefix`, which ends in a slash.
    fn folders(&self, prefix: &str) -> impl Future<Output = Result<Vec<String>, PortError>> + Send;

    /// Keeps an object unless its name is taken; decided atomically.
    fn keep(
        &self,
        object: &ObjectKey,
        bytes: Bytes,
    ) -> impl Future<Output = Result<Conditional<()>, PortError>> + Send;

    /// The first `bytes` of the object, or all of it where it is shorter. `None`: it is not there.
    fn beginning(
        &self,
        object: &ObjectKey,
        bytes: usize,
    ) -> impl Future<Output = Result<Option<Bytes>, PortError>> + Send;
}

/// The states in which a run is listed for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attended {
    /// An attempt failed; another will follow.
    Retrying,
    /// It was put off.
    Waiting,
    /// No further attempt is made.
    Dead,
    /// Dead, and set aside.
    Dismissed,
}

impl Attended {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Retrying, Self::Waiting, Self::Dead, Self::Dismissed];

    /// The state's name, as recorded.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Retrying => "retrying",
            Self::Waiting => "waiting",
            Self::Dead => "dead",
            Self::Dismissed => "dismissed",
        }
    }

    /// The state of that name. `None`: runs are not listed by it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// The place of a run in the order in which runs of one state are listed: by the time of their
/// last change, then by their names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunAt {
    /// When the run last changed.
    pub at: EpochMillis,
    /// Which run.
    pub run: RunId,
}

impl RunAt {
    /// The place of this run.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        Self { at: run.updated_at, run: run.id.clone() }
    }
}

/// The runs that people look after.
pub trait Runs: Send + Sync {
    /// The runs of that state that come before the given place, the newest first; at most `most`.
    /// Without a place, from the newest on. A run that moves meanwhile may be missed.
    fn runs(
        &self,
        state: Attended,
        before: Option<&RunAt>,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Run>, PortError>> + Send;

    /// How many runs have that state.
    fn count(&self, state: Attended) -> impl Future<Output = Result<u64, PortError>> + Send;

    /// Writes the run's next state if the stored run still has this fence.
    fn move_run(
        &self,
        from: &Fence,
        to: &Run,
    ) -> impl Future<Output = Result<Conditional<Run>, PortError>> + Send;
}

/// A message of the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The queue's name for it.
    pub id: String,
    /// Its body.
    pub body: String,
    /// Named texts beside the body.
    pub attributes: Vec<(String, String)>,
}

/// How much waits in the queues. On AWS the numbers are about right, not exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Messages that a worker could take now.
    pub visible: u64,
    /// Messages that a worker has, or that are put off.
    pub hidden: u64,
    /// Dead letters.
    pub dead_letters: u64,
}

/// The queues.
pub trait Queues: Send + Sync {
    /// Queues a reference; when this returns `Ok` it is durable.
    fn send(&self, reference: &Reference) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Dead letters, at most `most`, left where they are. A queue may show only some of them.
    fn dead_letters(
        &self,
        most: usize,
    ) -> impl Future<Output = Result<Vec<DeadLetter>, PortError>> + Send;

    /// How much waits.
    fn depth(&self) -> impl Future<Output = Result<Depth, PortError>> + Send;
}

/// All that is asked of a place.
pub trait Place: Deliveries + Packs + Histories + Objects + Runs + Queues + Cells {}

impl<P: Deliveries + Packs + Histories + Objects + Runs + Queues + Cells> Place for P {}

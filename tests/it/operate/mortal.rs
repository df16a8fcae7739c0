//! A place whose calls fail from one call on, as for an operator who dies there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use hookdock_operate::ports::{Attended, DeadLetter, Depth, Names, Objects, Queues, RunAt, Runs};
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::pack::Pack;
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::ledger::{EventRef, Fence, History, Run};
use hookdock_pipeline::model::names::{CellName, CellTag};
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use hookdock_pipeline::ports::{Cell, Cells, Conditional, Deliveries, Histories, Packs};
use hookdock_tests::stack::Local;

/// Whether the last call has had its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    Without,
    With,
}

/// The place of an operator who makes so many calls.
#[derive(Debug, Clone)]
pub(super) struct Mortal {
    local: Local,
    left: Arc<AtomicUsize>,
    last: Last,
}

type Read<T> = Result<T, PortError>;

impl Mortal {
    pub(super) fn new(local: Local, calls: usize, last: Last) -> Self {
        Self { local, left: Arc::new(AtomicUsize::new(calls)), last }
    }

    /// Whether it has died.
    pub(super) fn is_dead(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }

    async fn call<T>(&self, call: impl Future<Output = Read<T>>) -> Read<T> {
        let gone = || PortError::new("go on living", PortErrorKind::Unavailable);
        let left = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(left.saturating_sub(1)));
        match (left.expect("always some"), self.last) {
            (0, _) | (1, Last::Without) => Err(gone()),
            (1, Last::With) => {
                call.await?;
                Err(gone())
            }
            _ => call.await,
        }
    }
}

impl Deliveries for Mortal {
    async fn read(&self, object: &ObjectKey) -> Read<Option<Bytes>> {
        self.call(Deliveries::read(&self.local, object)).await
    }

    async fn pack(&self, pack: &Pack) -> Read<()> {
        self.call(self.local.pack(pack)).await
    }
}

impl Packs for Mortal {
    async fn packs(&self, beginning: &str) -> Read<Vec<ObjectKey>> {
        self.call(self.local.packs(beginning)).await
    }
}

impl Histories for Mortal {
    async fn history(&self, event: &EventRef) -> Read<Option<History>> {
        self.call(self.local.history(event)).await
    }
}

impl Objects for Mortal {
    async fn names(&self, prefix: &str, after: &str) -> Read<Names> {
        self.call(self.local.names(prefix, after)).await
    }

    async fn folders(&self, prefix: &str) -> Read<Vec<String>> {
        self.call(self.local.folders(prefix)).await
    }

    async fn keep(&self, object: &ObjectKey, bytes: Bytes) -> Read<Conditional<()>> {
        self.call(Objects::keep(&self.local, object, bytes)).await
    }

    async fn beginning(&self, object: &ObjectKey, bytes: usize) -> Read<Option<Bytes>> {
        self.call(self.local.beginning(object, bytes)).await
    }
}

impl Runs for Mortal {
    async fn runs(&self, state: Attended, before: Option<&RunAt>, most: usize) -> Read<Vec<Run>> {
        self.call(Runs::runs(&self.local, state, before, most)).await
    }

    async fn count(&self, state: Attended) -> Read<u64> {
        self.call(self.local.count(state)).await
    }

    async fn move_run(&self, from: &Fence, to: &Run) -> Read<Conditional<Run>> {
        self.call(self.local.move_run(from, to)).await
    }
}

impl Queues for Mortal {
    async fn send(&self, reference: &Reference) -> Read<()> {
        self.call(self.local.send(reference)).await
    }

    async fn dead_letters(&self, most: usize) -> Read<Vec<DeadLetter>> {
        self.call(Queues::dead_letters(&self.local, most)).await
    }

    async fn depth(&self) -> Read<Depth> {
        self.call(self.local.depth()).await
    }
}

impl Cells for Mortal {
    async fn cell(&self, name: &CellName) -> Read<Option<Cell>> {
        self.call(self.local.cell(name)).await
    }

    async fn swap(
        &self,
        name: &CellName,
        from: Option<&CellTag>,
        to: &Cell,
    ) -> Read<Conditional<Option<Cell>>> {
        self.call(self.local.swap(name, from, to)).await
    }
}

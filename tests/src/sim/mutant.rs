//! The ports with one thing broken, to see whether the simulator notices.

use std::sync::Arc;
use std::time::Duration;

use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::pack::Pack;
use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::ledger::dead_letter::DeadLetter;
use hookdock_pipeline::ledger::{
    DeliveryRecord, EventRef, Fence, Recorded, Run, RunId, RunState, Shard, StepRecord, Wake,
};
use hookdock_pipeline::model::names::{CellName, CellTag, DeliveryId};
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{
    Archive as _, Cell, Cells as _, CommitRefused, Conditional, Deliveries as _, Document,
    Documents as _, DueRuns as _, Ledger as _, Messages as _, Record, Records as _, WorkQueue as _,
};
use hookdock_pipeline::testing::Interceptor;
use hookdock_signature::EpochMillis;
use serde_json::{Value, json};

use crate::rules::{self, WakeMove};
use crate::sim::backend::{Backend, Witnessed};
use crate::stack::START;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// The ledger writes a run whoever owns it.
    OwnerUnchecked,
    /// The ledger writes a run whatever attempt it has come to.
    AttemptUnchecked,
    /// The ledger writes a run whatever state it has come to.
    StateUnchecked,
    /// The ledger writes a run whatever its claim has written since.
    WritesUnchecked,
    /// The ledger drops the results of steps.
    StepForgotten,
    /// The ledger writes a record first and then the run that it belongs to.
    CommitInTwo,
    /// The ledger opens a run that is there as if it were new.
    OpenedAnew,
    /// The ledger tells that every lease is over.
    LeaseHidden,
    /// The ledger does not tell which jobs an event had.
    JobsForgotten,
    /// The ledger counts a delivery each time that it comes.
    DeliveryCountedAgain,
    /// The archive says that it has packed, and has not.
    PackForgets,
    /// What is packed is packed a while later.
    PackedLater,
    /// The ledger names a pack for a delivery that is in none.
    PlaceInvented,
    /// The archive says that it has stored, and has not.
    ArchiveForgets,
    /// The archive says of an event that it is the first to store it, and another was.
    OnceIsAlwaysNew,
    /// The archive says that it has stored an event once, and has not.
    OnceForgets,
    /// What is queued is stored afterwards.
    QueuedBeforeStored,
    /// The queue says that it has taken a message, and has not.
    QueueForgets,
    /// The dead-letter queue says that it has taken a letter, and has not.
    LetterForgotten,
    /// The documents say that they have kept one, and have not.
    DocumentForgotten,
    /// The documents keep the first half of one.
    DocumentTorn,
    /// The ledger says that it has written a cell, and has not.
    CellForgotten,
    /// The ledger writes a cell whoever has written it meanwhile.
    TagUnchecked,
    /// The ledger does not tell which run has locked an entity.
    LockHidden,
    /// The ledger tells of a newer event of an entity that there never was.
    LatestInvented,
    /// The ledger tells that every breaker is closed.
    BreakerHidden,
    /// The ledger says that it has written a run that is left to it alone, and has not.
    WaitForgotten,
    /// The ledger writes a run that is left to it alone, and not what wakes it.
    WakeForgotten,
    /// The ledger names no runs of half of the shards.
    ShardForgotten,
    /// The ledger says that it has marked a run as woken, and has not.
    MarkForgotten,
    /// The ledger marks a run as woken, and leaves it due.
    MarkWithoutTime,
}

/// What is behind the mutant.
type Port = Arc<Witnessed>;

/// The ports, with that broken.
#[derive(Debug, Clone)]
pub(crate) struct Mutated {
    pub(crate) backend: Backend,
    pub(crate) mutant: Option<Mutant>,
}

impl Mutated {
    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// The fence with one of its conditions made to fit whatever is stored.
    fn fence(&self, from: &Fence, to: &Run) -> Fence {
        let Some(stored) = self.backend.stored_run(&to.id).map(|run| run.fence()) else {
            return from.clone();
        };
        match self.mutant {
            Some(Mutant::OwnerUnchecked) => Fence { owner: stored.owner, ..from.clone() },
            Some(Mutant::AttemptUnchecked) => Fence { attempt: stored.attempt, ..from.clone() },
            Some(Mutant::StateUnchecked) => Fence { state: stored.state, ..from.clone() },
            Some(Mutant::WritesUnchecked) => Fence { writes: stored.writes, ..from.clone() },
            _ => from.clone(),
        }
    }
}

impl Interceptor<Witnessed> for Mutated {
    async fn put(&self, port: &Port, delivery: &SealedDelivery) -> Result<(), PortError> {
        if self.is(Mutant::ArchiveForgets) || self.is(Mutant::QueuedBeforeStored) {
            return Ok(());
        }
        port.put(delivery).await
    }

    async fn put_once(
        &self,
        port: &Port,
        delivery: &SealedDelivery,
    ) -> Result<Conditional<()>, PortError> {
        if self.is(Mutant::OnceForgets) {
            return Ok(Conditional::Written);
        }
        let kept = port.put_once(delivery).await?;
        Ok(if self.is(Mutant::OnceIsAlwaysNew) { Conditional::Written } else { kept })
    }

    async fn send(&self, port: &Port, delivery: &SealedDelivery) -> Result<(), PortError> {
        if self.is(Mutant::QueueForgets) {
            return Ok(());
        }
        port.send(delivery).await?;
        if self.is(Mutant::QueuedBeforeStored) {
            port.put(delivery).await?;
        }
        Ok(())
    }

    async fn pack(&self, port: &Port, pack: &Pack) -> Result<(), PortError> {
        if self.is(Mutant::PackForgets) {
            return Ok(());
        }
        if self.is(Mutant::PackedLater) {
            let (port, pack) = (Arc::clone(port), pack.clone());
            let universe = self.backend.world.universe.clone();
            let late = universe.between(Duration::from_secs(1), Duration::from_secs(240));
            universe.clone().spawn(async move {
                universe.sleep(late).await;
                port.pack(&pack).await.expect("memory");
            });
            return Ok(());
        }
        port.pack(pack).await
    }

    async fn dead_letter(&self, port: &Port, dead_letter: &DeadLetter) -> Result<(), PortError> {
        if self.is(Mutant::LetterForgotten) {
            return Ok(());
        }
        port.dead_letter(dead_letter).await
    }

    async fn cell(&self, port: &Port, name: &CellName) -> Result<Option<Cell>, PortError> {
        Ok(port.cell(name).await?.map(|cell| self.told(name, cell)))
    }

    async fn swap(
        &self,
        port: &Port,
        name: &CellName,
        from: Option<&CellTag>,
        to: &Cell,
    ) -> Result<Conditional<Option<Cell>>, PortError> {
        let stored = self.backend.local.cell(name).await?;
        let from = match self.mutant {
            Some(Mutant::CellForgotten) => return Ok(Conditional::Written),
            Some(Mutant::TagUnchecked) => stored.as_ref().map(|stored| &stored.tag),
            _ => from,
        };
        Ok(match port.swap(name, from, to).await? {
            Conditional::Refused(cell) => {
                Conditional::Refused(cell.map(|cell| self.told(name, cell)))
            }
            Conditional::Written => Conditional::Written,
        })
    }

    async fn find_pack(
        &self,
        port: &Port,
        event: &EventRef,
        delivery: &DeliveryId,
    ) -> Result<Option<ObjectKey>, PortError> {
        if self.is(Mutant::PlaceInvented) {
            return Ok(Some(ObjectKey::listed("archive/nowhere.jsonl")));
        }
        port.find_pack(event, delivery).await
    }

    async fn record_delivery(
        &self,
        port: &Port,
        delivery: &DeliveryRecord,
    ) -> Result<Recorded, PortError> {
        if self.is(Mutant::DeliveryCountedAgain) {
            let at = delivery.recorded_at;
            let mut again = delivery.clone();
            again.reference.delivery_id =
                DeliveryId::new(at, u128::try_from(at.get()).unwrap_or_default());
            self.backend.local.record_delivery(&again).await?;
        }
        let recorded = port.record_delivery(delivery).await?;
        Ok(match self.mutant {
            Some(Mutant::JobsForgotten) => Recorded { jobs: Vec::new(), ..recorded },
            _ => recorded,
        })
    }

    async fn create(&self, port: &Port, run: &Run) -> Result<Conditional<Run>, PortError> {
        let existing = port.create(run).await?;
        match existing {
            Conditional::Refused(existing) if self.is(Mutant::OpenedAnew) => {
                port.compare_and_swap(&existing.fence(), run).await
            }
            Conditional::Refused(existing) if self.is(Mutant::LeaseHidden) => {
                Ok(Conditional::Refused(without_lease(existing)))
            }
            existing => Ok(existing),
        }
    }

    async fn compare_and_swap(
        &self,
        port: &Port,
        from: &Fence,
        to: &Run,
    ) -> Result<Conditional<Run>, PortError> {
        let fence = self.fence(from, to);
        let stored = self.backend.stored_run(&to.id);
        let woken = rules::wake_move(stored.as_ref(), to);
        match (self.mutant, woken) {
            (Some(Mutant::WaitForgotten), Some(WakeMove::Begun))
            | (Some(Mutant::MarkForgotten), Some(WakeMove::Marked)) => Ok(Conditional::Written),
            (Some(Mutant::WakeForgotten), Some(WakeMove::Begun)) => {
                port.compare_and_swap(&fence, &Run { wake: None, ..to.clone() }).await
            }
            (Some(Mutant::MarkWithoutTime), Some(WakeMove::Marked)) => {
                port.compare_and_swap(&fence, &still_due(stored, to)).await
            }
            (Some(Mutant::StepForgotten), _) => {
                port.compare_and_swap(&fence, &without_results(to)).await
            }
            _ => port.compare_and_swap(&fence, to).await,
        }
    }

    async fn commit(
        &self,
        port: &Port,
        from: &Fence,
        to: &Run,
        record: &Record,
    ) -> Result<Conditional<CommitRefused>, PortError> {
        if self.is(Mutant::CommitInTwo) {
            if let Conditional::Refused(body) = port.insert(record.clone()).await? {
                return Ok(Conditional::Refused(CommitRefused::RecordExists(body)));
            }
            let stored = port.compare_and_swap(from, to).await?.refused();
            let fenced = |run| Conditional::Refused(CommitRefused::Fenced(Box::new(run)));
            return Ok(stored.map_or(Conditional::Written, fenced));
        }
        let fence = self.fence(from, to);
        if self.is(Mutant::StepForgotten) {
            return port.commit(&fence, &without_results(to), record).await;
        }
        port.commit(&fence, to, record).await
    }

    async fn due_runs(
        &self,
        port: &Port,
        shard: Shard,
        by: EpochMillis,
        most: usize,
    ) -> Result<Vec<RunId>, PortError> {
        if self.is(Mutant::ShardForgotten) && shard.number() < 8 {
            return Ok(Vec::new());
        }
        port.due_runs(shard, by, most).await
    }

    async fn keep_document(
        &self,
        port: &Port,
        document: Document,
    ) -> Result<Conditional<()>, PortError> {
        if self.is(Mutant::DocumentForgotten) {
            return Ok(Conditional::Written);
        }
        if self.is(Mutant::DocumentTorn) {
            let body = document.body.slice(..document.body.len() / 2);
            return port.keep(Document { body, ..document }).await;
        }
        port.keep(document).await
    }
}

impl Mutated {
    /// A cell as it is told of.
    fn told(&self, name: &CellName, cell: Cell) -> Cell {
        let kind = name.as_str().split('#').next().expect("a kind");
        let mut form: Value = serde_json::from_str(&cell.value).expect("JSON");
        match (self.mutant, kind) {
            (Some(Mutant::LockHidden), "entity") => form["lock"] = Value::Null,
            (Some(Mutant::LatestInvented), "entity") => {
                form["latest"]["version"] = json!(9);
                form["latest"]["event_key"] = json!("0".repeat(64));
            }
            (Some(Mutant::BreakerHidden), "breaker") => {
                let at = START.get();
                form = json!({ "state": "closed", "since_ms": at, "failures": 0, "answers": 0 });
            }
            _ => return cell,
        }
        Cell { value: form.to_string(), ..cell }
    }
}

fn without_lease(run: Run) -> Run {
    match run.state {
        RunState::Running { .. } => {
            Run { state: RunState::Running { lease_until: EpochMillis::new(0) }, ..run }
        }
        _ => run,
    }
}

/// The run marked as woken, and due as it was.
fn still_due(stored: Option<Run>, to: &Run) -> Run {
    let at = stored.and_then(|stored| stored.wakes_at());
    let due = |wake: &Wake| Box::new(Wake { at: at.unwrap_or(wake.at), ..wake.clone() });
    Run { wake: to.wake.as_deref().map(due), ..to.clone() }
}

fn without_results(run: &Run) -> Run {
    let forgotten = |step: &StepRecord| StepRecord { saved: None, ..step.clone() };
    Run { steps: run.steps.iter().map(forgotten).collect(), ..run.clone() }
}

//! The way to every port: calls take time, are refused, lose their answers, and arrive late.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::pack::Pack;
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::ledger::dead_letter::DeadLetter;
use hookdock_pipeline::ledger::{DeliveryRecord, EventRef, Fence, Recorded, Run, RunId};
use hookdock_pipeline::model::names::{CellName, CellTag, DeliveryId};
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use hookdock_pipeline::ports::{
    Archive, Cell, Cells, CommitRefused, Conditional, Deliveries, Document, DocumentName,
    Documents, Ledger, Messages, Record, Records, Web, WorkQueue,
};
use http::{Request, Response};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::sim::climate::AFTERLIFE;
use crate::sim::mutant::Mutated;
use crate::sim::shared::{Asking, short};
use crate::sim::world::{World, described};

/// What becomes of a call.
#[derive(Debug, Clone, Copy)]
struct Fate {
    /// When it takes effect, if it does.
    arrives: Option<Duration>,
    answer: Answer,
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    /// What the port says, that long after it took effect.
    Given(Duration),
    /// An error, that long after the call was made.
    Error(Duration, PortErrorKind),
    Never,
}

/// The ports, as one process reaches them.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) world: Arc<World>,
    pub(crate) ports: Mutated,
    /// Who calls, for the trace.
    pub(crate) caller: Arc<str>,
}

impl Network {
    /// A call is on its way by itself: whoever made it may be gone when it arrives.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        what: impl Fn() -> String + Send + Sync + 'static,
        effect: impl Future<Output = Result<T, PortError>> + Send + 'static,
    ) -> Result<T, PortError> {
        let fate = self.fate();
        let (answer, answered) = oneshot::channel();
        if let Some(wait) = fate.arrives {
            let (world, caller) = (Arc::clone(&self.world), Arc::clone(&self.caller));
            let universe = self.world.universe.clone();
            self.world.universe.spawn(async move {
                universe.sleep(wait).await;
                let result = effect.await;
                world.note(&caller, || {
                    let ok = if result.is_ok() { "" } else { ", which failed" };
                    format!("{}{ok}", what())
                });
                if let Answer::Given(wait) = fate.answer {
                    universe.sleep(wait).await;
                    answer.send(result).ok();
                }
            });
        } else {
            self.world.note(&self.caller, || format!("{}: lost on the way", what()));
        }
        match fate.answer {
            Answer::Given(_) => answered.await.expect("the call answers"),
            Answer::Error(wait, kind) => {
                self.world.universe.sleep(wait).await;
                Err(PortError::new("make the call", kind))
            }
            Answer::Never => std::future::pending().await,
        }
    }

    fn fate(&self) -> Fate {
        let (universe, climate) = (&self.world.universe, &self.world.climate);
        let ms = Duration::from_millis;
        let s = Duration::from_secs;
        let quick = || universe.between(ms(1), ms(40));
        if !self.world.storms() {
            return Fate { arrives: Some(quick()), answer: Answer::Given(quick()) };
        }
        if universe.happens(climate.refusals) {
            return Fate { arrives: None, answer: Answer::Error(quick(), self.refusal()) };
        }
        if universe.happens(climate.lost_answers) {
            let answer = Answer::Error(universe.between(ms(40), s(3)), PortErrorKind::TimedOut);
            return Fate { arrives: Some(quick()), answer };
        }
        if universe.happens(climate.late_calls) {
            let arrives = Some(self.late());
            let answer = match universe.below(2) {
                0 => Answer::Never,
                _ => Answer::Error(universe.between(ms(40), s(3)), PortErrorKind::TimedOut),
            };
            return Fate { arrives, answer };
        }
        if universe.happens(climate.lost_calls) {
            return Fate { arrives: None, answer: Answer::Never };
        }
        if universe.happens(climate.slow_calls) {
            let slow = || universe.between(ms(40), s(6));
            return Fate { arrives: Some(slow()), answer: Answer::Given(slow()) };
        }
        Fate { arrives: Some(quick()), answer: Answer::Given(quick()) }
    }

    fn refusal(&self) -> PortErrorKind {
        let kinds = [
            PortErrorKind::Throttled,
            PortErrorKind::TimedOut,
            PortErrorKind::Unavailable,
            PortErrorKind::Denied,
            PortErrorKind::Invalid,
        ];
        kinds[self.world.universe.below(kinds.len())]
    }

    /// Minutes later, when somebody else has taken over; or after the record's life, most often
    /// while the first of what is sent then is worked on.
    fn late(&self) -> Duration {
        let universe = &self.world.universe;
        let later = universe.between(Duration::from_secs(1), Duration::from_secs(240));
        if self.world.climate.afterlife && universe.happens(300) {
            let later = if universe.happens(700) { later / 24 } else { later };
            self.world.until_afterlife() + later
        } else {
            later
        }
    }
}

impl World {
    fn until_afterlife(&self) -> Duration {
        self.universe.now().until(crate::stack::START.plus(AFTERLIFE))
    }
}

impl Archive for Network {
    async fn put(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        let (ports, delivery) = (self.ports.clone(), delivery.clone());
        let id = delivery.reference().delivery_id.clone();
        self.call(move || format!("stores {id}"), async move { ports.put(&delivery).await }).await
    }

    async fn put_once(&self, delivery: &SealedDelivery) -> Result<Conditional<()>, PortError> {
        let (ports, delivery) = (self.ports.clone(), delivery.clone());
        let id = delivery.reference().delivery_id.clone();
        let put = async move { ports.put_once(&delivery).await };
        self.call(move || format!("stores {id} once"), put).await
    }
}

impl WorkQueue for Network {
    async fn send(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        let (ports, delivery) = (self.ports.clone(), delivery.clone());
        let id = delivery.reference().delivery_id.clone();
        self.call(move || format!("queues {id}"), async move { ports.send(&delivery).await }).await
    }
}

impl Deliveries for Network {
    async fn read(&self, object: &ObjectKey) -> Result<Option<Bytes>, PortError> {
        let (ports, object) = (self.ports.clone(), object.clone());
        let name = object.to_string();
        let read = async move { Deliveries::read(&ports, &object).await };
        self.call(move || format!("reads {name}"), read).await
    }

    async fn pack(&self, pack: &Pack) -> Result<(), PortError> {
        let (ports, pack) = (self.ports.clone(), pack.clone());
        let what = format!("packs {:?} into {}", pack.deliveries(), pack.object());
        self.call(move || what.clone(), async move { ports.pack(&pack).await }).await
    }
}

impl Messages for Network {
    async fn change_visibility(&self, receipt: &str, wait: Duration) -> Result<(), PortError> {
        let (ports, receipt) = (self.ports.clone(), receipt.to_owned());
        let what = format!("puts off message {receipt} for {} s", wait.as_secs_f32());
        self.call(
            move || what.clone(),
            async move { ports.change_visibility(&receipt, wait).await },
        )
        .await
    }

    async fn dead_letter(&self, letter: &DeadLetter) -> Result<(), PortError> {
        let (ports, letter) = (self.ports.clone(), letter.clone());
        self.call(
            || "dead-letters a letter".to_owned(),
            async move { ports.dead_letter(&letter).await },
        )
        .await
    }
    async fn send_items(
        &self,
        items: &[Reference],
        trace: Option<&str>,
    ) -> Result<Vec<usize>, PortError> {
        let (ports, items) = (self.ports.clone(), items.to_vec());
        let trace = trace.map(str::to_owned);
        let send = async move { ports.send_items(&items, trace.as_deref()).await };
        self.call(|| "queues items".to_owned(), send).await
    }
}

impl Cells for Network {
    async fn cell(&self, name: &CellName) -> Result<Option<Cell>, PortError> {
        let (ports, name) = (self.ports.clone(), name.clone());
        let what = format!("reads {}", short(&name));
        let asking = Asking::of(&self.world, &self.caller);
        let cell = self.call(move || what.clone(), async move { ports.cell(&name).await }).await?;
        asking.answered();
        Ok(cell)
    }

    async fn swap(
        &self,
        name: &CellName,
        from: Option<&CellTag>,
        to: &Cell,
    ) -> Result<Conditional<Option<Cell>>, PortError> {
        let (ports, name, from, to) = (self.ports.clone(), name.clone(), from.cloned(), to.clone());
        let what = format!("swaps {} to {}", short(&name), to.value);
        let swap = async move { ports.swap(&name, from.as_ref(), &to).await };
        let asking = Asking::of(&self.world, &self.caller);
        let swapped = self.call(move || what.clone(), swap).await?;
        asking.answered();
        Ok(swapped)
    }
}

impl Ledger for Network {
    async fn find_pack(
        &self,
        event: &EventRef,
        delivery: &DeliveryId,
    ) -> Result<Option<ObjectKey>, PortError> {
        let (ports, event, delivery) = (self.ports.clone(), event.clone(), delivery.clone());
        let what = format!("looks for the pack of {delivery}");
        let place = async move { ports.find_pack(&event, &delivery).await };
        self.call(move || what.clone(), place).await
    }

    async fn record_delivery(&self, delivery: &DeliveryRecord) -> Result<Recorded, PortError> {
        let (ports, delivery) = (self.ports.clone(), delivery.clone());
        let id = delivery.reference.delivery_id.clone();
        self.call(
            move || format!("records {id}"),
            async move { ports.record_delivery(&delivery).await },
        )
        .await
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        let (ports, id) = (self.ports.clone(), id.clone());
        let what = format!("reads run {}", id.job);
        self.call(move || what.clone(), async move { ports.run(&id).await }).await
    }

    async fn create(&self, run: &Run) -> Result<Conditional<Run>, PortError> {
        let (ports, run) = (self.ports.clone(), run.clone());
        let what = format!("opens {}", described(&run));
        self.call(move || what.clone(), async move { ports.create(&run).await }).await
    }

    async fn compare_and_swap(
        &self,
        from: &Fence,
        to: &Run,
    ) -> Result<Conditional<Run>, PortError> {
        let (ports, from, to) = (self.ports.clone(), from.clone(), to.clone());
        let what = format!("moves {} #{} on to {}", from.state, from.attempt, described(&to));
        self.call(move || what.clone(), async move { ports.compare_and_swap(&from, &to).await })
            .await
    }

    async fn commit(
        &self,
        from: &Fence,
        to: &Run,
        record: &Record,
    ) -> Result<Conditional<CommitRefused>, PortError> {
        let (ports, from, to, record) =
            (self.ports.clone(), from.clone(), to.clone(), record.clone());
        let what = format!("commits record {} and {}", record.id, described(&to));
        let commit = async move { ports.commit(&from, &to, &record).await };
        self.call(move || what.clone(), commit).await
    }
}

impl Web for Network {
    fn call(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, PortError>> {
        let ports = self.ports.clone();
        let work = async move { ports.backend.call(request).await };
        Self::call(self, || "tells of an event".to_owned(), work).boxed()
    }
}

impl Records for Network {
    fn insert(&self, record: Record) -> BoxFuture<'_, Result<Conditional<Value>, PortError>> {
        let ports = self.ports.clone();
        let what = format!("inserts record {}", record.id);
        self.call(move || what.clone(), async move { ports.insert(record).await }).boxed()
    }

    fn get<'a>(
        &'a self,
        collection: &'a str,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Value>, PortError>> {
        let (ports, collection, id) = (self.ports.clone(), collection.to_owned(), id.to_owned());
        let what = format!("reads record {id}");
        self.call(move || what.clone(), async move { ports.get(&collection, &id).await }).boxed()
    }
}

impl Documents for Network {
    fn keep(&self, document: Document) -> BoxFuture<'_, Result<Conditional<()>, PortError>> {
        let ports = self.ports.clone();
        let what = format!("keeps document {}", document.name);
        self.call(move || what.clone(), async move { ports.keep(document).await }).boxed()
    }

    fn read<'a>(
        &'a self,
        name: &'a DocumentName,
    ) -> BoxFuture<'a, Result<Option<Bytes>, PortError>> {
        let (ports, name) = (self.ports.clone(), name.clone());
        let what = format!("reads document {name}");
        let read = async move { Documents::read(&ports, &name).await };
        self.call(move || what.clone(), read).boxed()
    }
}

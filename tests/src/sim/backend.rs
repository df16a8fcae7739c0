//! The embedded adapters, and a witness who compares what is there before and after each call.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hookdock_embedded::{Embedded, Message};
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::pack::Pack;
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::endpoint::Store;
use hookdock_pipeline::ledger::dead_letter::DeadLetter;
use hookdock_pipeline::ledger::{DeliveryRecord, EventRef, Fence, Recorded, Run, RunId};
use hookdock_pipeline::model::names::{CellName, CellTag, DeliveryId};
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{
    Archive, Cell, Cells, CommitRefused, Conditional, Deliveries, Document, DocumentName,
    Documents, Histories as _, Ledger, Messages, Packs, Record, Records, Web, WorkQueue,
};
use http::{Request, Response};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::sim::executor::Clock;
use crate::sim::world::World;

/// The stores and the queue.
#[derive(Debug, Clone)]
pub(crate) struct Backend {
    pub(crate) local: Embedded<Clock>,
    pub(crate) world: Arc<World>,
}

impl Backend {
    /// The run as it is stored.
    pub(crate) fn stored_run(&self, id: &RunId) -> Option<Run> {
        self.world.book().runs.get(id).cloned()
    }

    /// Compares what is stored with what was stored before, whatever the answer says.
    async fn witnessed<T>(
        &self,
        id: &RunId,
        change: impl Future<Output = Result<T, PortError>> + Send,
    ) -> Result<T, PortError> {
        let answer = change.await;
        let runs = self.local.runs(&id.event).expect("memory");
        if let Some(after) = runs.into_iter().find(|run| run.id == *id) {
            let before = self.world.book().runs.insert(id.clone(), after.clone());
            if before.as_ref() != Some(&after) {
                self.world.moved(before.as_ref(), &after);
            }
        }
        answer
    }
}

impl Backend {
    /// Deletes a message. What it brought along must be in a pack by then.
    pub(crate) async fn delete(&self, message: &Message) -> Result<(), PortError> {
        if let Some(delivery) = brought(&message.body)
            && !self.is_packed(&delivery).await
        {
            self.world.violated("what is deleted has been packed", || message.body.clone());
        }
        self.local.delete(&message.receipt).await
    }

    async fn is_packed(&self, delivery: &Bytes) -> bool {
        let packs = self.local.packs("archive/").await.expect("memory");
        for pack in packs {
            let lines = Deliveries::read(&self.local, &pack).await.expect("memory");
            let lines = lines.expect("it is there");
            if lines.split(|byte| *byte == b'\n').any(|line| line == delivery) {
                return true;
            }
        }
        false
    }
}

/// The delivery that a message brings along, if it brings one.
pub(crate) fn brought(message: &str) -> Option<Bytes> {
    let fields = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(message).ok()?;
    Some(fields.get("delivery")?.get().to_owned().into())
}

impl Archive for Backend {
    async fn put(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        self.local.put(delivery).await
    }

    async fn put_once(&self, delivery: &SealedDelivery) -> Result<Conditional<()>, PortError> {
        self.local.put_once(delivery).await
    }
}

impl Web for Backend {
    fn call(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, PortError>> {
        let key = request.headers()["idempotency-key"].to_str().expect("ASCII").to_owned();
        let record = format!("direct/direct/{key}.json");
        if self.local.named(&record).expect("memory").is_none() {
            self.world.violated("what is worked on at once is stored", || key.clone());
        }
        self.world.at_once(key);
        ready(Ok(Response::default())).boxed()
    }
}

impl WorkQueue for Backend {
    async fn send(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        let reference = delivery.reference();
        let stored = delivery.store() == Store::Object;
        if stored && Deliveries::read(&self.local, &reference.object).await?.is_none() {
            self.world.violated("what is queued has been stored", || {
                format!("{} was queued, and is not stored", reference.delivery_id)
            });
        }
        self.local.send(delivery).await?;
        let (id, body) = (reference.delivery_id.clone(), delivery.message().to_owned());
        self.world.book().queued.insert(id, body);
        Ok(())
    }
}

impl Deliveries for Backend {
    async fn read(&self, object: &ObjectKey) -> Result<Option<Bytes>, PortError> {
        Deliveries::read(&self.local, object).await
    }

    async fn pack(&self, pack: &Pack) -> Result<(), PortError> {
        self.local.pack(pack).await
    }
}

impl Messages for Backend {
    async fn change_visibility(&self, receipt: &str, wait: Duration) -> Result<(), PortError> {
        self.local.change_visibility(receipt, wait).await
    }

    async fn dead_letter(&self, dead_letter: &DeadLetter) -> Result<(), PortError> {
        self.local.dead_letter(dead_letter).await?;
        self.world.dead_lettered(dead_letter);
        Ok(())
    }
    async fn send_items(
        &self,
        items: &[Reference],
        trace: Option<&str>,
    ) -> Result<Vec<usize>, PortError> {
        self.local.send_items(items, trace).await
    }
}

impl Packs for Backend {
    async fn packs(&self, beginning: &str) -> Result<Vec<ObjectKey>, PortError> {
        self.local.packs(beginning).await
    }
}

impl Cells for Backend {
    async fn cell(&self, name: &CellName) -> Result<Option<Cell>, PortError> {
        self.local.cell(name).await
    }

    async fn swap(
        &self,
        name: &CellName,
        from: Option<&CellTag>,
        to: &Cell,
    ) -> Result<Conditional<Option<Cell>>, PortError> {
        let before = self.local.cell(name).await?;
        let swapped = self.local.swap(name, from, to).await;
        let after = self.local.cell(name).await?;
        if let Some(after) = after.filter(|after| before.as_ref() != Some(after)) {
            self.world.cell_written(name, &after);
        }
        swapped
    }
}

impl Ledger for Backend {
    async fn find_pack(
        &self,
        event: &EventRef,
        delivery: &DeliveryId,
    ) -> Result<Option<ObjectKey>, PortError> {
        self.local.find_pack(event, delivery).await
    }

    async fn record_delivery(&self, delivery: &DeliveryRecord) -> Result<Recorded, PortError> {
        let answer = self.local.record_delivery(delivery).await?;
        let event = EventRef::of(&delivery.reference);
        let recorded = {
            let mut book = self.world.book();
            let recorded = book.recorded.entry(event.clone()).or_default();
            recorded.insert(delivery.reference.delivery_id.clone());
            recorded.len() as u64
        };
        let history = self.local.history(&event).await?.expect("it is recorded");
        if history.event.deliveries > recorded {
            self.world.violated("a delivery is counted once", || {
                format!("{} deliveries are recorded of {recorded}", history.event.deliveries)
            });
        }
        Ok(answer)
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        self.local.run(id).await
    }

    async fn create(&self, run: &Run) -> Result<Conditional<Run>, PortError> {
        self.witnessed(&run.id, self.local.create(run)).await
    }

    async fn compare_and_swap(
        &self,
        from: &Fence,
        to: &Run,
    ) -> Result<Conditional<Run>, PortError> {
        let answer = self.witnessed(&to.id, self.local.compare_and_swap(from, to)).await;
        if let Ok(Conditional::Refused(_)) = &answer {
            self.world.book().tally.fenced += 1;
        }
        answer
    }

    async fn commit(
        &self,
        from: &Fence,
        to: &Run,
        record: &Record,
    ) -> Result<Conditional<CommitRefused>, PortError> {
        self.witnessed(&to.id, self.local.commit(from, to, record)).await
    }
}

impl Records for Backend {
    fn insert(&self, record: Record) -> BoxFuture<'_, Result<Conditional<Value>, PortError>> {
        self.local.insert(record)
    }

    fn get<'a>(
        &'a self,
        collection: &'a str,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Value>, PortError>> {
        self.local.get(collection, id)
    }
}

impl Documents for Backend {
    fn keep(&self, document: Document) -> BoxFuture<'_, Result<Conditional<()>, PortError>> {
        self.local.keep(document)
    }

    fn read<'a>(
        &'a self,
        name: &'a DocumentName,
    ) -> BoxFuture<'a, Result<Option<Bytes>, PortError>> {
        Documents::read(&self.local, name)
    }
}

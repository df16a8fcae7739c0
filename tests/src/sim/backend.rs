//! The embedded adapters, and a witness who compares what is there before and after each call.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hookdock_embedded::Embedded;
use hookdock_pipeline::dead_letter::DeadLetter;
use hookdock_pipeline::fault::PortError;
use hookdock_pipeline::ledger::{EventRecord, Fence, Run, RunId, Sighting};
use hookdock_pipeline::ports::{
    Archive, Committed, Deliveries, Inserted, Kept, Ledger, Messages, Record, Records, Web,
    WorkQueue,
};
use hookdock_pipeline::reference::Reference;
use hookdock_pipeline::sealed::{ObjectKey, SealedDelivery};
use http::{Request, Response};
use serde_json::Value;

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
    pub(crate) fn run(&self, id: &RunId) -> Option<Run> {
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

impl Archive for Backend {
    async fn put(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        self.local.put(delivery).await
    }

    async fn put_once(&self, delivery: &SealedDelivery) -> Result<Kept, PortError> {
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
        if self.local.read(&reference.object).await?.is_none() {
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
        self.local.read(object).await
    }
}

impl Messages for Backend {
    async fn put_off(&self, receipt: &str, wait: Duration) -> Result<(), PortError> {
        self.local.put_off(receipt, wait).await
    }

    async fn bury(&self, letter: &DeadLetter) -> Result<(), PortError> {
        self.local.bury(letter).await?;
        self.world.buried(letter);
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

impl Ledger for Backend {
    async fn sight(&self, sighting: &Sighting) -> Result<EventRecord, PortError> {
        let record = self.local.sight(sighting).await?;
        let mut book = self.world.book();
        let sighted = book.sighted.entry(sighting.event.clone()).or_default();
        sighted.insert(sighting.delivery_id.clone());
        let sighted = sighted.len() as u64;
        drop(book);
        if record.deliveries > sighted {
            self.world.violated("a delivery is counted once", || {
                format!("{} deliveries are recorded of {sighted}", record.deliveries)
            });
        }
        Ok(record)
    }

    async fn open(&self, run: &Run) -> Result<Option<Run>, PortError> {
        self.witnessed(&run.id, self.local.open(run)).await
    }

    async fn advance(&self, from: &Fence, to: &Run) -> Result<Option<Run>, PortError> {
        let answer = self.witnessed(&to.id, self.local.advance(from, to)).await;
        if let Ok(Some(_)) = &answer {
            self.world.book().tally.fenced += 1;
        }
        answer
    }

    async fn commit(
        &self,
        from: &Fence,
        to: &Run,
        record: &Record,
    ) -> Result<Committed, PortError> {
        self.witnessed(&to.id, self.local.commit(from, to, record)).await
    }
}

impl Records for Backend {
    fn insert(&self, record: Record) -> BoxFuture<'_, Result<Inserted, PortError>> {
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

//! The embedded adapters, and a witness who compares what is there before and after each call.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use hookdock_embedded::{Embedded, Message};
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::endpoint::Store;
use hookdock_pipeline::ledger::dead_letter::DeadLetter;
use hookdock_pipeline::ledger::{DeliveryRecord, EventRef, Fence, Recorded, Run, RunId};
use hookdock_pipeline::model::names::{CellName, CellTag};
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{
    Cell, Cells as _, CommitRefused, Conditional, Deliveries as _, Histories as _, Ledger as _,
    Messages as _, Packs as _, Record, Web, WorkQueue as _,
};
use hookdock_pipeline::testing::{Intercepted, Interceptor};
use http::{Request, Response};
use serde_json::value::RawValue;

use crate::sim::executor::Clock;
use crate::sim::world::World;

/// What is behind the witness.
type Port = Arc<Embedded<Clock>>;

/// The adapters, under the eyes of the witness.
pub(crate) type Witnessed = Intercepted<Embedded<Clock>, Backend>;

/// The stores and the queue, and the witness of what happens to them.
#[derive(Debug, Clone)]
pub(crate) struct Backend {
    pub(crate) local: Embedded<Clock>,
    pub(crate) world: Arc<World>,
}

impl Backend {
    /// The ports.
    pub(crate) fn ports(&self) -> Witnessed {
        Intercepted::new(self.local.clone(), self.clone())
    }

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
            let lines = self.local.read(&pack).await.expect("memory");
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

impl Interceptor<Embedded<Clock>> for Backend {
    async fn send(&self, port: &Port, delivery: &SealedDelivery) -> Result<(), PortError> {
        let reference = delivery.reference();
        let stored = delivery.store() == Store::Object;
        if stored && port.read(&reference.object).await?.is_none() {
            self.world.violated("what is queued has been stored", || {
                format!("{} was queued, and is not stored", reference.delivery_id)
            });
        }
        port.send(delivery).await?;
        let (id, body) = (reference.delivery_id.clone(), delivery.message().to_owned());
        self.world.book().queued.insert(id, body);
        Ok(())
    }

    async fn send_items(
        &self,
        port: &Port,
        references: &[Reference],
        trace: Option<&str>,
    ) -> Result<Vec<usize>, PortError> {
        let about_a_run = |reference: &&Reference| reference.job.is_some();
        references.iter().filter(about_a_run).for_each(|reference| self.world.wakes(reference));
        port.send_items(references, trace).await
    }

    async fn dead_letter(&self, port: &Port, dead_letter: &DeadLetter) -> Result<(), PortError> {
        port.dead_letter(dead_letter).await?;
        self.world.dead_lettered(dead_letter);
        Ok(())
    }

    async fn swap(
        &self,
        port: &Port,
        name: &CellName,
        from: Option<&CellTag>,
        to: &Cell,
    ) -> Result<Conditional<Option<Cell>>, PortError> {
        let before = port.cell(name).await?;
        let swapped = port.swap(name, from, to).await;
        let after = port.cell(name).await?;
        if let Some(after) = after.filter(|after| before.as_ref() != Some(after)) {
            self.world.cell_written(name, &after);
        }
        swapped
    }

    async fn record_delivery(
        &self,
        port: &Port,
        delivery: &DeliveryRecord,
    ) -> Result<Recorded, PortError> {
        let answer = port.record_delivery(delivery).await?;
        let event = EventRef::of(&delivery.reference);
        let recorded = {
            let mut book = self.world.book();
            let recorded = book.recorded.entry(event.clone()).or_default();
            recorded.insert(delivery.reference.delivery_id.clone());
            recorded.len() as u64
        };
        let history = port.history(&event).await?.expect("it is recorded");
        if history.event.deliveries > recorded {
            self.world.violated("a delivery is counted once", || {
                format!("{} deliveries are recorded of {recorded}", history.event.deliveries)
            });
        }
        Ok(answer)
    }

    async fn create(&self, port: &Port, run: &Run) -> Result<Conditional<Run>, PortError> {
        self.witnessed(&run.id, port.create(run)).await
    }

    async fn compare_and_swap(
        &self,
        port: &Port,
        from: &Fence,
        to: &Run,
    ) -> Result<Conditional<Run>, PortError> {
        let answer = self.witnessed(&to.id, port.compare_and_swap(from, to)).await;
        if let Ok(Conditional::Refused(_)) = &answer {
            self.world.book().tally.fenced += 1;
        }
        answer
    }

    async fn commit(
        &self,
        port: &Port,
        from: &Fence,
        to: &Run,
        record: &Record,
    ) -> Result<Conditional<CommitRefused>, PortError> {
        self.witnessed(&to.id, port.commit(from, to, record)).await
    }
}

/// Who is told of direct events.
#[async_trait]
impl Web for Backend {
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, PortError> {
        let key = request.headers()["idempotency-key"].to_str().expect("ASCII").to_owned();
        let record = format!("direct/direct/{key}.json");
        if self.local.named(&record).expect("memory").is_none() {
            self.world.violated("what is worked on at once is stored", || key.clone());
        }
        self.world.at_once(key);
        Ok(Response::default())
    }
}

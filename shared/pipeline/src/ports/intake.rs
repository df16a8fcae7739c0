//! The way in: a delivery is durable and queued before its sender gets an answer.

use crate::delivery::sealed::SealedDelivery;
use crate::endpoint::Store;
use crate::model::port_error::PortError;
use crate::ports::archive::Archive;
use crate::ports::conditional::Conditional;
use crate::ports::queue::WorkQueue;

/// Accepts what is verified. Only a verified delivery can be sealed, so nothing else gets in.
pub trait Intake: Send + Sync {
    /// Keeps the delivery and queues its message; when this returns `Ok` both are durable. On an
    /// error it may be kept, and it may be queued.
    fn accept(
        &self,
        delivery: &SealedDelivery,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Keeps the delivery, as [`Archive::put_once`] does, and queues nothing.
    fn keep_once(
        &self,
        delivery: &SealedDelivery,
    ) -> impl Future<Output = Result<Conditional<()>, PortError>> + Send;
}

/// Two stores in a row: what is queued has been kept before, so that no message refers to
/// something that is not there. What is kept and then not queued is harmless.
#[derive(Debug, Clone)]
pub struct ArchiveThenQueue<A, Q> {
    /// Where deliveries are kept.
    pub archive: A,
    /// The way to the processor.
    pub queue: Q,
}

impl<A: Archive, Q: WorkQueue> Intake for ArchiveThenQueue<A, Q> {
    async fn accept(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        if delivery.store() == Store::Object {
            self.archive.put(delivery).await?;
        }
        self.queue.send(delivery).await
    }

    async fn keep_once(&self, delivery: &SealedDelivery) -> Result<Conditional<()>, PortError> {
        self.archive.put_once(delivery).await
    }
}

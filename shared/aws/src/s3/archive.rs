//! Deliveries into an S3 bucket, one object each.

use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Archive, Conditional};

use crate::service::{CallError, Service};

const STORE: &str = "store the delivery";

const JSON: &str = "application/json";

/// An S3 bucket as ingest sees it: something to put deliveries into.
#[derive(Debug)]
pub struct S3Archive {
    bucket: Service,
}

impl S3Archive {
    pub(crate) fn new(bucket: Service) -> Self {
        Self { bucket }
    }

    /// S3 decides which of several writers is first: the others hear 412, or, while it has not
    /// decided yet, 409, after which they ask again ("Conditional writes", S3 user guide, read
    /// 2026-11).
    async fn put_new(&self, delivery: &SealedDelivery) -> Result<Conditional<()>, PortError> {
        let name = delivery.reference().object.as_str();
        let put = self.bucket.put_new(name, JSON, delivery.object().clone());
        put.await.map_err(CallError::port_error(STORE))
    }
}

impl Archive for S3Archive {
    /// The name holds the delivery's own id, which is chance: what is there already is the same
    /// delivery, whose first put arrived although its answer got lost.
    async fn put(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        self.put_new(delivery).await.map(drop)
    }

    async fn put_once(&self, delivery: &SealedDelivery) -> Result<Conditional<()>, PortError> {
        self.put_new(delivery).await
    }
}

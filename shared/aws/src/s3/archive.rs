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
}

impl Archive for S3Archive {
    /// A plain put: the key holds the delivery's own id, so a second put of it, after an answer
    /// that got lost, writes the same bytes over themselves. A conditional one would be refused.
    async fn put(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        let name = delivery.reference().object.as_str();
        let put = self.bucket.put(name, JSON, delivery.object().clone());
        put.await.map_err(CallError::port_error(STORE))
    }

    /// S3 decides which of several writers is first: the others hear 412, or, while it has not
    /// decided yet, 409, after which they ask again ("Conditional writes", S3 user guide, read
    /// 2026-11).
    async fn put_once(&self, delivery: &SealedDelivery) -> Result<Conditional<()>, PortError> {
        let name = delivery.reference().object.as_str();
        match self.bucket.put_new(name, JSON, delivery.object().clone()).await {
            Ok(()) => Ok(Conditional::Written),
            Err(error) if error.code() == Some("PreconditionFailed") => {
                Ok(Conditional::Refused(()))
            }
            Err(error) => Err(CallError::port_error(STORE)(error)),
        }
    }
}

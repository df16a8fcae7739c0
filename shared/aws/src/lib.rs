//! Hookdock's ports over AWS.
//!
//! This is the only crate that names a type of the AWS SDK, and none of them is in its interface:
//! [`ingest`] and `process` wire everything that a function needs, given its configuration.
//!
//! Ingest calls AWS without the SDK's clients, and is built without them; what the processor and
//! people's tools need of them is behind the feature `sdk`, and what only jobs call behind `jobs`.

mod classify;
#[cfg(feature = "sdk")]
mod clients;
pub mod config;
#[cfg(feature = "sdk")]
mod dynamo;
#[cfg(feature = "jobs")]
mod jobs;
mod limits;
pub mod log;
mod s3;
#[cfg(feature = "sdk")]
mod sdk_errors;
mod secrets;
mod service;
mod sqs;
mod system;
#[cfg(feature = "sdk")]
mod wiring;

use std::sync::Arc;

#[cfg(feature = "sdk")]
pub use clients::Connection;
#[cfg(feature = "sdk")]
pub use dynamo::{DynamoHistories, DynamoLedger, DynamoRecords};
use futures_util::future::join3;
use hookdock_pipeline::ingest::Ingest;
use hookdock_pipeline::ports::{Providers, Web};
#[cfg(feature = "jobs")]
pub use jobs::settings as job_settings;
pub use s3::S3Archive;
#[cfg(feature = "sdk")]
pub use s3::S3Deliveries;
pub use secrets::SecretEndpoints;
#[cfg(feature = "sdk")]
pub use sqs::SqsMessages;
pub use sqs::SqsQueue;
pub use system::SystemClock;
#[cfg(feature = "sdk")]
pub use wiring::{AwsProcess, histories, process};

use crate::config::IngestConfig;
use crate::service::Services;

/// The ingest use case over AWS.
pub type AwsIngest = Ingest<SecretEndpoints, S3Archive, SqsQueue, SystemClock>;

/// Wires the ingest use case, reads the endpoints that the configuration lists, and meanwhile
/// opens the connections that the first request needs. Nothing in it fails: what cannot be
/// reached now is reached, or reported, when a request needs it.
pub async fn ingest(
    config: &IngestConfig,
    providers: Arc<dyn Providers>,
    web: Arc<dyn Web>,
) -> AwsIngest {
    let Services { bucket, queue, secrets } = Services::new(&config.access, &config.bucket);
    let endpoints = SecretEndpoints::new(secrets, &config.stack, &config.endpoints);
    join3(endpoints.warm(), bucket.connect(), queue.connect()).await;
    Ingest {
        endpoints,
        archive: S3Archive::new(bucket),
        queue: SqsQueue::new(queue, &config.queue_url),
        providers,
        web,
        system: SystemClock,
    }
}

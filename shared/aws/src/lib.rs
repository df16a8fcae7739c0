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
#[cfg(feature = "operate")]
mod operate;
mod s3;
#[cfg(feature = "sdk")]
mod sdk_errors;
mod secrets;
mod service;
mod sqs;
mod system;

use std::sync::Arc;

#[cfg(feature = "sdk")]
pub use clients::Connection;
#[cfg(feature = "operate")]
pub use dynamo::DynamoHistories;
#[cfg(feature = "sdk")]
pub use dynamo::{DynamoLedger, DynamoRecords};
use futures_util::future::join3;
use hookdock_pipeline::ingest::Ingest;
#[cfg(feature = "sdk")]
use hookdock_pipeline::job::{Effects, Registry};
#[cfg(feature = "sdk")]
use hookdock_pipeline::maintenance::Maintenance;
use hookdock_pipeline::ports::{ArchiveThenQueue, Providers, Web};
#[cfg(feature = "sdk")]
use hookdock_pipeline::process::{Process, Worker};
#[cfg(feature = "jobs")]
pub use jobs::settings as job_settings;
#[cfg(feature = "operate")]
pub use operate::{Operated, StackNames, operated};
pub use s3::S3Archive;
#[cfg(feature = "sdk")]
pub use s3::S3Deliveries;
pub use secrets::SecretEndpoints;
#[cfg(feature = "sdk")]
pub use sqs::SqsMessages;
pub use sqs::SqsQueue;
pub use system::SystemClock;

#[cfg(feature = "sdk")]
use crate::clients::ProcessorClients;
use crate::config::IngestConfig;
#[cfg(feature = "sdk")]
use crate::config::{LedgerConfig, ProcessorConfig};
use crate::service::Services;

/// The ingest use case over AWS.
pub type AwsIngest = Ingest<SecretEndpoints, ArchiveThenQueue<S3Archive, SqsQueue>, SystemClock>;

/// Wires the ingest use case, reads the endpoints that the configuration lists, and meanwhile
/// opens the connections that the first request needs. It does not fail: what cannot be
/// reached now is tried again, and reported, when a request needs it.
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
        intake: ArchiveThenQueue {
            archive: S3Archive::new(bucket),
            queue: SqsQueue::new(queue, &config.queue_url),
        },
        providers,
        web,
        public_url: config.public_url.clone(),
        system: SystemClock,
    }
}

/// The process use case over AWS.
#[cfg(feature = "sdk")]
pub type AwsProcess = Process<S3Deliveries, SqsMessages, DynamoLedger, SystemClock>;

/// The maintenance use case over AWS.
#[cfg(feature = "sdk")]
pub type AwsMaintenance = Maintenance<SqsMessages, DynamoLedger, SystemClock>;

/// Wires the maintenance use case.
#[cfg(feature = "sdk")]
pub async fn maintenance(connection: &Connection, config: &LedgerConfig) -> AwsMaintenance {
    let (messages, ledger, _) = ledger(&ProcessorClients::new(connection).await, config);
    Maintenance::new(messages, ledger, SystemClock)
}

/// Wires the process use case with the given jobs. No connection is opened ahead, because no
/// sender waits for a message. Without the feature `jobs` the jobs reach the records only.
#[cfg(feature = "sdk")]
pub async fn process(
    connection: &Connection,
    config: &ProcessorConfig,
    registry: Registry,
) -> AwsProcess {
    let clients = ProcessorClients::new(connection).await;
    let (messages, ledger, records) = ledger(&clients, &config.ledger);
    let effects = Effects::new(Arc::new(records));
    #[cfg(feature = "jobs")]
    let effects = jobs::reaching(effects, connection, config, clients.s3.clone()).await;
    Process {
        deliveries: S3Deliveries::new(clients.s3, &config.bucket),
        messages,
        ledger,
        system: SystemClock,
        effects,
        registry,
        settings: config.settings.clone(),
        worker: Worker::with_memory(config.memory_bytes),
    }
}

#[cfg(feature = "sdk")]
fn ledger(
    ProcessorClients { sqs, dynamo, .. }: &ProcessorClients,
    config: &LedgerConfig,
) -> (SqsMessages, DynamoLedger, DynamoRecords) {
    let records = DynamoRecords::new(dynamo.clone(), &config.records_table);
    let messages = SqsMessages::new(sqs.clone(), &config.queue_url, &config.dead_letter_url);
    (messages, DynamoLedger::new(dynamo.clone(), &config.table, records.clone()), records)
}

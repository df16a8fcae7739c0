//! Hookdock's ports over the AWS SDK.
//!
//! This is the only crate that names a type of the SDK, and none of them is in its interface:
//! [`ingest`] and [`process`] wire everything that a function needs, given its configuration.

mod classify;
mod clients;
pub mod config;
mod dynamo;
mod dynamo_cells;
mod dynamo_histories;
mod dynamo_ledger;
mod dynamo_records;
#[cfg(feature = "jobs")]
mod jobs;
pub mod log;
mod s3_archive;
mod secrets;
mod sqs;
mod system;

use std::sync::Arc;

pub use clients::Connection;
pub use dynamo_histories::DynamoHistories;
pub use dynamo_ledger::DynamoLedger;
pub use dynamo_records::DynamoRecords;
use hookdock_pipeline::ingest::Ingest;
use hookdock_pipeline::job::{Effects, Registry};
use hookdock_pipeline::ports::{Providers, Web};
use hookdock_pipeline::process::{Process, Suspects};
#[cfg(feature = "jobs")]
pub use jobs::settings as job_settings;
pub use s3_archive::S3Archive;
pub use secrets::SecretEndpoints;
pub use sqs::{SqsMessages, SqsQueue};
pub use system::SystemClock;

use crate::clients::{IngestClients, ProcessorClients};
use crate::config::{IngestConfig, ProcessorConfig};

/// The ingest use case over AWS.
pub type AwsIngest = Ingest<SecretEndpoints, S3Archive, SqsQueue, SystemClock>;

/// The process use case over AWS.
pub type AwsProcess = Process<S3Archive, SqsMessages, DynamoLedger, SystemClock>;

/// Wires the ingest use case and reads the endpoints that the configuration lists. Nothing in it
/// fails: what cannot be reached now is reached, or reported, when a request needs it.
pub async fn ingest(
    connection: &Connection,
    config: &IngestConfig,
    providers: Arc<dyn Providers>,
    web: Arc<dyn Web>,
) -> AwsIngest {
    let clients = IngestClients::new(connection).await;
    let endpoints = SecretEndpoints::new(clients.secrets, &config.stack, &config.endpoints);
    endpoints.warm().await;
    Ingest {
        endpoints,
        archive: S3Archive::new(clients.s3, &config.bucket),
        queue: SqsQueue::new(clients.sqs, &config.queue_url),
        providers,
        web,
        system: SystemClock,
    }
}

/// Wires what a person needs to see what became of an event.
pub async fn histories(
    connection: &Connection,
    bucket: &str,
    table: &str,
) -> (S3Archive, DynamoHistories) {
    let clients = ProcessorClients::new(connection).await;
    (S3Archive::new(clients.s3, bucket), DynamoHistories::new(clients.dynamo, table))
}

/// Wires the process use case with the given jobs. No connection is made ahead: nobody waits for
/// a message. Without the feature `jobs` they reach the records alone.
pub async fn process(
    connection: &Connection,
    config: &ProcessorConfig,
    registry: Registry,
) -> AwsProcess {
    let clients = ProcessorClients::new(connection).await;
    let records = DynamoRecords::new(clients.dynamo.clone(), &config.records_table);
    let effects = Effects::new(Arc::new(records.clone()));
    #[cfg(feature = "jobs")]
    let effects = jobs::reaching(effects, connection, config, clients.s3.clone()).await;
    Process {
        deliveries: S3Archive::new(clients.s3, &config.bucket),
        messages: SqsMessages::new(clients.sqs, &config.queue_url, &config.dead_letter_url),
        ledger: DynamoLedger::new(clients.dynamo, &config.table, records),
        system: SystemClock,
        effects,
        registry,
        settings: config.settings.clone(),
        suspects: Suspects::default(),
        breakers: Arc::default(),
    }
}

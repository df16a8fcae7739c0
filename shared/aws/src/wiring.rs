//! The wiring of what is built with the SDK.

use std::sync::Arc;

use hookdock_pipeline::job::{Effects, Registry};
use hookdock_pipeline::process::{CrashIsolation, Process};

use crate::clients::{Connection, ProcessorClients};
use crate::config::ProcessorConfig;
#[cfg(feature = "jobs")]
use crate::jobs;
use crate::{DynamoHistories, DynamoLedger, DynamoRecords, S3Deliveries, SqsMessages, SystemClock};

/// The process use case over AWS.
pub type AwsProcess = Process<S3Deliveries, SqsMessages, DynamoLedger, SystemClock>;

/// Wires what a person needs to see what became of an event.
pub async fn histories(
    connection: &Connection,
    bucket: &str,
    table: &str,
) -> (S3Deliveries, DynamoHistories) {
    let clients = ProcessorClients::new(connection).await;
    (S3Deliveries::new(clients.s3, bucket), DynamoHistories::new(clients.dynamo, table))
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
        deliveries: S3Deliveries::new(clients.s3, &config.bucket),
        messages: SqsMessages::new(clients.sqs, &config.queue_url, &config.dead_letter_url),
        ledger: DynamoLedger::new(clients.dynamo, &config.table, records),
        system: SystemClock,
        effects,
        registry,
        settings: config.settings.clone(),
        crash_isolation: CrashIsolation::default(),
        breakers: Arc::default(),
    }
}

//! Where the data is: a folder of `hookdock dev`, or a deployed stack.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::Args;
use hookdock_embedded::{QueueSettings, SystemClock};
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::ledger::EventRef;
use hookdock_pipeline::model::names::EventKey;
use hookdock_pipeline::ports::{Deliveries as _, Packs as _};

use crate::server::Local;

/// Where to look.
#[derive(Debug, Args)]
pub(crate) struct PlaceArguments {
    /// The data folder of a `hookdock dev --data` that has stopped
    #[arg(long, value_name = "DIR", conflicts_with_all = ["table", "bucket"])]
    data: Option<PathBuf>,
    /// The ledger of a deployed stack: its output `LedgerTableName`
    #[arg(long, env = "HOOKDOCK_TABLE", requires = "bucket")]
    table: Option<String>,
    /// The bucket of a deployed stack: its output `DeliveryBucketName`
    #[arg(long, env = "HOOKDOCK_BUCKET", requires = "table")]
    bucket: Option<String>,
}

/// Finds a delivery of an event that no worker has recorded yet.
pub(crate) trait Unrecorded {
    /// The stored delivery and its object; nothing where there are too many to look through.
    async fn unrecorded(&self, event: &EventRef) -> anyhow::Result<Option<(ObjectKey, Bytes)>>;
}

impl Unrecorded for Local {
    async fn unrecorded(&self, event: &EventRef) -> anyhow::Result<Option<(ObjectKey, Bytes)>> {
        for object in self.packs(&format!("deliveries/{}/", event.endpoint)).await? {
            let Some(bytes) = self.read(&object).await? else { continue };
            let stored = StoredDelivery::parse(&bytes);
            if stored.is_ok_and(|stored| carries(&stored, &event.key)) {
                return Ok(Some((object, bytes)));
            }
        }
        Ok(None)
    }
}

#[cfg(feature = "aws")]
impl Unrecorded for hookdock_aws::S3Deliveries {
    async fn unrecorded(&self, _: &EventRef) -> anyhow::Result<Option<(ObjectKey, Bytes)>> {
        Ok(None)
    }
}

fn carries(stored: &StoredDelivery<'_>, key: &EventKey) -> bool {
    stored.event.key == *key || stored.items.iter().any(|item| item.event.key == *key)
}

/// Data that can be read.
pub(crate) enum Place {
    Local(Local),
    #[cfg(feature = "aws")]
    Aws(hookdock_aws::S3Deliveries, hookdock_aws::DynamoHistories),
}

impl Place {
    pub(crate) async fn open(arguments: &PlaceArguments) -> anyhow::Result<Self> {
        match arguments {
            PlaceArguments { data: Some(folder), .. } => {
                // Looking must not make what is looked for.
                if !folder.join("hookdock.redb").exists() {
                    bail!("{} holds no data of hookdock dev", folder.display());
                }
                let local = Local::on_disk(folder, SystemClock, QueueSettings::default());
                let local = local.with_context(|| {
                    format!("cannot read {}; is hookdock dev still running?", folder.display())
                })?;
                Ok(Self::Local(local))
            }
            PlaceArguments { table: Some(table), bucket: Some(bucket), .. } => {
                deployed(table, bucket).await
            }
            _ => bail!("say where to look: --data DIR, or --table and --bucket of a stack"),
        }
    }
}

#[cfg(feature = "aws")]
async fn deployed(table: &str, bucket: &str) -> anyhow::Result<Place> {
    let connection = hookdock_aws::Connection::default();
    let (deliveries, ledger) = hookdock_aws::histories(&connection, bucket, table).await;
    Ok(Place::Aws(deliveries, ledger))
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the other one waits")]
async fn deployed(_: &str, _: &str) -> anyhow::Result<Place> {
    bail!("this hookdock is built without the AWS SDK: cargo install --path cli --features aws")
}

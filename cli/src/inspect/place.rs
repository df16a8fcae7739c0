//! Where the data is: a folder of `hookdock dev`, or a deployed stack.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::Args;
use hookdock_embedded::{QueueSettings, SystemClock};
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::ledger::EventRef;
use hookdock_pipeline::lookup;
use hookdock_pipeline::model::names::{DeliveryId, EndpointId, EventKey};
use hookdock_pipeline::ports::{Deliveries as _, Packs as _};

use crate::inspect::runs::Successor;
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

/// Where a stored delivery is, in words, and its bytes.
pub(crate) type Found = (String, Bytes);

/// What a store knows besides what is recorded.
pub(crate) trait Unrecorded {
    /// A delivery of an event that no worker has recorded yet; nothing where there are too many to
    /// look through.
    async fn unrecorded(&self, event: &EventRef) -> anyhow::Result<Option<Found>>;

    /// A delivery that has no object of its own name: that of a direct event, or one that is still
    /// in its message. Nothing where there are too many to look through.
    async fn unnamed(
        &self,
        endpoint: &EndpointId,
        id: &DeliveryId,
    ) -> anyhow::Result<Option<Found>>;

    /// Who goes on with the work of a worker that died.
    fn successor(&self) -> Successor;
}

impl Unrecorded for Local {
    async fn unrecorded(&self, event: &EventRef) -> anyhow::Result<Option<Found>> {
        let carries = |stored: &StoredDelivery<'_>| carries(stored, &event.key);
        let beginning = format!("deliveries/{}/", event.endpoint);
        match stored_where(self, &beginning, carries).await? {
            Some(found) => Ok(Some(found)),
            None => in_a_message(self, &event.endpoint, carries),
        }
    }

    async fn unnamed(
        &self,
        endpoint: &EndpointId,
        id: &DeliveryId,
    ) -> anyhow::Result<Option<Found>> {
        let is_it = |stored: &StoredDelivery<'_>| stored.delivery_id == *id;
        match stored_where(self, &format!("direct/{endpoint}/"), is_it).await? {
            Some(found) => Ok(Some(found)),
            None => in_a_message(self, endpoint, is_it),
        }
    }

    fn successor(&self) -> Successor {
        Successor::NextStart
    }
}

/// The stored delivery under such names that is wanted.
async fn stored_where(
    local: &Local,
    beginning: &str,
    is_wanted: impl Fn(&StoredDelivery<'_>) -> bool,
) -> anyhow::Result<Option<Found>> {
    for object in local.packs(beginning).await? {
        let Some(bytes) = local.read(&object).await? else { continue };
        if StoredDelivery::parse(&bytes).is_ok_and(|stored| is_wanted(&stored)) {
            return Ok(Some((object.to_string(), bytes)));
        }
    }
    Ok(None)
}

/// The delivery that is wanted, if it is still in its message.
fn in_a_message(
    local: &Local,
    endpoint: &EndpointId,
    is_wanted: impl Fn(&StoredDelivery<'_>) -> bool,
) -> anyhow::Result<Option<Found>> {
    let found = local.find_message(|body| {
        let queued = lookup::queued(body).filter(|queued| queued.event.endpoint == *endpoint)?;
        let stored = queued.stored?;
        let is_it = StoredDelivery::parse(&stored).is_ok_and(|stored| is_wanted(&stored));
        is_it.then_some(stored)
    })?;
    Ok(found.map(|stored| ("its message in the queue".to_owned(), stored)))
}

#[cfg(feature = "aws")]
impl Unrecorded for hookdock_aws::S3Deliveries {
    async fn unrecorded(&self, _: &EventRef) -> anyhow::Result<Option<Found>> {
        Ok(None)
    }

    async fn unnamed(&self, _: &EndpointId, _: &DeliveryId) -> anyhow::Result<Option<Found>> {
        Ok(None)
    }

    fn successor(&self) -> Successor {
        Successor::Deployed
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

//! The adapters for AWS keep the contracts, against MiniStack, over real HTTP.
//!
//! Each test starts a MiniStack of its own on a free loopback port and stops it. `tests/run tools`
//! installs it.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where something is not as it should be"
)]

mod jobs;
mod ministack;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hookdock_aws::config::{IngestConfig, ProcessorConfig};
use hookdock_aws::{AwsIngest, AwsProcess, DynamoHistories};
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::pack::Pack;
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::job::Registry;
use hookdock_pipeline::ledger::dead_letter::DeadLetter;
use hookdock_pipeline::ledger::{DeliveryRecord, EventRef, Fence, History, Recorded, Run, RunId};
use hookdock_pipeline::model::names::{CellName, CellTag, DeliveryId, EndpointId};
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{
    Archive, Captured, Captures, Cell, Cells, CommitRefused, Conditional, Deliveries, Document,
    DocumentName, Documents, Endpoints as _, Histories, Ledger, Messages, Packs, Record, Records,
    WorkQueue,
};
use hookdock_signature::Secret;
use hookdock_tests::contract::{self, Bench, Seen};
use hookdock_tests::outside::Outside;
use hookdock_tests::stack::{START, Unasked};
use ministack::MiniStack;
use serde_json::{Value, json};

struct Aws {
    ministack: MiniStack,
    ports: Ports,
}

/// Both functions' adapters as one.
#[derive(Clone)]
struct Ports {
    ingest: Arc<AwsIngest>,
    process: Arc<AwsProcess>,
    histories: DynamoHistories,
}

impl Aws {
    async fn start() -> Self {
        let ministack = MiniStack::start().await;
        let connection = ministack.connection();
        let name = |name: &str| Some(ministack.setting(name));
        let ingest = IngestConfig::read(name).expect("usable");
        let process = ProcessorConfig::read(name).expect("usable");
        let ports = Ports {
            ingest: Arc::new(
                hookdock_aws::ingest(&ingest, Arc::new(Unasked), Arc::new(Outside::default()))
                    .await,
            ),
            process: Arc::new(hookdock_aws::process(&connection, &process, Registry::new()).await),
            histories: hookdock_aws::histories(&connection, &process.bucket, &process.table)
                .await
                .1,
        };
        Self { ministack, ports }
    }
}

impl Bench for Aws {
    type Ports = Ports;

    fn ports(&self) -> &Ports {
        &self.ports
    }

    async fn receive(&self) -> Vec<Seen> {
        self.ministack.receive("work").await.iter().map(seen).collect()
    }

    async fn dead_letters(&self) -> Vec<Seen> {
        self.ministack.receive("dead").await.iter().map(seen).collect()
    }

    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

fn seen(message: &Value) -> Seen {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let attributes = message["MessageAttributes"].as_object().into_iter().flatten();
    Seen {
        receipt: text(&message["ReceiptHandle"]),
        body: text(&message["Body"]),
        attributes: attributes
            .map(|(name, value)| (name.clone(), text(&value["StringValue"])))
            .collect::<BTreeMap<_, _>>(),
        receives: text(&message["Attributes"]["ApproximateReceiveCount"])
            .parse()
            .expect("a number"),
    }
}

macro_rules! contracts {
    ($($contract:ident),*) => {$(
        #[tokio::test]
        async fn $contract() {
            contract::$contract(&Aws::start().await).await;
        }
    )*};
}
hookdock_tests::each_contract!(contracts);

#[tokio::test]
async fn an_endpoint_is_one_secret_and_is_remembered() {
    let aws = Aws::start().await;
    let (known, unknown) = ("github".parse().expect("a name"), "nobody".parse().expect("a name"));
    let secret = json!({
        "version": 1, "provider": "github", "secrets": [{"id": "s7", "value": "a secret"}],
    });
    aws.ministack.create_secret("test/endpoint/github", &secret).await;
    let endpoints = &aws.ports.ingest.endpoints;
    assert!(endpoints.find(&unknown).await.expect("an answer").is_none());
    let found = endpoints.find(&known).await.expect("an answer").expect("an endpoint");
    assert_eq!(found.provider().id(), "github");
    assert_eq!(found.secrets(None, START).expect("registered")[0].id(), "s7");
    assert!(endpoints.refresh(&known).await.expect("an answer").is_none(), "read moments ago");
    drop(aws.ministack);
    assert!(endpoints.find(&known).await.expect("an answer").is_some(), "without asking again");
}

#[tokio::test]
async fn a_captured_secret_is_among_the_endpoints_own_at_once() {
    let aws = Aws::start().await;
    let id = "asana".parse().expect("a name");
    let spec = json!({"version": 1, "provider": "asana", "capture": true});
    aws.ministack.create_secret("test/endpoint/asana", &spec).await;
    let endpoints = &aws.ports.ingest.endpoints;
    let live = async || {
        let found = endpoints.find(&id).await.expect("an answer").expect("an endpoint");
        found.secrets(None, START).expect("registered").len()
    };
    assert_eq!(live().await, 0);
    let secret = Secret::new("captured", "the secret of the hook").expect("not empty");
    assert_eq!(endpoints.capture(&id, &secret).await.expect("an answer"), Captured::New);
    assert_eq!(live().await, 1);
}

#[tokio::test]
async fn without_a_place_for_it_no_secret_is_captured() {
    let aws = Aws::start().await;
    let (id, secret) = ("other".parse().expect("a name"), Secret::new("captured", "x"));
    let answer = aws.ports.ingest.endpoints.capture(&id, &secret.expect("not empty")).await;
    assert!(answer.is_err(), "the operator has not created the secret");
}

impl Captures for Ports {
    async fn capture(&self, id: &EndpointId, secret: &Secret) -> Result<Captured, PortError> {
        self.ingest.endpoints.capture(id, secret).await
    }
}

impl Archive for Ports {
    async fn put(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        self.ingest.archive.put(delivery).await
    }

    async fn put_once(&self, delivery: &SealedDelivery) -> Result<Conditional<()>, PortError> {
        self.ingest.archive.put_once(delivery).await
    }
}

impl WorkQueue for Ports {
    async fn send(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        self.ingest.queue.send(delivery).await
    }
}

impl Deliveries for Ports {
    async fn read(&self, object: &ObjectKey) -> Result<Option<Bytes>, PortError> {
        self.process.deliveries.read(object).await
    }

    async fn pack(&self, pack: &Pack) -> Result<(), PortError> {
        self.process.deliveries.pack(pack).await
    }
}

impl Packs for Ports {
    async fn packs(&self, beginning: &str) -> Result<Vec<ObjectKey>, PortError> {
        self.process.deliveries.packs(beginning).await
    }
}

impl Messages for Ports {
    async fn change_visibility(&self, receipt: &str, wait: Duration) -> Result<(), PortError> {
        self.process.messages.change_visibility(receipt, wait).await
    }

    async fn send_items(
        &self,
        references: &[Reference],
        trace: Option<&str>,
    ) -> Result<Vec<usize>, PortError> {
        self.process.messages.send_items(references, trace).await
    }

    async fn dead_letter(&self, letter: &DeadLetter) -> Result<(), PortError> {
        self.process.messages.dead_letter(letter).await
    }
}

impl Histories for Ports {
    async fn history(&self, event: &EventRef) -> Result<Option<History>, PortError> {
        self.histories.history(event).await
    }
}

impl Cells for Ports {
    async fn cell(&self, name: &CellName) -> Result<Option<Cell>, PortError> {
        self.process.ledger.cell(name).await
    }

    async fn swap(
        &self,
        name: &CellName,
        from: Option<&CellTag>,
        to: &Cell,
    ) -> Result<Conditional<Option<Cell>>, PortError> {
        self.process.ledger.swap(name, from, to).await
    }
}

impl Ledger for Ports {
    async fn find_pack(
        &self,
        event: &EventRef,
        delivery: &DeliveryId,
    ) -> Result<Option<ObjectKey>, PortError> {
        self.process.ledger.find_pack(event, delivery).await
    }

    async fn record_delivery(&self, delivery: &DeliveryRecord) -> Result<Recorded, PortError> {
        self.process.ledger.record_delivery(delivery).await
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        self.process.ledger.run(id).await
    }

    async fn create(&self, run: &Run) -> Result<Conditional<Run>, PortError> {
        self.process.ledger.create(run).await
    }

    async fn compare_and_swap(
        &self,
        from: &Fence,
        to: &Run,
    ) -> Result<Conditional<Run>, PortError> {
        self.process.ledger.compare_and_swap(from, to).await
    }

    async fn commit(
        &self,
        from: &Fence,
        to: &Run,
        record: &Record,
    ) -> Result<Conditional<CommitRefused>, PortError> {
        self.process.ledger.commit(from, to, record).await
    }
}

impl Records for Ports {
    fn insert(&self, record: Record) -> BoxFuture<'_, Result<Conditional<Value>, PortError>> {
        self.process.effects.records.insert(record)
    }

    fn get<'a>(
        &'a self,
        collection: &'a str,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Value>, PortError>> {
        self.process.effects.records.get(collection, id)
    }
}

impl Documents for Ports {
    fn keep(&self, document: Document) -> BoxFuture<'_, Result<Conditional<()>, PortError>> {
        self.documents().keep(document)
    }

    fn read<'a>(
        &'a self,
        name: &'a DocumentName,
    ) -> BoxFuture<'a, Result<Option<Bytes>, PortError>> {
        self.documents().read(name)
    }
}

impl Ports {
    fn documents(&self) -> &dyn Documents {
        self.process.effects.documents.as_deref().expect("set up")
    }
}

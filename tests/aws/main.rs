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

use hookdock_aws::config::{IngestConfig, ProcessorConfig};
use hookdock_aws::{AwsIngest, AwsProcess, Operated, StackNames};
use hookdock_operate::ports::Place;
use hookdock_pipeline::job::{Effects, Registry};
use hookdock_pipeline::ports::{
    Archive, Captured, Captures, Deliveries, DueRuns, Endpoints as _, Histories, Ledger, Messages,
    Packs, WorkQueue,
};
use hookdock_signature::Secret;
use hookdock_tests::contract::{self, Bench, Seen};
use hookdock_tests::outside::Outside;
use hookdock_tests::stack::{START, Unasked};
use ministack::MiniStack;
use serde_json::{Value, json};

/// The adapters of both functions and of a person's tools.
struct Aws {
    ministack: MiniStack,
    ingest: AwsIngest,
    process: AwsProcess,
    operated: Operated,
}

impl Aws {
    async fn start() -> Self {
        let ministack = MiniStack::start().await;
        let connection = ministack.connection();
        let name = |name: &str| Some(ministack.setting(name));
        let ingest = IngestConfig::read(name).expect("usable");
        let process = ProcessorConfig::read(name).expect("usable");
        let (providers, web) = (Arc::new(Unasked), Arc::new(Outside::default()));
        let names = StackNames {
            table: process.ledger.table.clone(),
            bucket: process.bucket.clone(),
            queue_url: Some(process.ledger.queue_url.clone()),
            dead_letter_url: Some(process.ledger.dead_letter_url.clone()),
        };
        Self {
            ingest: hookdock_aws::ingest(&ingest, providers, web).await,
            process: hookdock_aws::process(&connection, &process, Registry::new()).await,
            operated: hookdock_aws::operated(&connection, names).await,
            ministack,
        }
    }
}

impl Bench for Aws {
    fn captures(&self) -> &impl Captures {
        &self.ingest.endpoints
    }

    fn archive(&self) -> &impl Archive {
        &self.ingest.intake.archive
    }

    fn queue(&self) -> &impl WorkQueue {
        &self.ingest.intake.queue
    }

    fn deliveries(&self) -> &(impl Deliveries + Packs + Clone) {
        &self.process.deliveries
    }

    fn messages(&self) -> &(impl Messages + Clone) {
        &self.process.messages
    }

    fn ledger(&self) -> &(impl Ledger + DueRuns) {
        &self.process.ledger
    }

    fn histories(&self) -> &impl Histories {
        &self.operated
    }

    fn place(&self) -> &impl Place {
        &self.operated
    }

    fn effects(&self) -> &Effects {
        &self.process.effects
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
    let endpoints = &aws.ingest.endpoints;
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
    let endpoints = &aws.ingest.endpoints;
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
    let answer = aws.ingest.endpoints.capture(&id, &secret.expect("not empty")).await;
    assert!(answer.is_err(), "the operator has not created the secret");
}

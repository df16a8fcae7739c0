//! Jobs on which money hangs, at a provider that does not prove what it sends.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use hookdock_pipeline::job::{
    Body, Context, Delivery, ErrorClass, Failure, JobResult, Json, On, Outcome, Registry,
    Unconfirmed,
};
use hookdock_pipeline::ledger::RunState;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Record, Web};
use hookdock_signature::Weakness;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::{Stack, scope};
use http::{Request, Response};
use serde_json::{Value, json};

use crate::scripts::{accept, attribute, letter};

const ENDPOINTS: &str = r#"
    [endpoints.purchases]
    provider = "revenuecat"
    secrets = ["revenuecat secret"]

    [endpoints.code]
    provider = "gitlab"
    secrets = ["gitlab secret"]
"#;

/// What somebody sends who has read the token in a log.
const FORGED: &str = r#"{"event": {"id": "e-1", "type": "RENEWAL"}, "order": 7, "amount": 1}"#;

fn purchase() -> Draft {
    Draft::to("purchases", "revenuecat", FORGED)
}

/// The provider's API: it has one order.
#[derive(Debug, Clone, Default)]
struct Api(Arc<Mutex<Vec<String>>>);

#[async_trait]
impl Web for Api {
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, PortError> {
        let url = request.uri().to_string();
        let known = url == "https://api.example/orders/7";
        self.0.lock().expect("a lock").push(url);
        let answer = Response::builder().status(if known { 200 } else { 410 });
        let answer = answer.body(Bytes::from_static(br#"{"amount": 4200}"#)).expect("an answer");
        Ok(answer)
    }
}

/// Records the amount that the provider names.
async fn fulfil(cx: Context, paid: Unconfirmed<Value>) -> JobResult {
    let request = |paid: &Value| {
        let order = paid["order"].as_u64();
        let order = order.ok_or_else(|| Failure::permanent(ErrorClass::BadData, "no order"))?;
        let request = Request::get(format!("https://api.example/orders/{order}"));
        request.body(Bytes::new()).map_err(|_| Failure::permanent(ErrorClass::Bug, "no URL"))
    };
    let order: Value = paid.confirm(&cx, cx.dependency("revenuecat"), request).await?;
    let body = json!({ "amount": order["amount"] });
    cx.records().insert(Record { collection: "orders".into(), id: "7".into(), body }).await?;
    Ok(Outcome::Done)
}

fn serving(registry: Registry) -> (Stack, Api) {
    let (mut stack, api) = (Stack::serving(ENDPOINTS, registry), Api::default());
    stack.process.effects.web = Some(Arc::new(api.clone()));
    (stack, api)
}

/// The order that was recorded.
async fn order(stack: &Stack) -> Option<Value> {
    let id = scope("purchases", None).key("7");
    stack.process.effects.records.get("orders", &id).await.expect("memory")
}

async fn refused(registry: Registry) {
    let (stack, _) = serving(registry);
    accept(&stack, &purchase()).await;
    stack.drain().await;
    let letter = letter(&stack);
    assert_eq!(attribute(&letter, "reason"), "bug");
    assert_eq!(
        attribute(&letter, "message"),
        "revenuecat proves too little of its deliveries (unsigned-body): take `Unconfirmed` as payload"
    );
}

#[tokio::test(start_paused = true)]
async fn a_job_that_takes_the_body_at_its_word_does_not_run() {
    let json = |_: Context, _: Json<Value>| async { panic!("it ran") };
    let body = |_: Context, _: Body| async { panic!("it ran") };
    refused(Registry::new().job("json", On::endpoint("*"), json)).await;
    refused(Registry::new().job("body", On::endpoint("*"), body)).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_asks_the_provider_acts_on_its_answer_and_not_on_the_claim() {
    let (stack, api) = serving(Registry::new().job("fulfil", On::endpoint("*"), fulfil));
    accept(&stack, &purchase()).await;
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
    assert_eq!(*api.0.lock().expect("a lock"), ["https://api.example/orders/7"]);
    assert_eq!(order(&stack).await, Some(json!({ "amount": 4200 })));
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_the_provider_does_not_know_changes_nothing() {
    let (stack, _) = serving(Registry::new().job("fulfil", On::endpoint("*"), fulfil));
    let body = FORGED.replace("7", "8");
    accept(&stack, &Draft::to("purchases", "revenuecat", &body)).await;
    stack.drain().await;
    assert_eq!(attribute(&letter(&stack), "reason"), "refused");
    assert_eq!(order(&stack).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_job_sees_how_weak_the_proof_is_and_runs_where_no_money_hangs_on_it() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let look = move |_: Context, delivery: Delivery| {
        noted.lock().expect("a lock").push(delivery.weakness);
        async { Ok(Outcome::Done) }
    };
    let fine = |_: Context, _: Json<Value>| async { Ok(Outcome::Done) };
    let jobs = Registry::new().job("look", On::endpoint("*"), look);
    let (stack, _) = serving(jobs.job("fine", On::endpoint("code"), fine));
    accept(&stack, &purchase()).await;
    accept(&stack, &Draft::to("code", "gitlab", "{}")).await;
    stack.drain().await;
    assert_eq!(*seen.lock().expect("a lock"), [Some(Weakness::UnsignedBody); 2]);
    assert!(stack.local.dead_letters().expect("memory").is_empty());
}

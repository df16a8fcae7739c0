//! Two tenants, or two endpoints, with the same ids never meet, unless a job says so.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hookdock_pipeline::job::{
    Body, Context, Dependency, ErrorClass, Failure, On, Ordered, Outcome, Registry,
    ScopedDocuments, ScopedRecords,
};
use hookdock_pipeline::ledger::breaker::BreakerPolicy;
use hookdock_pipeline::model::names::{DependencyName, EndpointId, JobName, TenantId};
use hookdock_pipeline::model::scope::{LONGEST_ID_BYTES, Scope};
use hookdock_pipeline::ports::{Conditional, Document, DocumentName, Record};
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;
use proptest::prelude::*;
use serde_json::json;

use crate::scripts::{accept, attribute, letter, unavailable};

/// An event of each of four scopes: two tenants of an endpoint, and two endpoints without tenants.
fn events() -> [Draft; 4] {
    [
        Draft::order("acme", "acme secret"),
        Draft::order("globex", "globex secret"),
        Draft::checkout("evt_1", "cs_1"),
        Draft::small_checkout("evt_1", "cs_1"),
    ]
}

/// What a job says of each of these events, which come one after the other.
async fn each_says<R, F>(look: impl Fn(Context) -> F + Clone + Send + Sync + 'static) -> Vec<R>
where
    R: Clone + Send + 'static,
    F: Future<Output = R> + Send + 'static,
{
    let said = Arc::new(Mutex::new(Vec::new()));
    let job = {
        let said = Arc::clone(&said);
        move |cx: Context, _: Body| {
            let (said, look) = (Arc::clone(&said), look.clone());
            async move {
                let says = look(cx).await;
                said.lock().expect("a lock").push(says);
                Ok(Outcome::Done)
            }
        }
    };
    let stack = Stack::with(Registry::new().job("look", On::endpoint("*"), job));
    for event in events() {
        accept(&stack, &event).await;
        stack.drain().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    said.lock().expect("a lock").clone()
}

/// Each event is the first to use an id in its own scope; in the shared one only the first is.
async fn check<O, S>(
    own: impl Fn(Context) -> O + Clone + Send + Sync + 'static,
    shared: impl Fn(Context) -> S + Clone + Send + Sync + 'static,
) where
    O: Future<Output = Result<bool, Failure>> + Send + 'static,
    S: Future<Output = Result<bool, Failure>> + Send + 'static,
{
    let is_first = |said: Vec<Result<bool, Failure>>| -> Vec<bool> {
        said.into_iter().map(|first| first.unwrap_or(false)).collect()
    };
    assert_eq!(is_first(each_says(own).await), [true; 4], "its own");
    assert_eq!(is_first(each_says(shared).await), [true, false, false, false], "shared");
}

fn order(body: &str) -> Record {
    Record { collection: "orders".to_owned(), id: "cs_1".to_owned(), body: json!(body) }
}

async fn inserts(cx: &Context, records: ScopedRecords<'_>) -> Result<bool, Failure> {
    let body = cx.scope().key("");
    let inserted = records.insert(order(&body)).await?;
    let found = records.get("orders", "cs_1").await?;
    Ok(inserted == Conditional::Written && found == Some(json!(body)))
}

async fn keeps(cx: &Context, documents: ScopedDocuments<'_>) -> Result<bool, Failure> {
    let body = Bytes::from(cx.scope().key(""));
    let name = documents.name("invoices", "cs_1", "txt");
    let document = Document { name: name.clone(), content_type: "text/plain", body: body.clone() };
    let kept = documents.keep(document).await?;
    Ok(kept == Conditional::Written && documents.read(&name).await? == Some(body))
}

/// What comes later is older.
async fn is_newest(cx: &Context, entity: Ordered<'_>) -> Result<bool, Failure> {
    entity.version(-cx.received_at().get()).run(async || Ok(true)).await
}

/// One failure is enough for the next not to be made.
async fn calls(dependency: Dependency<'_>) -> Result<bool, Failure> {
    let (policy, called) =
        (BreakerPolicy { failures: 1, ..BreakerPolicy::default() }, AtomicBool::new(false));
    let call = async || {
        called.store(true, Ordering::Relaxed);
        Err::<(), _>(unavailable())
    };
    dependency.at("https://crm.example.com").policy(policy).call(call).await.ok();
    Ok(called.into_inner())
}

#[tokio::test(start_paused = true)]
async fn a_record_is_of_its_endpoint_and_tenant() {
    check(
        |cx| async move { inserts(&cx, cx.records()).await },
        |cx| async move {
            let records = cx.shared_across_tenants().records();
            Ok(records.insert(order("x")).await? == Conditional::Written)
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_written_with_its_run_is_of_its_endpoint_and_tenant() {
    check(
        |cx| async move { Ok(cx.commit("order", order("x")).await? == Conditional::Written) },
        |cx| async move {
            let committed = cx.shared_across_tenants().commit("order", order("x")).await?;
            Ok(committed == Conditional::Written)
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_document_is_of_its_endpoint_and_tenant() {
    check(
        |cx| async move { keeps(&cx, cx.documents()?).await },
        |cx| async move { keeps(&cx, cx.shared_across_tenants().documents()?).await },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_entity_is_of_its_endpoint_and_tenant() {
    check(
        |cx| async move { is_newest(&cx, cx.ordered("cus_1")).await },
        |cx| async move { is_newest(&cx, cx.shared_across_tenants().ordered("cus_1")).await },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_fails_for_one_tenant_holds_back_no_other() {
    check(
        |cx| async move { calls(cx.dependency("crm")).await },
        |cx| async move { calls(cx.shared_across_tenants().dependency("crm")).await },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_job_knows_whose_event_it_runs_for() {
    let says = each_says(|cx| async move { (cx.tenant().cloned(), cx.scope().key("1")) }).await;
    let says: Vec<_> = says
        .iter()
        .map(|(tenant, key)| (tenant.as_ref().map(TenantId::as_str), key.as_str()))
        .collect();
    let expected = [
        (Some("acme"), "orders~acme~1"),
        (Some("globex"), "orders~globex~1"),
        (None, "stripe~~1"),
        (None, "small~~1"),
    ];
    assert_eq!(says, expected);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_is_moved_back_is_still_its_tenants() {
    let says = Arc::new(Mutex::new(Vec::new()));
    let job = {
        let says = Arc::clone(&says);
        move |cx: Context, _: Body| {
            says.lock().expect("a lock").push(cx.scope().key("1"));
            async { Err(Failure::permanent(ErrorClass::Bug, "no")) }
        }
    };
    let stack = Stack::with(Registry::new().job("fails", On::endpoint("*"), job));
    accept(&stack, &Draft::order("acme", "acme secret")).await;
    stack.drain().await;
    stack.local.redrive().await.expect("memory");
    stack.drain().await;
    assert_eq!(*says.lock().expect("a lock"), ["orders~acme~1"; 2]);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_no_store_could_take_ends_the_run_at_once() {
    let job = |cx: Context, _: Body| async move {
        let id = "x".repeat(LONGEST_ID_BYTES + 1);
        cx.commit("order", Record { id, ..order("x") }).await?;
        Ok(Outcome::Done)
    };
    let stack = Stack::with(Registry::new().job("long", On::endpoint("*"), job));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    let letter = letter(&stack);
    assert_eq!(attribute(&letter, "reason"), "bad_data");
    assert_eq!(attribute(&letter, "message"), "a record's id has 832 bytes, 831 fit");
}

fn scope() -> impl Strategy<Value = Scope> {
    let names = ("[a-b0-1][a-b0-1-]{0,2}", prop::option::of("[a-b.A-B_-]{1,2}"));
    let own = names.prop_map(|(endpoint, tenant)| Scope::Own {
        endpoint: endpoint.parse::<EndpointId>().expect("a name"),
        tenant: tenant.map(|tenant| tenant.parse().expect("a name")),
    });
    prop_oneof![6 => own, 1 => Just(Scope::Shared)]
}

/// What a sender can write, and most often something that looks like a key.
fn id() -> impl Strategy<Value = String> {
    prop_oneof!["[ab~.-]{0,6}", any::<String>()]
}

proptest! {
    #[test]
    fn no_two_scopes_or_ids_have_a_key_in_common(
        one in (scope(), id()),
        other in (scope(), id()),
    ) {
        let key = |(scope, id): &(Scope, String)| scope.key(id);
        prop_assert_eq!(key(&one) == key(&other), one == other);
    }

    #[test]
    fn all_that_is_kept_or_called_is_apart_where_its_keys_are(
        one in (scope(), id()),
        other in (scope(), id()),
    ) {
        let job: JobName = "sync".parse().expect("a name");
        let crm: DependencyName = "crm".parse().expect("a name");
        let document = |(scope, id): &(Scope, String)| DocumentName::of(scope, "orders", id, "txt");
        let entity = |(scope, id): &(Scope, String)| scope.entity_cell(&job, id);
        let breaker = |(scope, id): &(Scope, String)| scope.breaker_cell(&crm, id);
        let same = one == other;
        prop_assert_eq!(document(&one) == document(&other), same);
        prop_assert_eq!(entity(&one) == entity(&other), same);
        prop_assert_eq!(breaker(&one) == breaker(&other), same);
    }
}

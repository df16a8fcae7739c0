//! Customers of Stripe and Shopify are written to the CRM under their own ids.

use std::time::Duration;

use hookdock_pipeline::ledger::RunState;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;
use serde_json::{Value, json};

use crate::world::{Turn, World, accept, serving, stack};

const SETTINGS: &str = r#"
version = 1
[sync_customer]
crm = { url = "https://crm.example.com", token = "crm secret" }
"#;

fn stripe(id: &str) -> Draft {
    changed("evt_9", id, 1_800_000_000)
}

/// The customer as it was at that second.
fn changed(event: &str, id: &str, created: i64) -> Draft {
    let body = json!({
        "id": event, "type": "customer.updated", "created": created,
        "data": { "object": { "id": id, "email": "jane@example.com", "name": null } },
    });
    Draft::stripe("stripe", "whsec_test", &body.to_string())
}

fn shopify() -> Draft {
    let mut draft = Draft::order("acme", "acme secret");
    draft.headers[0].1 = "customers/create".to_owned();
    let body = json!({
        "id": 706_405_506_930_370_084_u64, "email": "jane@example.com",
        "first_name": "Jane", "last_name": "Roe", "updated_at": "2027-01-15T08:00:00-05:00",
    });
    draft.body = body.to_string().into();
    draft
}

async fn synced(draft: &Draft, world: &World) -> Stack {
    let stack = stack(SETTINGS, world);
    accept(&stack, draft).await;
    stack.drain().await;
    stack
}

fn check(world: &World, path: &str, body: &Value) {
    let asked = world.asked();
    let last = asked.last().expect("a call");
    assert_eq!(last.method(), "PUT");
    assert_eq!(last.uri(), format!("https://crm.example.com{path}").as_str());
    let sent: Value = serde_json::from_slice(last.body()).expect("JSON");
    assert_eq!(&sent, body);
    assert_eq!(world.taken(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_customer_of_stripe_is_written_however_the_crm_fails() {
    let world = World::going([Turn::Status(502), Turn::AnswerLost]);
    let stack = synced(&stripe("cus_1"), &world).await;
    assert_eq!(stack.run().state, RunState::Done);
    assert_eq!(world.asked().len(), 3);
    let body = json!({
        "provider": "stripe", "id": "cus_1", "email": "jane@example.com", "name": null,
        "changed": "1800000000", "external_id": "stripe~~cus_1", "endpoint": "stripe",
        "tenant": null,
    });
    check(&world, "/customers/stripe~~cus_1", &body);
}

#[tokio::test(start_paused = true)]
async fn a_customer_of_shopify_is_written() {
    let world = World::default();
    let stack = synced(&shopify(), &world).await;
    assert_eq!(stack.run().state, RunState::Done);
    let body = json!({
        "provider": "shopify", "id": "706405506930370084", "email": "jane@example.com",
        "name": "Jane Roe", "changed": "2027-01-15T08:00:00-05:00",
        "external_id": "orders~acme~706405506930370084", "endpoint": "orders", "tenant": "acme",
    });
    check(&world, "/customers/orders~acme~706405506930370084", &body);
}

fn versions(world: &World) -> Vec<String> {
    let bodies = world.asked().into_iter().map(|asked| asked.into_body());
    let sent = bodies.map(|body| serde_json::from_slice::<Value>(&body).expect("JSON"));
    sent.map(|sent| sent["changed"].as_str().expect("a time").to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_older_than_what_was_written_is_not_written() {
    let world = World::default();
    let stack = synced(&changed("evt_2", "cus_1", 200), &world).await;
    for (event, created) in [("evt_1", 100), ("evt_3", 300)] {
        accept(&stack, &changed(event, "cus_1", created)).await;
        stack.drain().await;
    }
    assert_eq!(versions(&world), ["200", "300"]);
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_changes_is_written_once_as_it_was_last() {
    let world = World::default();
    let stack = stack(SETTINGS, &world);
    for number in 0..10 {
        accept(&stack, &changed(&format!("evt_{number}"), "cus_1", number)).await;
    }
    accept(&stack, &changed("evt_other", "cus_2", 70)).await;
    stack.drain().await;
    let mut written = versions(&world);
    written.sort();
    assert_eq!(written, ["70", "9"]);
}

#[tokio::test(start_paused = true)]
async fn a_crm_that_is_down_is_left_alone_until_it_is_back() {
    let world = World::going([Turn::Status(503); 6]);
    let stack = stack(SETTINGS, &world);
    for number in 0..40 {
        let customer = format!("cus_{number}");
        accept(&stack, &changed(&format!("evt_{number}"), &customer, 1)).await;
    }
    stack.drain().await;
    assert_eq!(world.taken(), 40);
    assert_eq!(world.asked().len(), 46, "what failed, and each customer once");
    let events = stack.local.events().expect("memory");
    let runs = events.iter().flat_map(|event| stack.local.runs(&event.event()).expect("memory"));
    let tries: u32 = runs.map(|run| run.counted_attempts()).sum();
    assert_eq!(tries, 46, "an attempt for each call, and none for waiting");
}

#[tokio::test(start_paused = true)]
async fn an_id_that_leaves_its_place_in_the_url_is_refused() {
    for id in ["../orders/1", "cus 1", "cus?admin=1", ""] {
        let world = World::default();
        let stack = synced(&stripe(id), &world).await;
        assert_eq!(stack.run().state.name(), "dead", "{id:?}");
        assert!(world.asked().is_empty(), "{id:?}");
    }
}

const TENANTS: &str = r#"
[endpoints.stripe]
provider = "stripe"
tenants.a.secrets = ["whsec_of_a"]
tenants.b.secrets = ["whsec_of_b"]
"#;

/// The customer `cus_1` of a tenant as it was at that second.
fn of_tenant(tenant: &str, created: i64) -> Draft {
    let draft = changed("evt_1", "cus_1", created);
    let (path, secret) = (format!("/webhooks/stripe/{tenant}"), format!("whsec_of_{tenant}"));
    Draft { path, secret, ..draft }
}

fn paths(world: &World) -> Vec<String> {
    world.asked().iter().map(|asked| asked.uri().path().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_same_customer_id_of_two_tenants_is_two_customers() {
    let world = World::default();
    let stack = serving(TENANTS, SETTINGS, &world);
    for (tenant, created) in [("b", 1_800_003_600), ("a", 1_800_000_000)] {
        accept(&stack, &of_tenant(tenant, created)).await;
        stack.drain().await;
    }
    assert_eq!(paths(&world), ["/customers/stripe~b~cus_1", "/customers/stripe~a~cus_1"]);
}

#[tokio::test(start_paused = true)]
async fn a_crm_that_fails_for_one_tenant_is_called_for_another() {
    let world = World::going([Turn::Status(503); 5]);
    let stack = serving(TENANTS, SETTINGS, &world);
    for number in 0..5 {
        let customer = format!("cus_{number}");
        let draft = changed(&format!("evt_{number}"), &customer, 1);
        let (path, secret) = ("/webhooks/stripe/b".to_owned(), "whsec_of_b".to_owned());
        accept(&stack, &Draft { path, secret, ..draft }).await;
    }
    while world.asked().len() < 5 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stack.work_on_all(&stack.local.receive(10).await.expect("memory")).await;
    }
    accept(&stack, &of_tenant("a", 1)).await;
    while paths(&world).len() < 6 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stack.work_on_all(&stack.local.receive(1).await.expect("memory")).await;
    }
    assert_eq!(paths(&world)[5], "/customers/stripe~a~cus_1", "and not a probe of b's");
}

#[tokio::test(start_paused = true)]
async fn a_change_from_the_future_is_refused_and_stops_no_other() {
    let now = 1_800_000_000;
    let (world, milliseconds) = (World::default(), now * 1000);
    let stack = synced(&changed("evt_1", "cus_1", milliseconds), &world).await;
    let failure = stack.run().last_failure().cloned().expect("a failure");
    assert_eq!((stack.run().state.name(), failure.class.code()), ("dead", "bad_data"));
    accept(&stack, &changed("evt_2", "cus_1", now)).await;
    stack.drain().await;
    assert_eq!(versions(&world), [now.to_string()]);
    let mut draft = shopify();
    let body = String::from_utf8(draft.body.to_vec()).expect("JSON");
    draft.body = body.replace("2027-01-15", "2027-01-17").into();
    let world = World::default();
    assert_eq!(synced(&draft, &world).await.run().state.name(), "dead");
    assert!(world.asked().is_empty());
}

//! A paid checkout becomes an order, an invoice, an e-mail and an entry in the CRM, each once.

use std::collections::BTreeMap;
use std::time::Duration;

use hookdock_embedded::Sent;
use hookdock_pipeline::ledger::RunState;
use hookdock_pipeline::ports::{DocumentName, Documents as _, Records as _};
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::{Stack, scope};
use serde_json::{Value, json};

use crate::world::{Turn, World, accept, serving, stack};

const SETTINGS: &str = r#"
version = 1
[fulfil_order]
seller = "Example Ltd"
crm = { url = "https://crm.example.com/api/", token = "crm secret" }
"#;

const STEPS: [&str; 5] =
    ["create-order", "store-invoice", "send-invoice", "tell-crm", "mark-processed"];

fn checkout(event: &str, status: &str, amount: impl Into<Value>) -> Draft {
    let amount: Value = amount.into();
    let body = json!({
        "id": event,
        "type": "checkout.session.completed",
        "data": { "object": {
            "id": "cs_1", "payment_status": status, "amount_total": amount, "currency": "eur",
            "customer": null, "customer_details": { "email": "jane@example.com" },
        }},
    });
    Draft::stripe("stripe", "whsec_test", &body.to_string())
}

fn paid() -> Draft {
    checkout("evt_1", "paid", 4200)
}

async fn record(stack: &Stack, collection: &str) -> Option<Value> {
    stack.local.get(collection, &scope("stripe", None).key("cs_1")).await.expect("memory")
}

async fn invoice(stack: &Stack) -> Option<String> {
    let name = DocumentName::of(&scope("stripe", None), "invoices", "cs_1", "txt");
    let found = stack.local.read(&name).await.expect("memory");
    found.map(|text| String::from_utf8(text.to_vec()).expect("UTF-8"))
}

/// What the CRM was told.
fn told(world: &World) -> Vec<Value> {
    let asked = world.asked();
    asked.iter().map(|asked| serde_json::from_slice(asked.body()).expect("JSON")).collect()
}

fn steps(stack: &Stack) -> Vec<String> {
    let run = stack.run();
    run.steps.iter().map(|step| step.name.as_str().to_owned()).collect()
}

/// Everything happened, and the CRM knows of one order.
async fn assert_fulfilled(stack: &Stack, world: &World) {
    assert_eq!(stack.run().state, RunState::Done);
    assert_eq!(steps(stack), STEPS);
    assert!(record(stack, "orders").await.is_some());
    assert!(invoice(stack).await.is_some());
    assert_eq!(stack.local.sent().expect("memory").len(), 1);
    assert_eq!(world.taken(), 1);
    assert!(record(stack, "fulfilments").await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_paid_checkout_goes_through_five_steps() {
    let world = World::default();
    let stack = stack(SETTINGS, &world);
    accept(&stack, &paid()).await;
    stack.drain().await;
    assert_fulfilled(&stack, &world).await;

    let mut order = json!({
        "checkout_session": "cs_1", "livemode": true, "amount": 4200, "currency": "eur",
        "customer": null,
    });
    assert_eq!(record(&stack, "orders").await, Some(order.clone()));
    let text = "Invoice\n\n\
                Order:  cs_1\n\
                Amount: 4200 (smallest unit of EUR)\n\
                Seller: Example Ltd\n";
    assert_eq!(invoice(&stack).await.as_deref(), Some(text));
    let email = Sent::Email {
        to: "jane@example.com".to_owned(),
        subject: "Your invoice for cs_1".to_owned(),
        text: text.to_owned(),
    };
    assert!(stack.local.sent().expect("memory") == [email]);

    let asked = world.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].method(), "POST");
    assert_eq!(asked[0].uri(), "https://crm.example.com/api/orders");
    assert_eq!(asked[0].headers()["authorization"], "Bearer crm secret");
    assert!(asked[0].headers()["authorization"].is_sensitive());
    assert_eq!(asked[0].headers()["content-type"], "application/json");
    order["external_id"] = "stripe~~cs_1".into();
    order["endpoint"] = "stripe".into();
    order["tenant"] = Value::Null;
    assert_eq!(told(&world), [order]);
}

#[tokio::test(start_paused = true)]
async fn while_the_crm_is_down_the_provider_sends_once_and_the_rest_is_not_repeated() {
    let world = World::going([Turn::Status(503), Turn::Hangs, Turn::Status(500)]);
    let stack = stack(SETTINGS, &world);
    accept(&stack, &paid()).await;
    stack.drain().await;
    assert_fulfilled(&stack, &world).await;
    assert_eq!(stack.run().attempt, 4);
    assert_eq!(stack.event().deliveries, 1);
    assert_eq!(world.asked().len(), 4);
    let commits = stack.plan.calls().into_iter().filter(|call| *call == Call::Commit).count();
    assert_eq!(commits, 2, "the order and the mark are written once");
}

#[tokio::test(start_paused = true)]
async fn a_crm_that_did_it_and_whose_answer_was_lost_is_handed_the_same_key() {
    let world = World::going([Turn::AnswerLost, Turn::AnswerLost]);
    let stack = stack(SETTINGS, &world);
    accept(&stack, &paid()).await;
    stack.drain().await;
    assert_fulfilled(&stack, &world).await;
    let asked = world.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|request| {
        request.headers()["idempotency-key"] == asked[0].headers()["idempotency-key"]
    }));
}

#[tokio::test(start_paused = true)]
async fn a_crm_that_names_a_time_is_left_alone_until_then() {
    let world = World::going([Turn::Throttled(3600)]);
    let stack = stack(SETTINGS, &world);
    let began = tokio::time::Instant::now();
    accept(&stack, &paid()).await;
    stack.drain().await;
    assert_fulfilled(&stack, &world).await;
    assert_eq!(world.asked().len(), 2);
    assert!(began.elapsed() >= Duration::from_secs(3600), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_crm_that_refuses_the_order_ends_the_run_with_a_reason_that_quotes_nothing() {
    let world = World::going([Turn::Status(422)]);
    let world = world.answering(&json!("jane@example.com is not welcome"));
    let stack = stack(SETTINGS, &world);
    accept(&stack, &paid()).await;
    stack.drain().await;
    let letters = stack.local.dead_letters().expect("memory");
    assert_eq!(letters.len(), 1);
    let text = format!("{letters:?}");
    assert!(text.contains("failed to tell the CRM of the order: answered 422"), "{text}");
    assert!(!text.contains("jane"), "{text}");
    assert_eq!(record(&stack, "fulfilments").await, None);
}

/// The worker dies before each write to the ledger in turn, which is after everything before it.
#[tokio::test(start_paused = true)]
async fn a_worker_that_dies_at_any_write_leaves_nothing_undone_and_nothing_done_twice() {
    // Two writes for each of three steps, and the settlement; the order and the mark.
    for (call, writes) in [(Call::CompareAndSwap, 7), (Call::Commit, 2)] {
        for well in 0..writes {
            assert!(dies_once(call, well).await, "{call:?} {well}");
        }
        assert!(!dies_once(call, writes).await, "{call:?} has {writes} writes");
    }
}

/// `false`: there are not that many writes to die at.
async fn dies_once(call: Call, well: usize) -> bool {
    let world = World::default();
    let stack = stack(SETTINGS, &world);
    accept(&stack, &paid()).await;
    stack.plan.strike_after(well, call, Fault::Hangs);
    let message = stack.local.receive(1).await.expect("memory").remove(0);
    let work = stack.work_on(&message);
    let died = tokio::time::timeout(Duration::from_millis(1), work).await.is_err();
    stack.drain().await;
    assert_fulfilled(&stack, &world).await;
    died
}

#[tokio::test(start_paused = true)]
async fn without_a_crm_and_without_an_address_those_steps_are_left_out() {
    let world = World::default();
    let stack = stack("version = 1", &world);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
    assert_eq!(steps(&stack), ["create-order", "store-invoice", "mark-processed"]);
    assert!(world.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_mail_the_invoice_is_kept_and_not_sent() {
    let world = World::default();
    let mut stack = stack(SETTINGS, &world);
    stack.process.effects.mail = None;
    accept(&stack, &paid()).await;
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
    assert_eq!(steps(&stack), ["create-order", "store-invoice", "tell-crm", "mark-processed"]);
    assert!(invoice(&stack).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn an_unpaid_session_and_one_that_sells_nothing_are_ignored() {
    for (status, amount, cause) in [
        ("unpaid", json!(4200), "the session is not paid yet"),
        ("no_payment_required", Value::Null, "the session sells nothing"),
    ] {
        let world = World::default();
        let stack = stack(SETTINGS, &world);
        accept(&stack, &checkout("evt_1", status, amount)).await;
        stack.drain().await;
        assert_eq!(stack.run().state, RunState::Ignored { cause: cause.to_owned() });
        assert_eq!(record(&stack, "orders").await, None);
        assert!(world.asked().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn another_event_of_the_same_session_does_nothing_and_one_of_another_order_is_dead() {
    let world = World::default();
    let stack = stack(SETTINGS, &world);
    for (event, amount) in [("evt_1", 4200), ("evt_2", 4200), ("evt_3", 1)] {
        accept(&stack, &checkout(event, "paid", amount)).await;
        stack.drain().await;
    }
    assert_eq!(world.taken(), 1);
    assert_eq!(stack.local.sent().expect("memory").len(), 1);
    let states = stack.local.events().expect("memory").into_iter().map(|event| {
        let run = stack.local.runs(&event.event()).expect("memory").remove(0);
        run.state.name()
    });
    let mut states: Vec<_> = states.collect();
    states.sort_unstable();
    assert_eq!(states, ["dead", "done", "ignored"]);
    assert_eq!(record(&stack, "orders").await.expect("an order")["amount"], 4200);
}

#[tokio::test(start_paused = true)]
async fn an_invoice_that_cannot_be_kept_yet_holds_up_what_comes_after_it() {
    let world = World::default();
    let stack = stack(SETTINGS, &world);
    stack.plan.strike_times(2, Call::KeepDocument, Fault::Fails);
    accept(&stack, &paid()).await;
    stack.drain().await;
    assert_fulfilled(&stack, &world).await;
    assert_eq!(stack.run().attempt, 3);
}

const TENANTS: &str = r#"
[endpoints.stripe]
provider = "stripe"
tenants.a.secrets = ["whsec_of_a"]
tenants.b.secrets = ["whsec_of_b"]
"#;

/// A checkout of session `cs_1`, signed by the tenant.
fn of_tenant(tenant: &str, amount: i64, email: &str) -> Draft {
    let body = json!({
        "id": format!("evt_of_{tenant}"),
        "type": "checkout.session.completed",
        "data": { "object": {
            "id": "cs_1", "payment_status": "paid", "amount_total": amount, "currency": "eur",
            "customer_details": { "email": email },
        }},
    });
    Draft::stripe(&format!("stripe/{tenant}"), &format!("whsec_of_{tenant}"), &body.to_string())
}

/// A buyer knows what he buys, so another tenant may know all of an order.
#[tokio::test(start_paused = true)]
async fn no_tenant_reaches_anothers_order_whatever_it_knows() {
    for amount in [4200, 1] {
        let world = World::default();
        let stack = serving(TENANTS, SETTINGS, &world);
        accept(&stack, &of_tenant("b", amount, "eve@b.example")).await;
        stack.drain().await;
        accept(&stack, &of_tenant("a", 4200, "jane@a.example")).await;
        stack.drain().await;
        for (tenant, amount) in [("a", 4200), ("b", amount)] {
            let id = scope("stripe", Some(tenant)).key("cs_1");
            let order = stack.local.get("orders", &id).await.expect("memory");
            assert_eq!(order.expect("an order")["amount"], amount, "{tenant}");
        }
        let sent = stack.local.sent().expect("memory");
        let sent = sent.iter().map(|sent| match sent {
            Sent::Email { to, text, .. } => (to.as_str(), text.contains("4200")),
            Sent::Notice { .. } => panic!("no notice is sent"),
        });
        let sent: BTreeMap<_, _> = sent.collect();
        let expected = [("eve@b.example", amount == 4200), ("jane@a.example", true)];
        assert_eq!(sent, expected.into());
        let ids: Vec<_> = told(&world).iter().map(|told| told["external_id"].clone()).collect();
        assert_eq!(ids, ["stripe~b~cs_1", "stripe~a~cs_1"]);
    }
}

fn in_test_mode() -> Draft {
    let body = json!({
        "id": "evt_1", "type": "checkout.session.completed", "livemode": false,
        "data": { "object": {
            "id": "cs_1", "payment_status": "paid", "amount_total": 4200, "currency": "eur",
            "customer_details": { "email": "jane@example.com" },
        }},
    });
    Draft::stripe("stripe", "whsec_test", &body.to_string())
}

#[tokio::test(start_paused = true)]
async fn an_order_in_test_mode_is_kept_apart_and_nobody_outside_is_told() {
    let world = World::default();
    let stack = stack(SETTINGS, &world);
    accept(&stack, &in_test_mode()).await;
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
    assert_eq!(record(&stack, "test-orders").await.expect("an order")["livemode"], false);
    assert!(record(&stack, "test-fulfilments").await.is_some());
    assert_eq!((record(&stack, "orders").await, invoice(&stack).await), (None, None));
    assert!(world.asked().is_empty());
    assert!(stack.local.sent().expect("memory").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stack_for_tests_tells_of_an_order_in_test_mode_what_it_is() {
    let world = World::default();
    let settings = SETTINGS.replace("seller", "tell_of_test_orders = true\nseller");
    let stack = stack(&settings, &world);
    accept(&stack, &in_test_mode()).await;
    stack.drain().await;
    assert_eq!(steps(&stack), STEPS);
    assert_eq!(record(&stack, "orders").await, None);
    assert_eq!(told(&world)[0]["livemode"], false);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_its_grammar_gets_into_nothing() {
    for (field, value, message) in [
        ("/id", json!("pi_1"), "the checkout session's id is not one"),
        ("/id", json!("cs_1\r\nBcc: eve@b.example"), "the checkout session's id is not one"),
        ("/currency", json!("e\r\n"), "the currency is not one"),
        ("/amount_total", json!(-1), "the amount is below zero"),
        ("/customer", json!("../orders"), "the customer's id is not one"),
        (
            "/customer_details/email",
            json!("jane@example.com,eve@b.example"),
            "the customer's e-mail address is not one",
        ),
    ] {
        let world = World::default();
        let stack = stack(SETTINGS, &world);
        let mut draft = paid();
        let mut body: Value = serde_json::from_slice(&draft.body).expect("JSON");
        let session = &mut body["data"]["object"];
        *session.pointer_mut(field).expect("it is there") = value;
        draft.body = body.to_string().into();
        accept(&stack, &draft).await;
        stack.drain().await;
        let run = stack.run();
        let failure = run.last_failure().expect("a failure");
        let found = (run.state.name(), failure.class.code(), failure.message.as_str());
        assert_eq!(found, ("dead", "bad_data", message));
        assert!(run.steps.is_empty() && world.asked().is_empty(), "{field}");
        assert!(stack.local.sent().expect("memory").is_empty(), "{field}");
    }
}

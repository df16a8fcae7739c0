//! Every job, interrupted at every call in turn: `hookdock_pipeline::testing`.

use std::sync::Arc;

use hookdock_embedded::{Embedded, TestSystem};
use hookdock_jobs::registry;
use hookdock_pipeline::job::Effects;
use hookdock_pipeline::testing::{Conformance, Example};
use serde_json::{Value, json};

use crate::world::{World, read};

/// Others answer everything with this.
fn answering(body: &Value) -> (Embedded<TestSystem>, Effects) {
    let (local, effects) = Embedded::fresh();
    let world = World::default().answering(body);
    (local, Effects { web: Some(Arc::new(world)), ..effects })
}

fn check_of(settings: &str, example: Example) -> Conformance {
    Conformance::of(registry(read(&format!("version = 1\n{settings}"))), example)
}

async fn check(conformance: Conformance, answer: &Value, steps: &[&str]) {
    let passed = conformance.check(|| answering(answer)).await.expect("it keeps its promises");
    let names: Vec<_> = passed.steps.iter().map(|step| step.as_str()).collect();
    assert_eq!(names, steps);
}

#[tokio::test]
async fn fulfil_order_keeps_its_promises() {
    let body = json!({ "data": { "object": {
        "id": "cs_1", "payment_status": "paid", "amount_total": 4200, "currency": "eur",
        "customer_details": { "email": "jane@example.com" },
    }}});
    let example = Example::of("stripe", "checkout.session.completed", body.to_string());
    let settings = r#"
        [fulfil_order]
        crm = { url = "https://crm.example.com", token = "crm secret" }
    "#;
    let conformance = check_of(settings, example).may_repeat("send-invoice", "SES knows no keys");
    let steps = ["create-order", "store-invoice", "send-invoice", "tell-crm", "mark-processed"];
    check(conformance, &json!({}), &steps).await;
}

#[tokio::test]
async fn triage_ticket_keeps_its_promises() {
    let body = json!({ "detail": { "id": "5158" } });
    let example = Example::of("zendesk", "zen:event-type:ticket.created", body.to_string());
    let settings = r#"
        [triage_ticket]
        zendesk = { url = "https://example.zendesk.com", user = "bot@example.com", token = "x" }
        slack = "https://hooks.slack.com/services/x"
    "#;
    let conformance = check_of(settings, example)
        .may_repeat("ask-model", "an answer that died with its worker is not kept")
        .may_repeat("tell-channel", "Slack knows no keys");
    let ticket = json!({ "ticket": {
        "id": 5158, "subject": "A wrong invoice", "description": "x", "via": { "channel": "web" },
    }});
    let steps = ["read-ticket", "ask-model", "record-triage", "tell-channel"];
    check(conformance, &ticket, &steps).await;
}

#[tokio::test]
async fn sync_customer_keeps_its_promises() {
    let settings = r#"
        [sync_customer]
        crm = { url = "https://crm.example.com", token = "crm secret" }
    "#;
    let stripe = json!({ "created": 1, "data": { "object": { "id": "cus_1" } } });
    let shopify = json!({ "id": 1, "updated_at": "2027-01-15T08:00:00-05:00" });
    for (provider, event_type, body) in
        [("stripe", "customer.updated", stripe), ("shopify", "customers/update", shopify)]
    {
        let example = Example::of(provider, event_type, body.to_string());
        check(check_of(settings, example), &json!({}), &["write-customer"]).await;
    }
}

#[tokio::test]
async fn send_notification_keeps_its_promises() {
    for (to, why) in [
        (r#"{ slack = "https://hooks.slack.com/services/x" }"#, "Slack knows no keys"),
        (r#"{ email = "ops@example.com" }"#, "SES knows no keys"),
        ("{ topic = {} }", "a standard topic knows no keys"),
    ] {
        let settings = format!("[send_notification.pushes]\nendpoint = \"github\"\nto = {to}");
        let example = Example::of("github", "push", "{}");
        let conformance = check_of(&settings, example).may_repeat("notify", why);
        check(conformance, &json!({}), &["notify"]).await;
    }
}

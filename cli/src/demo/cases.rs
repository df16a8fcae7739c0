//! What the demonstration sends, and what must become of it.

use hookdock_embedded::EndpointFile;
use hookdock_pipeline::job::{
    Body, Context, Delivery, ErrorClass, Failure, JobResult, On, Outcome, Registry,
};
use hookdock_pipeline::ports::Record;
use hookdock_signature::{EpochMillis, Headers, Request, Secret, catalog, sign};
use serde_json::json;

use crate::demo::outcome::CaseResult;

/// The endpoints of the demonstration. The secrets are made up and protect nothing.
const ENDPOINTS: &str = r#"
[endpoints.stripe]
provider = "stripe"
secrets = ["whsec_demo_stripe"]

[endpoints.github]
provider = "github"
secrets = ["demo github secret"]

[endpoints.shopify]
provider = "shopify"
secrets = ["demo shopify secret"]

[endpoints.standard]
provider = "standard-webhooks"
secrets = ["whsec_aG9va2RvY2sgZGVtbyBzZWNyZXQgMDE="]
"#;

/// One request, and what must become of it.
#[derive(Debug)]
pub(crate) struct Case {
    /// What a person would call it.
    pub(crate) title: &'static str,
    /// The path it is posted to.
    pub(crate) path: String,
    /// Its headers, the signature among them.
    pub(crate) headers: Vec<(String, String)>,
    /// Its body.
    pub(crate) body: String,
    /// What must become of it.
    pub(crate) expected: CaseResult,
}

/// A request before it is signed.
struct Draft {
    title: &'static str,
    endpoint: &'static str,
    provider: &'static str,
    secret: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: String,
}

impl Draft {
    fn signed(self, at: EpochMillis, expected: CaseResult) -> anyhow::Result<Case> {
        let path = format!("/webhooks/{}", self.endpoint);
        let own: Headers = self.headers.iter().copied().collect();
        let request =
            Request { method: "POST", url: &path, headers: &own, body: self.body.as_bytes() };
        let provider = catalog::find(self.provider)
            .ok_or_else(|| anyhow::anyhow!("{} is not in the catalogue", self.provider))?;
        let signature = sign(&provider, &Secret::new("demo", self.secret)?, &request, at)?;
        let own = own.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let headers = own.chain(signature).collect();
        Ok(Case { title: self.title, path, headers, body: self.body, expected })
    }
}

/// The endpoints of the demonstration.
pub(crate) fn endpoints() -> anyhow::Result<EndpointFile> {
    Ok(EndpointFile::parse(ENDPOINTS)?)
}

/// Your jobs, and three more so that every webhook of the demonstration has one.
pub(crate) fn registry() -> Registry {
    hookdock_jobs::registry(hookdock_jobs::Settings::default())
        .job("note_push", On::provider("github").event("push"), note)
        .job("note_order", On::provider("shopify").event("orders/*"), note)
        .job("note_contact", On::endpoint("standard").event("contact.*"), note)
        .job("always_fails", On::endpoint("standard").event("demo.fails"), always_fails)
}

/// Writes down that the event happened.
async fn note(cx: Context, delivery: Delivery) -> JobResult {
    let event = cx.run().event.key.to_string();
    let body = json!({ "type": delivery.event_type, "bytes": delivery.body.len() });
    cx.records().insert(Record { collection: "notes".to_owned(), id: event, body }).await?;
    Ok(Outcome::Done)
}

async fn always_fails(_: Context, _: Body) -> JobResult {
    Err(Failure::transient(ErrorClass::Unavailable, "the CRM does not answer"))
}

/// What is sent, in this order.
pub(crate) fn cases(now: EpochMillis) -> anyhow::Result<Vec<Case>> {
    let ten_minutes_ago = now.saturating_add(-600_000);
    let forger = Draft { secret: "whsec_guessed", ..checkout("a forged checkout", "cs_demo_2") };
    Ok(vec![
        checkout("a Stripe checkout", "cs_demo_1").signed(now, CaseResult::done(2))?,
        push().signed(now, CaseResult::done(1))?,
        order().signed(now, CaseResult::done(1))?,
        standard("a Standard Webhooks event", "contact.created")
            .signed(now, CaseResult::done(1))?,
        checkout("the same checkout again", "cs_demo_1").signed(now, CaseResult::done(2))?,
        forger.signed(now, CaseResult::refused())?,
        checkout("a stale checkout", "cs_demo_3").signed(ten_minutes_ago, CaseResult::refused())?,
        standard("an event whose job always fails", "demo.fails")
            .signed(now, CaseResult::dead(3))?,
    ])
}

fn checkout(title: &'static str, session: &str) -> Draft {
    let event = json!({
        "id": format!("evt_for_{session}"),
        "object": "event",
        "type": "checkout.session.completed",
        "data": { "object": {
            "id": session, "object": "checkout.session", "payment_status": "paid",
            "amount_total": 4200, "currency": "eur", "customer": "cus_demo",
        }},
    });
    Draft {
        title,
        endpoint: "stripe",
        provider: "stripe",
        secret: "whsec_demo_stripe",
        headers: &[("content-type", "application/json")],
        body: event.to_string(),
    }
}

fn push() -> Draft {
    Draft {
        title: "a GitHub push",
        endpoint: "github",
        provider: "github",
        secret: "demo github secret",
        headers: &[
            ("content-type", "application/json"),
            ("x-github-event", "push"),
            ("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        ],
        body: json!({ "ref": "refs/heads/main", "after": "0d1a26e67d8f5eaf" }).to_string(),
    }
}

fn order() -> Draft {
    Draft {
        title: "a Shopify order",
        endpoint: "shopify",
        provider: "shopify",
        secret: "demo shopify secret",
        headers: &[
            ("content-type", "application/json"),
            ("x-shopify-topic", "orders/create"),
            ("x-shopify-event-id", "98880550-7158-44d4-b7cd-2c97c8a091b5"),
        ],
        body: json!({ "id": 820_982_911, "total_price": "42.00", "note": "caf\u{e9}" }).to_string(),
    }
}

fn standard(title: &'static str, event_type: &'static str) -> Draft {
    let headers: &[(&str, &str)] = match event_type {
        "demo.fails" => &[("webhook-id", "msg_demo_fails")],
        _ => &[("webhook-id", "msg_demo_contact")],
    };
    Draft {
        title,
        endpoint: "standard",
        provider: "standard-webhooks",
        secret: "whsec_aG9va2RvY2sgZGVtbyBzZWNyZXQgMDE=",
        headers,
        body: json!({ "type": event_type, "data": { "id": "42" } }).to_string(),
    }
}

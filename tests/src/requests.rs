//! Signed requests, as providers send them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use hookdock_pipeline::delivery::incoming::Incoming;
use hookdock_pipeline::model::trace::Trace;
use hookdock_signature::{EpochMillis, Headers, Provider, Secret, catalog, sign};

/// The endpoints that the tests know, in the form of `hookdock dev --endpoints`.
pub const ENDPOINTS: &str = r#"
[endpoints.stripe]
provider = "stripe"
secrets = ["whsec_test"]

[endpoints.small]
provider = "stripe"
secrets = ["whsec_small"]
store = "inline"

[endpoints.pushes]
provider = "github"
secrets = ["github secret"]
store = "inline"

[endpoints.transfers]
provider = "gocardless"
secrets = ["gocardless secret"]
store = "inline"

[endpoints.github]
provider = "github"
secrets = ["github secret"]
max_body_bytes = 100000

[endpoints.codes]
provider = "supabase-auth"
secrets = ["v1,whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]

[endpoints.patient]
provider = "stripe"
secrets = ["whsec_patient"]
window_seconds = 7200

[endpoints.direct]
provider = "github"
secrets = ["github secret"]
direct = { kind = "internal", url = "https://builds.example/hook", risk = "low" }

[endpoints.orders]
provider = "shopify"
tenants.acme.secrets = ["acme secret"]
tenants.globex.secrets = ["globex secret"]

[endpoints.accounts]
provider = "stripe"
secrets = ["whsec_accounts"]
tenants.acme.secrets = ["whsec_acme"]
tenant_from = "/account"
success = "accepted"

[endpoints.picky]
provider = "stripe"
secrets = ["whsec_picky"]
events.accept = ["checkout.*"]
events.ignore = ["ping"]

[endpoints.payments]
provider = "gocardless"
secrets = ["gocardless secret"]

[endpoints.mail]
provider = "sendgrid"
secrets = ["MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8NGE6lx8BVjndb86G3PyFH0xMlHwDSpOCN9XDUeZdKxiTkgpK+7FYpR51AH9fpeTPcWaVW59ZU7y4EqrZ31K0A=="]

[endpoints.letters]
provider = "mandrill"
secrets = ["mandrill secret"]

[endpoints.cards]
provider = "adyen"
secrets = ["44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"]

[endpoints.channels]
provider = "pusher"
secrets = ["pusher secret"]

[endpoints.books]
provider = "xero"
secrets = ["xero secret"]
tenant_from = "/tenantId"
events.ignore = ["CONTACT.*"]

[endpoints.open]
provider = "github"
secrets = [""]
"#;

/// A request under construction.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Where it goes.
    pub path: String,
    /// Who signs.
    pub provider: &'static str,
    /// With which secret.
    pub secret: String,
    /// Headers before the signature.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Draft {
    /// A Stripe checkout for the endpoint `stripe`.
    #[must_use]
    pub fn checkout(event: &str, session: &str) -> Self {
        let body = serde_json::json!({
            "id": event,
            "type": "checkout.session.completed",
            "data": { "object": {
                "id": session, "payment_status": "paid",
                "amount_total": 4200, "currency": "eur", "customer": "cus_1",
            }},
        });
        Self::stripe("stripe", "whsec_test", &body.to_string())
    }

    /// The same for the endpoint `small`, which leaves deliveries in their messages.
    #[must_use]
    pub fn small_checkout(event: &str, session: &str) -> Self {
        Self {
            path: "/webhooks/small".to_owned(),
            secret: "whsec_small".to_owned(),
            ..Self::checkout(event, session)
        }
    }

    /// A Stripe event with this body.
    #[must_use]
    pub fn stripe(endpoint: &str, secret: &str, body: &str) -> Self {
        Self {
            path: format!("/webhooks/{endpoint}"),
            provider: "stripe",
            secret: secret.to_owned(),
            headers: Vec::new(),
            body: body.to_owned().into(),
        }
    }

    /// A GitHub event with these bytes as its body.
    #[must_use]
    pub fn github(body: impl Into<Bytes>) -> Self {
        Self {
            path: "/webhooks/github".to_owned(),
            provider: "github",
            secret: "github secret".to_owned(),
            headers: vec![
                ("X-GitHub-Event".to_owned(), "push".to_owned()),
                ("X-GitHub-Delivery".to_owned(), "72d3162e".to_owned()),
            ],
            body: body.into(),
        }
    }

    /// A Shopify order for a tenant of the endpoint `orders`.
    #[must_use]
    pub fn order(tenant: &str, secret: &str) -> Self {
        Self {
            path: format!("/webhooks/orders/{tenant}"),
            provider: "shopify",
            secret: secret.to_owned(),
            headers: vec![
                ("X-Shopify-Topic".to_owned(), "orders/create".to_owned()),
                ("X-Shopify-Event-Id".to_owned(), "98880550".to_owned()),
            ],
            body: Bytes::from_static(br#"{"id":820982911}"#),
        }
    }

    /// A request of this provider to this endpoint.
    #[must_use]
    pub fn to(endpoint: &str, provider: &'static str, body: &str) -> Self {
        Self {
            path: format!("/webhooks/{endpoint}"),
            provider,
            secret: format!("{provider} secret"),
            headers: Vec::new(),
            body: body.to_owned().into(),
        }
    }

    /// Events of `GoCardless` with these ids, which they sign.
    #[must_use]
    pub fn payments(ids: &[&str]) -> Self {
        let event = |id: &&str| serde_json::json!({ "id": id, "resource_type": "payments", "action": "confirmed" });
        let events: Vec<_> = ids.iter().map(event).collect();
        let body = serde_json::json!({ "events": events, "meta": { "webhook_id": "WB1" } });
        Self::to("payments", "gocardless", &body.to_string())
    }

    /// The same request with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The request, signed at that time.
    ///
    /// # Panics
    ///
    /// The provider is not one that a shared secret can sign for.
    #[must_use]
    pub fn signed(&self, at: EpochMillis) -> Incoming {
        let mut request = self.unsigned();
        let provider = provider(self.provider);
        let secret = Secret::new("test", self.secret.as_str()).expect("not empty");
        let signature = sign(&provider, &secret, &request.request(), at);
        request.headers.extend(signature.expect("a shared secret can sign"));
        request
    }

    /// The request without a signature.
    #[must_use]
    pub fn unsigned(&self) -> Incoming {
        Incoming {
            headers: self.headers.iter().cloned().collect(),
            body: self.body.clone(),
            ..request("POST", &self.path)
        }
    }
}

/// A form with this field.
#[must_use]
pub fn form(name: &str, value: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
}

/// A bare request, as a host hands it over.
#[must_use]
pub fn request(method: &str, path: &str) -> Incoming {
    Incoming {
        method: method.to_owned(),
        path: path.to_owned(),
        url: format!("https://hooks.example{path}"),
        other_url: None,
        sent_body: None,
        headers: Headers::default(),
        body: Bytes::new(),
        trace: Trace::read("Root=1-5759e988-bd862e3fe1be46a994272793"),
    }
}

/// The provider, read once: the simulator signs by the thousand.
fn provider(id: &'static str) -> Arc<Provider> {
    static KNOWN: Mutex<BTreeMap<&str, Arc<Provider>>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().expect("nobody panics while holding it");
    let read = || Arc::new(catalog::find(id).expect("in the catalogue"));
    Arc::clone(known.entry(id).or_insert_with(read))
}

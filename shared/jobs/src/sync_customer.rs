//! Stripe's and Shopify's customers: one that is new or has changed is written to a CRM.

use std::sync::Arc;

use hookdock_pipeline::job::{
    Context, Delivery, ErrorClass, Failure, JobResult, Json, Outcome, Payload,
};
use http::Method;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::settings::{Api, SyncCustomer};

/// A customer as the CRM takes it.
#[derive(Debug, PartialEq, Serialize)]
struct Customer {
    /// Whose it is, such as `stripe`.
    provider: String,
    id: String,
    email: Option<String>,
    name: Option<String>,
    /// When it changed, as the provider says it. A CRM can refuse what is older than what it has.
    changed: String,
    /// The same as a number that grows: seconds for Stripe, milliseconds for Shopify.
    #[serde(skip)]
    version: i64,
}

/// Stripe's event (Stripe API reference, "The Customer object", read 2026-11).
#[derive(Deserialize)]
struct StripeEvent {
    created: i64,
    data: StripeData,
}

#[derive(Deserialize)]
struct StripeData {
    object: StripeCustomer,
}

#[derive(Deserialize)]
struct StripeCustomer {
    id: String,
    email: Option<String>,
    name: Option<String>,
}

/// Shopify's body (Shopify Admin API, "Webhooks", `customers/update`, read 2026-11).
#[derive(Deserialize)]
struct ShopifyCustomer {
    id: u64,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    updated_at: String,
}

/// One step: the customer is written under its own id, so that writing it again changes nothing.
/// A burst of changes is written once, and a change that is older than what was written is not.
///
/// # Errors
///
/// The event is no customer, or the CRM is not to be had.
pub async fn sync_customer(
    cx: Context,
    settings: Arc<SyncCustomer>,
    delivery: Delivery,
) -> JobResult {
    let customer = customer(&delivery)?;
    let name = format!("{}-{}", customer.provider, customer.id);
    let (quiet, longest) = settings.quiet();
    let newest = cx.newest(&name).version(customer.version).quiet(quiet, longest);
    newest.run(async || write(&cx, &settings.crm, &name, &customer).await).await?;
    Ok(Outcome::Done)
}

async fn write(cx: &Context, crm: &Api, name: &str, customer: &Customer) -> Result<(), Failure> {
    let path = format!("/customers/{name}");
    cx.step("write-customer", async |step| {
        let (key, action) = (step.effect_key(), "write the customer to the CRM");
        crm.send(cx, action, Method::PUT, &path, key, customer).await
    })
    .await
}

fn customer(delivery: &Delivery) -> Result<Customer, Failure> {
    let customer = match delivery.provider.as_str() {
        "stripe" => read::<StripeEvent>(delivery)?.into(),
        "shopify" => read::<ShopifyCustomer>(delivery)?.try_into()?,
        _ => return Err(no_customer("the provider's customers are not known")),
    };
    check(customer)
}

/// The id gets into a URL.
fn check(customer: Customer) -> Result<Customer, Failure> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let id = &customer.id;
    match !id.is_empty() && id.chars().all(fits) {
        true => Ok(customer),
        false => Err(no_customer("the customer's id is not one")),
    }
}

fn read<T: DeserializeOwned + Send>(delivery: &Delivery) -> Result<T, Failure> {
    Json::of(delivery).map(|Json(read)| read)
}

fn no_customer(message: &str) -> Failure {
    Failure::permanent(ErrorClass::BadData, message)
}

impl From<StripeEvent> for Customer {
    fn from(event: StripeEvent) -> Self {
        let StripeCustomer { id, email, name } = event.data.object;
        let (changed, version) = (event.created.to_string(), event.created);
        Self { provider: "stripe".to_owned(), id, email, name, changed, version }
    }
}

impl TryFrom<ShopifyCustomer> for Customer {
    type Error = Failure;

    fn try_from(customer: ShopifyCustomer) -> Result<Self, Failure> {
        let changed: Timestamp = customer
            .updated_at
            .parse()
            .map_err(|_| no_customer("the customer's time of change is not one"))?;
        let names = [customer.first_name, customer.last_name];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Ok(Self {
            provider: "shopify".to_owned(),
            id: customer.id.to_string(),
            email: customer.email,
            name: Some(name).filter(|name| !name.is_empty()),
            changed: customer.updated_at,
            version: changed.as_millisecond(),
        })
    }
}

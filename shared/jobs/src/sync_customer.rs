//! Stripe's and Shopify's customers: one that is new or has changed is written to a CRM.

use std::sync::Arc;

use hookdock_pipeline::job::{
    Context, Delivery, ErrorClass, Failure, JobResult, Json, Outcome, Payload,
};
use http::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::settings::SyncCustomer;

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
    let path = format!("/customers/{}-{}", customer.provider, customer.id);
    cx.step("write-customer", async |step| {
        let (key, action) = (step.effect_key(), "write the customer to the CRM");
        settings.crm.send(&cx, action, Method::PUT, &path, key, &customer).await
    })
    .await?;
    Ok(Outcome::Done)
}

fn customer(delivery: &Delivery) -> Result<Customer, Failure> {
    let customer = match delivery.provider.as_str() {
        "stripe" => read::<StripeEvent>(delivery)?.into(),
        "shopify" => read::<ShopifyCustomer>(delivery)?.into(),
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
        let changed = event.created.to_string();
        Self { provider: "stripe".to_owned(), id, email, name, changed }
    }
}

impl From<ShopifyCustomer> for Customer {
    fn from(customer: ShopifyCustomer) -> Self {
        let names = [customer.first_name, customer.last_name];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Self {
            provider: "shopify".to_owned(),
            id: customer.id.to_string(),
            email: customer.email,
            name: Some(name).filter(|name| !name.is_empty()),
            changed: customer.updated_at,
        }
    }
}

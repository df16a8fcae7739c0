//! Stripe's and Shopify's customers: one that is new or has changed is written to a CRM.

use std::sync::Arc;

use hookdock_pipeline::job::{Context, Delivery, Failure, JobResult, Json, Outcome, Payload};
use hookdock_signature::{EpochMillis, EpochSeconds};
use http::Method;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::api::Entry;
use crate::checked::{CustomerId, bad};
use crate::settings::{Api, SyncCustomer};

/// A customer as the CRM takes it. The address and the name go on as they came: JSON holds any
/// text, and they get into nothing else.
#[derive(Serialize)]
struct Customer {
    /// Whose it is, such as `stripe`.
    provider: &'static str,
    id: CustomerId,
    email: Option<String>,
    name: Option<String>,
    /// When it changed, as the provider says it. A CRM can refuse what is older than what it has.
    changed: String,
    #[serde(skip)]
    changed_at: EpochMillis,
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

/// One step: the customer is written under its own id, to which its endpoint and tenant belong, so
/// that writing it again changes nothing.
/// A burst of changes is written once, and a change that is older than what was written is not.
///
/// # Errors
///
/// The event is no customer, it says that the customer changed more than a day from now, or the CRM
/// is unavailable.
pub async fn sync_customer(
    cx: Context,
    settings: Arc<SyncCustomer>,
    delivery: Delivery,
) -> JobResult {
    let customer = customer(&delivery)?;
    let (wait, longest) = settings.debounce();
    let newest = cx.ordered(customer.id.as_str()).version_at(customer.changed_at);
    let write = async || write(&cx, &settings.crm, &customer).await;
    newest.debounce(wait, longest).run(write).await?;
    Ok(Outcome::Done)
}

async fn write(cx: &Context, crm: &Api, customer: &Customer) -> Result<(), Failure> {
    let entry = Entry::of(cx, customer.id.as_str(), customer);
    let path = format!("/customers/{}", entry.external_id());
    cx.step("write-customer", async |step| {
        let (key, action) = (step.effect_key(), "write the customer to the CRM");
        crm.send(cx, action, Method::PUT, &path, key, &entry).await
    })
    .await
}

fn customer(delivery: &Delivery) -> Result<Customer, Failure> {
    match delivery.provider.as_str() {
        "stripe" => read::<StripeEvent>(delivery)?.try_into(),
        "shopify" => read::<ShopifyCustomer>(delivery)?.try_into(),
        _ => Err(bad("the provider's customers are not known")),
    }
}

fn read<T: DeserializeOwned + Send>(delivery: &Delivery) -> Result<T, Failure> {
    Json::of(delivery).map(|Json(read)| read)
}

impl TryFrom<StripeEvent> for Customer {
    type Error = Failure;

    fn try_from(event: StripeEvent) -> Result<Self, Failure> {
        let StripeCustomer { id, email, name } = event.data.object;
        Ok(Self {
            provider: "stripe",
            id: id.try_into()?,
            email,
            name,
            changed: event.created.to_string(),
            changed_at: EpochSeconds::new(event.created).to_millis(),
        })
    }
}

impl TryFrom<ShopifyCustomer> for Customer {
    type Error = Failure;

    fn try_from(customer: ShopifyCustomer) -> Result<Self, Failure> {
        let changed: Timestamp = customer
            .updated_at
            .parse()
            .map_err(|_| bad("the customer's time of change is not one"))?;
        let names = [customer.first_name, customer.last_name];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Ok(Self {
            provider: "shopify",
            id: customer.id.to_string().try_into()?,
            email: customer.email,
            name: Some(name).filter(|name| !name.is_empty()),
            changed: customer.updated_at,
            changed_at: EpochMillis::new(changed.as_millisecond()),
        })
    }
}

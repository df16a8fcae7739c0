//! Stripe's `checkout.session.completed`: a paid checkout becomes an order, once.
//!
//! A payment that takes days, such as a bank debit, is unpaid at first; Stripe then sends
//! `checkout.session.async_payment_succeeded` with the same session.

use std::sync::Arc;

use bytes::Bytes;
use hookdock_pipeline::job::{Context, ErrorClass, Failure, JobResult, Json, Outcome};
use hookdock_pipeline::ports::{Document, DocumentName, Email, Inserted, Record};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::settings::{Api, FulfilOrder};

/// The part of Stripe's event that an order needs.
#[derive(Debug, Deserialize)]
pub struct CheckoutCompleted {
    data: Data,
}

#[derive(Debug, Deserialize)]
struct Data {
    object: Session,
}

/// A checkout session (Stripe API reference, "The Checkout Session object", read 2026-11).
#[derive(Debug, Deserialize)]
struct Session {
    id: String,
    payment_status: PaymentStatus,
    /// In the currency's smallest unit. A session that only sets up a payment method has none.
    amount_total: Option<i64>,
    currency: Option<String>,
    customer: Option<String>,
    customer_details: Option<CustomerDetails>,
}

#[derive(Debug, Deserialize)]
struct CustomerDetails {
    email: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PaymentStatus {
    Paid,
    NoPaymentRequired,
    Unpaid,
}

/// What was bought, as the order's record has it.
#[derive(Debug, Serialize)]
struct Order {
    checkout_session: String,
    amount: i64,
    currency: String,
    customer: Option<String>,
}

/// Five steps, each done once over all attempts: the order, the invoice, the e-mail with it, the
/// CRM, and the mark that all of it happened. Where no mail or no CRM is set up, or the customer
/// has left no address, that step is left out.
///
/// # Errors
///
/// Something that a step needs is not to be had, or another order has the session's id.
pub async fn fulfil_order(
    cx: Context,
    settings: Arc<FulfilOrder>,
    Json(event): Json<CheckoutCompleted>,
) -> JobResult {
    let session = event.data.object;
    if session.payment_status == PaymentStatus::Unpaid {
        return Ok(Outcome::Ignored("the session is not paid yet".to_owned()));
    }
    let email = session.customer_details.as_ref().and_then(|details| details.email.clone());
    let Some(order) = order(session) else {
        return Ok(Outcome::Ignored("the session sells nothing".to_owned()));
    };
    if !create(&cx, &order).await? {
        return Ok(Outcome::Ignored("another event has made this order".to_owned()));
    }
    let invoice = invoice(&settings.seller, &order);
    store_invoice(&cx, &order, &invoice).await?;
    if let Some(to) = email {
        send_invoice(&cx, to, &order, &invoice).await?;
    }
    if let Some(crm) = &settings.crm {
        tell_crm(&cx, crm, &order).await?;
    }
    cx.commit("mark-processed", record("fulfilments", &order, json!({}))).await?;
    Ok(Outcome::Done)
}

/// The session's id, and not the event, makes the order. `false`: the run of another event of
/// this session has made it, and does the rest.
async fn create(cx: &Context, order: &Order) -> Result<bool, Failure> {
    let content = json!(order);
    match cx.commit("create-order", record("orders", order, content.clone())).await? {
        Inserted::New => Ok(true),
        Inserted::Already(existing) if existing == content => Ok(false),
        Inserted::Already(_) => Err(Failure::permanent(
            ErrorClass::Refused,
            "another order is recorded under this checkout session",
        )),
    }
}

/// The name and the content follow from the order, so to keep it again changes nothing.
async fn store_invoice(cx: &Context, order: &Order, invoice: &str) -> Result<(), Failure> {
    let document = Document {
        name: DocumentName::of("invoices", &order.checkout_session, "txt"),
        content_type: "text/plain; charset=utf-8",
        body: Bytes::from(invoice.to_owned()),
    };
    cx.step("store-invoice", async |_| Ok(cx.documents()?.keep(document).await.map(drop)?)).await
}

/// SES knows no keys: a worker that dies after the e-mail and before the save sends it twice.
async fn send_invoice(
    cx: &Context,
    to: String,
    order: &Order,
    invoice: &str,
) -> Result<(), Failure> {
    let Ok(mail) = cx.mail() else {
        return Ok(());
    };
    let subject = format!("Your invoice for {}", order.checkout_session);
    let email = Email { to, subject, text: invoice.to_owned() };
    cx.step("send-invoice", async |step| {
        cx.dependency("mail").call(async || Ok(mail.send(&email, step.effect_key()).await?)).await
    })
    .await
}

/// The CRM is handed the step's key, under which it makes one entry however often it is told.
async fn tell_crm(cx: &Context, crm: &Api, order: &Order) -> Result<(), Failure> {
    cx.step("tell-crm", async |step| {
        let key = step.effect_key();
        crm.send(cx, "tell the CRM of the order", Method::POST, "/orders", key, order).await
    })
    .await
}

fn order(session: Session) -> Option<Order> {
    Some(Order {
        checkout_session: session.id,
        amount: session.amount_total?,
        currency: session.currency?,
        customer: session.customer,
    })
}

fn record(collection: &str, order: &Order, body: Value) -> Record {
    Record { collection: collection.to_owned(), id: order.checkout_session.clone(), body }
}

/// The amount stays in the smallest unit: how many of them make one differs by currency.
fn invoice(seller: &str, order: &Order) -> String {
    let Order { checkout_session, amount, currency, .. } = order;
    let currency = currency.to_uppercase();
    format!(
        "Invoice\n\n\
         Order:  {checkout_session}\n\
         Amount: {amount} (smallest unit of {currency})\n\
         Seller: {seller}\n"
    )
}

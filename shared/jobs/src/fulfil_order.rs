//! Stripe's `checkout.session.completed`: a paid checkout becomes an order, once.
//!
//! A payment that takes days, such as a bank debit, is unpaid at first; Stripe then sends
//! `checkout.session.async_payment_succeeded` with the same session.

use std::sync::Arc;

use bytes::Bytes;
use hookdock_pipeline::job::{Context, ErrorClass, Failure, JobResult, Json, Outcome};
use hookdock_pipeline::ports::{Conditional, Document, Email, Record};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::Entry;
use crate::checked::{Address, Currency, CustomerId, SessionId, amount};
use crate::settings::{Api, FulfilOrder};

/// The part of Stripe's event that an order needs.
#[derive(Debug, Deserialize)]
pub struct CheckoutCompleted {
    /// `false`: no money was paid. Every event of Stripe has it ("The Event object", read
    /// 2026-11).
    #[serde(default = "live")]
    livemode: bool,
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
#[derive(Serialize)]
struct Order {
    checkout_session: SessionId,
    livemode: bool,
    amount: i64,
    currency: Currency,
    customer: Option<CustomerId>,
}

/// What is kept of an order, by kind.
struct Kinds {
    orders: &'static str,
    invoices: &'static str,
    fulfilments: &'static str,
}

const LIVE: Kinds = Kinds { orders: "orders", invoices: "invoices", fulfilments: "fulfilments" };

/// Nothing that looks for an order finds one that nobody paid.
const TEST: Kinds =
    Kinds { orders: "test-orders", invoices: "test-invoices", fulfilments: "test-fulfilments" };

/// Five steps, each done once over all attempts: the order, the invoice, the e-mail with it, the
/// CRM, and the mark that all of it happened. Where no mail or no CRM is set up, or the customer
/// has left no address, that step is left out.
///
/// An order in test mode is kept apart, among the `test-orders`, and nobody outside is told of it
/// unless the settings say so.
///
/// # Errors
///
/// Something that a step needs is unavailable, another order has the session's id, or the session
/// is not as Stripe documents it.
pub async fn fulfil_order(
    cx: Context,
    settings: Arc<FulfilOrder>,
    Json(event): Json<CheckoutCompleted>,
) -> JobResult {
    let CheckoutCompleted { livemode, data: Data { object: session } } = event;
    if session.payment_status == PaymentStatus::Unpaid {
        return Ok(Outcome::Ignored("the session is not paid yet".to_owned()));
    }
    let email = session.customer_details.as_ref().and_then(|details| details.email.clone());
    let email = email.map(Address::try_from).transpose()?;
    let Some(order) = order(session, livemode)? else {
        return Ok(Outcome::Ignored("the session sells nothing".to_owned()));
    };
    if !create(&cx, &order).await? {
        return Ok(Outcome::Ignored("another event has made this order".to_owned()));
    }
    let invoice = invoice(&settings.seller, &order);
    store_invoice(&cx, &order, &invoice).await?;
    if livemode || settings.tell_of_test_orders {
        tell(&cx, &settings, &order, email.as_ref(), &invoice).await?;
    }
    cx.commit("mark-processed", record(order.kinds().fulfilments, &order, json!({}))).await?;
    Ok(Outcome::Done)
}

/// What leaves Hookdock.
async fn tell(
    cx: &Context,
    settings: &FulfilOrder,
    order: &Order,
    email: Option<&Address>,
    invoice: &str,
) -> Result<(), Failure> {
    if let Some(to) = email {
        send_invoice(cx, to, order, invoice).await?;
    }
    match &settings.crm {
        Some(crm) => tell_crm(cx, crm, order).await,
        None => Ok(()),
    }
}

/// The session's id, and not the event, makes the order. `false`: the run of another event of
/// this session has made it, and does the rest.
async fn create(cx: &Context, order: &Order) -> Result<bool, Failure> {
    let content = json!(order);
    match cx.commit("create-order", record(order.kinds().orders, order, content.clone())).await? {
        Conditional::Written => Ok(true),
        Conditional::Refused(existing) if existing == content => Ok(false),
        Conditional::Refused(_) => Err(Failure::permanent(
            ErrorClass::Refused,
            "another order is recorded under this checkout session",
        )),
    }
}

/// The name and the content follow from the order, so to keep it again changes nothing.
async fn store_invoice(cx: &Context, order: &Order, invoice: &str) -> Result<(), Failure> {
    cx.step("store-invoice", async |_| {
        let documents = cx.documents()?;
        let document = Document {
            name: documents.name(order.kinds().invoices, order.checkout_session.as_str(), "txt"),
            content_type: "text/plain; charset=utf-8",
            body: Bytes::from(invoice.to_owned()),
        };
        documents.keep(document).await?;
        Ok(())
    })
    .await
}

/// SES knows no keys: a worker that dies after the e-mail and before the save sends it twice.
async fn send_invoice(
    cx: &Context,
    to: &Address,
    order: &Order,
    invoice: &str,
) -> Result<(), Failure> {
    let Ok(mail) = cx.mail() else {
        return Ok(());
    };
    let subject = format!("Your invoice for {}", order.checkout_session.as_str());
    let email = Email { to: to.as_str().to_owned(), subject, text: invoice.to_owned() };
    cx.step("send-invoice", async |step| {
        cx.dependency("mail").call(async || Ok(mail.send(&email, step.effect_key()).await?)).await
    })
    .await
}

/// The CRM is handed the step's key, under which it makes one entry however often it is told.
async fn tell_crm(cx: &Context, crm: &Api, order: &Order) -> Result<(), Failure> {
    cx.step("tell-crm", async |step| {
        let (key, entry) =
            (step.effect_key(), Entry::of(cx, order.checkout_session.as_str(), order));
        crm.send(cx, "tell the CRM of the order", Method::POST, "/orders", key, &entry).await
    })
    .await
}

/// `None`: the session sells nothing.
fn order(session: Session, livemode: bool) -> Result<Option<Order>, Failure> {
    let (Some(total), Some(currency)) = (session.amount_total, session.currency) else {
        return Ok(None);
    };
    Ok(Some(Order {
        checkout_session: session.id.try_into()?,
        livemode,
        amount: amount(total)?,
        currency: currency.try_into()?,
        customer: session.customer.map(CustomerId::try_from).transpose()?,
    }))
}

impl Order {
    fn kinds(&self) -> &'static Kinds {
        if self.livemode { &LIVE } else { &TEST }
    }
}

fn record(collection: &str, order: &Order, body: Value) -> Record {
    let id = order.checkout_session.as_str().to_owned();
    Record { collection: collection.to_owned(), id, body }
}

fn live() -> bool {
    true
}

/// The amount stays in the smallest unit: how many of them make one differs by currency.
fn invoice(seller: &str, order: &Order) -> String {
    let (checkout_session, amount) = (order.checkout_session.as_str(), order.amount);
    let currency = order.currency.as_str().to_uppercase();
    format!(
        "Invoice\n\n\
         Order:  {checkout_session}\n\
         Amount: {amount} (smallest unit of {currency})\n\
         Seller: {seller}\n"
    )
}

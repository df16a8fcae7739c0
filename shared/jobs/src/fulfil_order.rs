//! Stripe's `checkout.session.completed`: a paid checkout becomes an order, once.

use hookdock_pipeline::job::{Context, ErrorClass, Failure, JobResult, Json, Outcome};
use hookdock_pipeline::ports::{Inserted, Record};
use serde::Deserialize;
use serde_json::{Value, json};

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
    /// In the currency's smallest unit.
    amount_total: i64,
    currency: String,
    customer: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PaymentStatus {
    Paid,
    NoPaymentRequired,
    Unpaid,
}

/// Writes the order unless it is there. Stripe sends the event again when it heard no answer, and
/// an attempt can die after its last line: the session's id, and not the event, makes the order.
///
/// # Errors
///
/// The records are not to be had, or hold another order under this id.
pub async fn fulfil_order(cx: Context, Json(event): Json<CheckoutCompleted>) -> JobResult {
    let session = event.data.object;
    if session.payment_status == PaymentStatus::Unpaid {
        return Ok(Outcome::Ignored("the session is not paid yet".to_owned()));
    }
    let order = order(&session);
    let record = Record { collection: "orders".to_owned(), id: session.id, body: order.clone() };
    match cx.records().insert(record).await? {
        Inserted::New => Ok(Outcome::Done),
        Inserted::Already(existing) if existing == order => Ok(Outcome::Done),
        Inserted::Already(_) => Err(Failure::permanent(
            ErrorClass::Refused,
            "another order is recorded under this checkout session",
        )),
    }
}

fn order(session: &Session) -> Value {
    json!({
        "checkout_session": session.id,
        "amount": session.amount_total,
        "currency": session.currency,
        "customer": session.customer,
    })
}

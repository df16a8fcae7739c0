//! Stripe's `checkout.session.completed`: a paid checkout becomes an order, once.
//!
//! A payment that takes days, such as a bank debit, is unpaid at first; Stripe then sends
//! `checkout.session.async_payment_succeeded` with the same session.

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
    /// In the currency's smallest unit. A session that only sets up a payment method has none.
    amount_total: Option<i64>,
    currency: Option<String>,
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
    let Some(order) = order(&session) else {
        return Ok(Outcome::Ignored("the session sells nothing".to_owned()));
    };
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

fn order(session: &Session) -> Option<Value> {
    Some(json!({
        "checkout_session": session.id,
        "amount": session.amount_total?,
        "currency": session.currency.as_ref()?,
        "customer": session.customer,
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hookdock_embedded::{Embedded, QueueSettings, SystemClock};
    use hookdock_pipeline::job::{Effects, Limits};
    use hookdock_pipeline::ledger::{Claim, EventRef, Run, RunId};
    use hookdock_pipeline::names::{CodeVersion, EventKey, Owner};
    use hookdock_pipeline::ports::Records;
    use hookdock_pipeline::process::Held;
    use hookdock_signature::EpochMillis;

    use super::*;

    fn memory() -> Embedded<SystemClock> {
        Embedded::in_memory(SystemClock, QueueSettings::default()).expect("memory")
    }

    fn records() -> Arc<dyn Records> {
        Arc::new(memory())
    }

    async fn fulfil(
        records: &Arc<dyn Records>,
        status: &str,
        amount: impl Into<Value>,
    ) -> JobResult {
        let amount: Value = amount.into();
        let event = json!({"data": {"object": {
            "id": "cs_1", "payment_status": status, "amount_total": amount, "currency": "eur",
            "customer": null,
        }}});
        let run = RunId {
            event: EventRef {
                endpoint: "stripe".parse().expect("a name"),
                key: EventKey::of(&[b"evt_1"]),
            },
            job: "fulfil_order".parse().expect("a name"),
        };
        let (began, end) = (EpochMillis::new(0), EpochMillis::new(i64::MAX));
        let claim = Claim {
            owner: Owner::new(1),
            code: CodeVersion::of_this_package(),
            now: began,
            lease_until: end,
            generation: 0,
        };
        let limits = Limits { attempt: 1, started_at: began, deadline: end };
        let held = Held::new(memory(), SystemClock, Run::opened(run.clone(), &claim));
        let cx = Context::new(run, limits, Effects::new(Arc::clone(records)), held);
        fulfil_order(cx, Json(serde_json::from_value(event).expect("an event"))).await
    }

    #[tokio::test]
    async fn a_paid_session_becomes_one_order_however_often_the_job_runs() {
        let records = records();
        for status in ["paid", "paid", "no_payment_required"] {
            assert_eq!(fulfil(&records, status, 4200).await, Ok(Outcome::Done));
        }
        let order = records.get("orders", "cs_1").await.expect("memory").expect("an order");
        let expected = json!({
            "checkout_session": "cs_1", "amount": 4200, "currency": "eur", "customer": null,
        });
        assert_eq!(order, expected);
    }

    #[tokio::test]
    async fn an_unpaid_session_is_ignored_and_leaves_no_order() {
        let records = records();
        let outcome = fulfil(&records, "unpaid", 4200).await;
        assert_eq!(outcome, Ok(Outcome::Ignored("the session is not paid yet".to_owned())));
        assert_eq!(records.get("orders", "cs_1").await.expect("memory"), None);
    }

    #[tokio::test]
    async fn a_session_that_sells_nothing_leaves_no_order() {
        let records = records();
        let outcome = fulfil(&records, "no_payment_required", Value::Null).await;
        assert_eq!(outcome, Ok(Outcome::Ignored("the session sells nothing".to_owned())));
        assert_eq!(records.get("orders", "cs_1").await.expect("memory"), None);
    }

    #[tokio::test]
    async fn another_order_under_the_same_session_is_refused_for_good() {
        let records = records();
        fulfil(&records, "paid", 4200).await.expect("an order");
        let failure = fulfil(&records, "paid", 1).await.expect_err("another order");
        assert_eq!(failure.class(), ErrorClass::Refused);
        assert_eq!(failure.recovery(), hookdock_pipeline::job::Recovery::Never);
        let order = records.get("orders", "cs_1").await.expect("memory").expect("an order");
        assert_eq!(order["amount"], 4200, "the first order stands");
    }
}

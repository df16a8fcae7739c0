//! What a delivery claims and its scheme does not prove.

use bytes::Bytes;
use derive_more::Debug;
use http::Request;
use serde::de::DeserializeOwned;

use crate::job::context::Context;
use crate::job::dependency::Dependency;
use crate::job::http_answer::accepted;
use crate::job::payload::{Delivery, Payload};
use crate::model::failure::{ErrorClass, Failure};

const READ: &str = "read the object from its provider";

/// An event, read as JSON, that nobody may act on as it is: it says what to ask the provider for.
///
/// ```
/// use bytes::Bytes;
/// use hookdock_pipeline::job::{Context, ErrorClass, Failure, JobResult, Outcome, Unconfirmed};
/// use http::Request;
///
/// #[derive(serde::Deserialize)]
/// struct Paid {
///     order: u64,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct Order {
///     status: String,
/// }
///
/// async fn fulfil(cx: Context, paid: Unconfirmed<Paid>) -> JobResult {
///     let provider = cx.dependency("provider");
///     let order: Order = paid
///         .confirm(&cx, provider, |paid| {
///             // Only a number of the claim gets into the URL.
///             Request::get(format!("https://api.example/orders/{}", paid.order))
///                 .body(Bytes::new())
///                 .map_err(|_| Failure::permanent(ErrorClass::BadData, "the order has no URL"))
///         })
///         .await?;
///     Ok(match &*order.status {
///         "paid" => Outcome::Done,
///         _ => Outcome::Ignored("the order is not paid".to_owned()),
///     })
/// }
/// # let _ = hookdock_pipeline::job::Registry::new()
/// #     .job("fulfil", hookdock_pipeline::job::On::provider("chargebee"), fulfil);
/// ```
#[derive(Debug)]
// What is claimed stays out of logs.
#[debug("Unconfirmed")]
pub struct Unconfirmed<T>(T);

impl<T> Unconfirmed<T> {
    /// What the delivery claims. A forger may have written it: it is good for a look-up, and for a
    /// notice that says so.
    pub fn claimed(&self) -> &T {
        &self.0
    }

    /// The object as the provider has it now. `request` asks for it by what is claimed; nothing
    /// else of the claim is used. An answer that says no is classed as by [`accepted`].
    ///
    /// # Errors
    ///
    /// There is no such request, the provider does not answer or says no, or its answer is not the
    /// JSON that is read.
    pub async fn confirm<O: DeserializeOwned>(
        &self,
        cx: &Context,
        provider: Dependency<'_>,
        request: impl FnOnce(&T) -> Result<Request<Bytes>, Failure>,
    ) -> Result<O, Failure> {
        let (request, web) = (request(&self.0)?, cx.web()?);
        let answer = provider.call(async || accepted(READ, web.call(request).await?)).await?;
        serde_json::from_slice(&answer).map_err(|_| {
            Failure::transient(ErrorClass::Refused, "the provider's answer is not what is read")
        })
    }
}

impl<T: DeserializeOwned + Send> Payload for Unconfirmed<T> {
    fn of(delivery: &Delivery) -> Result<Self, Failure> {
        delivery.json().map(Self)
    }
}

//! A request that is looked into.

use std::cell::OnceCell;

use derive_more::Debug;
use serde_json::value::RawValue;

use crate::Request;
use crate::parse::form::{self, Field, Repeated};
use crate::parse::json;
use crate::parse::jws::Jws;

/// A request that several look into: its body is checked to be JSON once, if anyone asks, and
/// nothing is built of it.
///
/// ```
/// use hookdock_signature::{Headers, Request, RequestView, catalog};
///
/// let stripe = catalog::find("stripe").unwrap();
/// let request = Request {
///     method: "POST",
///     url: "https://hooks.example/stripe",
///     headers: &Headers::default(),
///     body: br#"{"id": "evt_1", "type": "charge.succeeded"}"#,
/// };
/// let view = RequestView::of(&request);
/// let id = stripe.event_id().unwrap().select_from(&view)?;
/// let event_type = stripe.event_type().unwrap().select_from(&view)?;
/// assert_eq!(id.unwrap().value, "evt_1");
/// assert_eq!(event_type.unwrap().value, "charge.succeeded");
/// # Ok::<(), hookdock_signature::SelectError>(())
/// ```
#[derive(Debug)]
// As the request: neither values nor the body.
#[debug("{request:?}")]
pub struct RequestView<'a> {
    request: &'a Request<'a>,
    json: OnceCell<Option<&'a RawValue>>,
    payload: OnceCell<Option<Vec<u8>>>,
}

impl<'a> RequestView<'a> {
    /// A view of this request.
    #[must_use]
    pub const fn of(request: &'a Request<'a>) -> Self {
        Self { request, json: OnceCell::new(), payload: OnceCell::new() }
    }

    /// The request.
    #[must_use]
    pub const fn request(&self) -> &'a Request<'a> {
        self.request
    }

    /// The body, if it is JSON.
    pub(crate) fn json(&self) -> Option<&'a RawValue> {
        *self.json.get_or_init(|| json::document(self.request.body))
    }

    pub(crate) fn query(&self, name: &str) -> Result<Option<Field<'a>>, Repeated> {
        let before_fragment = self.request.url.split('#').next().unwrap_or_default();
        let query = before_fragment.split_once('?').map_or("", |(_, query)| query);
        form::field(query.as_bytes(), name)
    }

    pub(crate) fn form(&self, name: &str) -> Result<Option<Field<'a>>, Repeated> {
        form::field(self.request.body, name)
    }

    /// What the body says, if it is a token.
    pub(crate) fn claims(&self) -> Option<&RawValue> {
        let payload = self.payload.get_or_init(|| {
            let token = std::str::from_utf8(self.request.body).ok()?.trim();
            Jws::parse(token).ok()?.payload()
        });
        json::document(payload.as_deref()?).filter(|claims| json::is_object(claims))
    }
}

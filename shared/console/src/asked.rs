//! What is asked: of which place, and in which words.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use bytes::Bytes;
use hookdock_operate::{Act, Code, Operator, Trouble};
use hookdock_pipeline::model::names::OperationId;
use http::{HeaderMap, Uri, header};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::remembered::Remembered;

/// An act that is asked for.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// What is to be done.
    pub(crate) kind: Act,
    /// The endpoint of the event.
    pub(crate) endpoint: String,
    /// The event: its key, a delivery, or the provider's id.
    pub(crate) id: String,
    /// The tenant, for a provider's id.
    #[serde(default)]
    pub(crate) tenant: Option<String>,
    /// One run only.
    #[serde(default)]
    pub(crate) job: Option<String>,
    /// Why; needed to dismiss.
    #[serde(default)]
    pub(crate) reason: Option<String>,
}

pub(crate) type Answered = Result<Response, Problem>;

/// What is asked of the place.
pub(crate) struct Shared<P, S> {
    pub(crate) operator: Operator<P, S>,
    pub(crate) remembered: Remembered,
}

pub(crate) type Api<P, S> = State<Arc<Shared<P, S>>>;

pub(crate) fn bad(what: &str, why: impl Into<String>) -> Problem {
    Trouble::new(Code::BadRequest, what, why).into()
}

pub(crate) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let read = Query::<T>::try_from_uri(uri);
    read.map(|Query(read)| read).map_err(|error| bad("the query cannot be used", error.body_text()))
}

/// The body of an act: JSON, and said to be.
pub(crate) fn body<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if content_type != Some("application/json") {
        return Err(bad("the act was not made", "its Content-Type must be application/json"));
    }
    serde_json::from_slice(body).map_err(|error| bad("the act was not made", error.to_string()))
}

pub(crate) fn id(text: &str) -> Result<OperationId, Problem> {
    text.parse().map_err(|error| Trouble::from(error).into())
}

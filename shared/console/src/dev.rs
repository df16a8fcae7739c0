//! What only a `hookdock dev` that runs answers: samples that it signs and sends to itself, and
//! the requests that it refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use hookdock_operate::Trouble;
use http::StatusCode;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer::{finished, json};
use crate::asked::bad;
use crate::problem::Problem;
use crate::routes::{Route, get as route, post as posted};

/// How large the body of a request may be, in bytes: a body of 4.5 MiB, as JSON.
const LARGEST_REQUEST: usize = 16 << 20;

/// A sample that is to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Trigger {
    /// The provider's id in the catalogue.
    pub provider: String,
    /// The name of the sample; without one, a body of one's own.
    pub event: Option<String>,
    /// To which endpoint; to the only one of the provider otherwise.
    pub endpoint: Option<String>,
    /// To which tenant.
    pub tenant: Option<String>,
    /// What is changed in the sample.
    pub edits: Edits,
    /// How often it is sent; 1 by default.
    pub times: Option<u32>,
    /// How old the signature is, in seconds.
    pub stale_seconds: u32,
    /// Whether the signature is wrong.
    pub bad_signature: bool,
}

/// What is changed in a sample.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Edits {
    /// The event's id; a new one otherwise.
    pub id: Option<String>,
    /// This text instead of the sample's body.
    pub body: Option<String>,
    /// Members by their JSON pointers, and what they become: JSON, or else a text.
    pub set: BTreeMap<String, String>,
    /// JSON pointers of members that are left out.
    pub remove: Vec<String>,
}

/// A sample that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Triggered {
    /// The version of this form.
    pub version: u32,
    /// To which endpoint.
    pub endpoint: String,
    /// Where to.
    pub url: String,
    /// The event's id, as the sample has it.
    pub id: String,
    /// The status of each answer.
    pub statuses: Vec<u16>,
    /// The delivery that the first answer names.
    pub delivery: Option<String>,
}

/// A request that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedRequest {
    /// Its number; 1 is the first since the start.
    pub number: u64,
    /// When it came in.
    pub at: Timestamp,
    /// The delivery that the answer names.
    pub delivery: String,
    /// The method.
    pub method: String,
    /// The path of the URL.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// Why, as in the log.
    pub code: String,
    /// Why, in words.
    pub why: String,
    /// Whether the whole request is still kept, so that it can be explained.
    pub kept: bool,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Explained {
    /// The request.
    pub request: RefusedRequest,
    /// The explanation, in words.
    pub text: String,
    /// The same as `hookdock verify --json` writes it; nothing where no signature was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Map<String, Value>>,
}

/// Which refused request is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The last one.
    Last,
    /// The one of that number.
    Number(u64),
}

impl std::str::FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = || text.parse().map(Self::Number);
        if text == "last" { Ok(Self::Last) } else { number() }
            .map_err(|_: std::num::ParseIntError| "say last, or a number".to_owned())
    }
}

/// A `hookdock dev` that runs. Its secrets do not leave it.
pub trait Dev: Send + Sync + 'static {
    /// Signs a sample and sends it.
    fn trigger(&self, asked: &Trigger) -> impl Future<Output = Result<Triggered, Trouble>> + Send;

    /// The requests that were refused, the newest first.
    fn refused(&self) -> Vec<RefusedRequest>;

    /// Why a request was refused.
    fn explain(&self, which: Which) -> impl Future<Output = Result<Explained, Trouble>> + Send;
}

/// The routes, as the OpenAPI document has them.
pub(crate) const DEV_ROUTES: &[Route] = &[
    posted("/trigger", "Signs a sample and sends it; hookdock dev only", "Trigger", "Triggered"),
    route("/refused", "Refused requests, the newest first; dev only", &[], Some("Refused")),
    route(
        "/refused/{number}",
        "Why a request was refused; number is a number or last; dev only",
        &[],
        Some("Explained"),
    ),
];

/// The routes of a `dev`, to be merged with those of its place.
pub fn dev_api<D: Dev>(dev: Arc<D>) -> Router {
    let routes = Router::new()
        .route("/trigger", post(trigger::<D>))
        .route(
            "/refused",
            get(async |State(dev): State<Arc<D>>| json(StatusCode::OK, &dev.refused())),
        )
        .route("/refused/{number}", get(explain::<D>))
        .with_state(dev);
    Router::new()
        .nest("/api/v1", routes)
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
        .layer(axum::middleware::map_response(async |answer: Response| finished(answer)))
}

async fn trigger<D: Dev>(State(dev): State<Arc<D>>, body: Bytes) -> Result<Response, Problem> {
    let asked = serde_json::from_slice(&body)
        .map_err(|error| bad("nothing was sent", error.to_string()))?;
    Ok(json(StatusCode::CREATED, &dev.trigger(&asked).await?))
}

async fn explain<D: Dev>(
    State(dev): State<Arc<D>>,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let which = number.parse().map_err(|why: String| bad("nothing was explained", why))?;
    Ok(json(StatusCode::OK, &dev.explain(which).await?))
}

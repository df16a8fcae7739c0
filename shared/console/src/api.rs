//! The routes: a request is read, a use case is asked, and the answer is written.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Path, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use hookdock_operate::ports::Place;
use hookdock_operate::{
    Act, AuditOrder, By, Code, Filters, Operation, Operator, Order, Paging, Target, Trouble, View,
};
use hookdock_pipeline::model::names::{InvalidName, JobName, TenantId};
use hookdock_pipeline::model::system::System;
use hookdock_signature::EpochMillis;
use http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use jiff::Timestamp;
use serde::Deserialize;

use crate::answer::{download, finished, json, versioned};
use crate::asked::{Answered, Api, Asked, Shared, bad, body, query};
use crate::openapi::document;
use crate::problem::Problem;
use crate::remembered::Remembered;
use crate::routes::unknown_parameter;
use crate::{holds, replays};

/// How large the body of a request may be, in bytes.
const LARGEST_REQUEST: usize = 64 << 10;

/// How far back an audit goes that does not say so.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The parameters of all routes, apart from the filters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parameters {
    tenant: Option<String>,
    reveal: Option<bool>,
    view: Option<View>,
    limit: Option<usize>,
    look: Option<usize>,
    cursor: Option<String>,
    text: Option<String>,
    by: Option<String>,
    a: Option<String>,
    b: Option<String>,
    ignore: Option<String>,
}

/// The API over a place, for a caller that may have all of it: nothing is checked.
pub fn api<P: Place, S: System>(operator: Operator<P, S>) -> Router {
    let shared = Arc::new(Shared { operator, remembered: Remembered::default() });
    let routes = Router::new()
        .route("/openapi.json", get(async || json(StatusCode::OK, &document())))
        .route("/status", get(status::<P, S>))
        .route("/endpoints", get(endpoints::<P, S>))
        .route("/events", get(events::<P, S>))
        .route("/events/{endpoint}/{id}", get(event::<P, S>))
        .route("/deliveries/{endpoint}/{id}/headers", get(headers::<P, S>))
        .route("/deliveries/{endpoint}/{id}/body", get(delivered::<P, S>))
        .route("/diff", get(diff::<P, S>))
        .route("/find", get(find::<P, S>))
        .route("/audit", get(audit::<P, S>))
        .route("/dead", get(dead::<P, S>))
        .route("/dead-letters", get(dead_letters::<P, S>))
        .route("/operations", post(operations::<P, S>))
        .route("/holds", get(holds::list::<P, S>).post(holds::add::<P, S>))
        .route("/holds/{hold}/release", post(holds::release::<P, S>))
        .route("/replays", get(replays::list::<P, S>).post(replays::plan::<P, S>))
        .route("/replays/{operation}", get(replays::show::<P, S>))
        .route("/replays/{operation}/items", get(replays::report::<P, S>))
        .route("/replays/{operation}/drive", post(replays::drive::<P, S>))
        .route("/replays/{operation}/{turn}", post(replays::turn::<P, S>))
        .route_layer(from_fn(known_parameters))
        .fallback(nothing)
        .with_state(shared);
    Router::new()
        .nest("/api/v1", routes)
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
        .layer(axum::middleware::map_response(async |answer: Response| finished(answer)))
}

async fn nothing(uri: Uri) -> Response {
    let why = format!("{} is no path of the API", uri.path());
    let trouble = Trouble::new(Code::NotFound, "nothing is answered here", why);
    Problem::from(trouble.next("GET /api/v1/openapi.json lists the paths")).into_response()
}

async fn known_parameters(path: MatchedPath, request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    match unknown_parameter(path.as_str(), query) {
        None => next.run(request).await,
        Some(name) => bad("the query cannot be used", format!("there is no parameter {name:?}"))
            .into_response(),
    }
}

fn tenant(name: Option<&String>) -> Result<Option<TenantId>, Problem> {
    let read = name.map(|name| name.parse()).transpose();
    read.map_err(|error: InvalidName| Trouble::from(error).into())
}

async fn status<P: Place, S: System>(State(api): Api<P, S>) -> Answered {
    Ok(json(StatusCode::OK, &api.operator.status().await?))
}

async fn endpoints<P: Place, S: System>(State(api): Api<P, S>) -> Answered {
    Ok(json(StatusCode::OK, &api.operator.endpoints().await?))
}

async fn dead_letters<P: Place, S: System>(State(api): Api<P, S>) -> Answered {
    Ok(json(StatusCode::OK, &api.operator.dead_letters().await?))
}

async fn events<P: Place, S: System>(State(api): Api<P, S>, uri: Uri) -> Answered {
    let (filters, asked): (Filters, Parameters) = (query(&uri)?, query(&uri)?);
    let usual = Paging::default();
    let paging = Paging {
        limit: asked.limit.unwrap_or(usual.limit),
        look: asked.look.unwrap_or(usual.look),
        cursor: asked.cursor,
    };
    Ok(json(StatusCode::OK, &api.operator.list(&filters.check()?, &paging).await?))
}

async fn event<P: Place, S: System>(
    State(api): Api<P, S>,
    Path((endpoint, id)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Answered {
    let asked: Parameters = query(&uri)?;
    let target = Target::of(&endpoint, &id)?;
    let event = api.operator.show(&target, tenant(asked.tenant.as_ref())?.as_ref()).await?;
    let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    Ok(versioned(&event, &event.etag, known))
}

async fn headers<P: Place, S: System>(
    State(api): Api<P, S>,
    Path((endpoint, id)): Path<(String, String)>,
    uri: Uri,
) -> Answered {
    let asked: Parameters = query(&uri)?;
    let (target, tenant) = (Target::of(&endpoint, &id)?, tenant(asked.tenant.as_ref())?);
    let reveal = asked.reveal.unwrap_or_default();
    Ok(json(StatusCode::OK, &api.operator.headers(&target, tenant.as_ref(), reveal).await?))
}

async fn delivered<P: Place, S: System>(
    State(api): Api<P, S>,
    Path((endpoint, id)): Path<(String, String)>,
    uri: Uri,
) -> Answered {
    let asked: Parameters = query(&uri)?;
    let (target, tenant) = (Target::of(&endpoint, &id)?, tenant(asked.tenant.as_ref())?);
    let (view, reveal) = (asked.view.unwrap_or_default(), asked.reveal.unwrap_or_default());
    Ok(download(api.operator.body(&target, tenant.as_ref(), view, reveal).await?))
}

async fn diff<P: Place, S: System>(State(api): Api<P, S>, uri: Uri) -> Answered {
    let asked: Parameters = query(&uri)?;
    let target = |text: Option<&String>| {
        let text = text.map(String::as_str).unwrap_or_default();
        text.parse::<Target>().map_err(|why| bad("there is nothing to compare", why))
    };
    let (a, b) = (target(asked.a.as_ref())?, target(asked.b.as_ref())?);
    let ignore: Vec<String> =
        asked.ignore.iter().flat_map(|all| all.split(',')).map(str::to_owned).collect();
    let tenant = tenant(asked.tenant.as_ref())?;
    Ok(json(StatusCode::OK, &api.operator.diff(&a, &b, tenant.as_ref(), &ignore).await?))
}

async fn find<P: Place, S: System>(State(api): Api<P, S>, uri: Uri) -> Answered {
    let (filters, asked): (Filters, Parameters) = (query(&uri)?, query(&uri)?);
    let text = asked.text.unwrap_or_default();
    let tenant = tenant(asked.tenant.as_ref())?;
    Ok(json(StatusCode::OK, &api.operator.find(&text, tenant.as_ref(), filters).await?))
}

async fn audit<P: Place, S: System>(State(api): Api<P, S>, uri: Uri) -> Answered {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Hours {
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        include_open: bool,
    }
    let Hours { since, until, include_open } = query(&uri)?;
    let now = api.operator.system.now();
    let millis = |time: Timestamp| EpochMillis::new(time.as_millisecond());
    let order = AuditOrder {
        since: since.map_or_else(|| now.minus(A_DAY), millis),
        until: until.map_or(now, millis),
        include_open,
    };
    Ok(json(StatusCode::OK, &api.operator.audit(&order).await?))
}

async fn dead<P: Place, S: System>(State(api): Api<P, S>, uri: Uri) -> Answered {
    let (filters, asked): (Filters, Parameters) = (query(&uri)?, query(&uri)?);
    let by = By::read(asked.by.as_deref().unwrap_or("job,reason,class"))?;
    let state = Some("dead".to_owned());
    let selection = Filters { state, ..filters }.check()?;
    Ok(json(StatusCode::OK, &api.operator.dead(&selection, &by).await?))
}

/// Acts come one after the other, so that two with one key are one act.
async fn operations<P: Place, S: System>(
    State(api): Api<P, S>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answered {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let asked: Asked = body(&headers, &bytes)?;
    let Some(etag) = text(&header::IF_MATCH) else {
        let why = "If-Match has to state the etag of the event as it was shown";
        return Err(Trouble::new(Code::EtagMissing, "the act was not made", why).into());
    };
    let order = order(asked, etag.trim_matches('"'))?;
    let Some(key) = text(&IDEMPOTENCY_KEY) else {
        return Ok(created(&api.operator.act(&order).await?));
    };
    let mut held = api.remembered.hold().await;
    let request = format!("{etag} {}", String::from_utf8_lossy(&bytes));
    if let Some(done) = held.answer(key, &request)? {
        return Ok(created(&done));
    }
    let done = api.operator.act(&order).await?;
    held.keep(key.to_owned(), request, api.operator.system.now(), &done);
    Ok(created(&done))
}

fn created(operation: &Operation) -> Response {
    json(StatusCode::CREATED, operation)
}

fn order(asked: Asked, etag: &str) -> Result<Order, Problem> {
    let job = asked.job.map(|job| job.parse::<JobName>()).transpose();
    let job = job.map_err(Trouble::from)?;
    if asked.kind == Act::Dismiss && asked.reason.as_deref().unwrap_or_default().is_empty() {
        return Err(bad(
            "the runs were not dismissed",
            "an act that hides something needs a reason",
        ));
    }
    Ok(Order {
        act: asked.kind,
        target: Target::of(&asked.endpoint, &asked.id)?,
        tenant: tenant(asked.tenant.as_ref())?,
        job,
        reason: asked.reason,
        etag: etag.to_owned(),
    })
}

//! The routes of operations on many: planned, turned, driven, and reported.

use axum::extract::{Path, State};
use bytes::Bytes;
use hookdock_operate::ports::Place;
use hookdock_operate::{PlanOrder, ReportLine, Trouble, Turn, TurnOrder};
use hookdock_pipeline::model::names::OperationId;
use hookdock_pipeline::model::system::System;
use http::{HeaderMap, StatusCode, Uri, header};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::answer::json;
use crate::api::{Answered, Api, bad, query};

/// How many operations are listed.
const NEWEST: usize = 50;

/// Who drives an operation one step further.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Driven {
    /// A name that no other driver has.
    driver: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ReportParameters {
    outcome: Option<hookdock_operate::Outcome>,
}

/// The body of an act: JSON, and said to be.
pub(crate) fn body<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<T, crate::Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if content_type != Some("application/json") {
        return Err(bad("the act was not made", "its Content-Type must be application/json"));
    }
    serde_json::from_slice(body).map_err(|error| bad("the act was not made", error.to_string()))
}

fn id(text: &str) -> Result<OperationId, crate::Problem> {
    text.parse().map_err(|error| Trouble::from(error).into())
}

pub(crate) async fn list<P: Place, S: System>(State(api): Api<P, S>) -> Answered {
    Ok(json(StatusCode::OK, &api.operator.operations(NEWEST).await?))
}

pub(crate) async fn plan<P: Place, S: System>(
    State(api): Api<P, S>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answered {
    let order: PlanOrder = body(&headers, &bytes)?;
    Ok(json(StatusCode::CREATED, &api.operator.plan(order).await?))
}

pub(crate) async fn show<P: Place, S: System>(
    State(api): Api<P, S>,
    Path(operation): Path<String>,
) -> Answered {
    Ok(json(StatusCode::OK, &api.operator.operation(&id(&operation)?).await?))
}

pub(crate) async fn report<P: Place, S: System>(
    State(api): Api<P, S>,
    Path(operation): Path<String>,
    uri: Uri,
) -> Answered {
    let ReportParameters { outcome } = query(&uri)?;
    let report: Vec<ReportLine> = api.operator.report_of(&id(&operation)?, outcome).await?;
    Ok(json(StatusCode::OK, &report))
}

pub(crate) async fn turn<P: Place, S: System>(
    State(api): Api<P, S>,
    Path((operation, turn)): Path<(String, Turn)>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answered {
    let order: TurnOrder = body(&headers, &bytes)?;
    Ok(json(StatusCode::CREATED, &api.operator.turn(&id(&operation)?, turn, &order).await?))
}

pub(crate) async fn drive<P: Place, S: System>(
    State(api): Api<P, S>,
    Path(operation): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answered {
    let Driven { driver } = body(&headers, &bytes)?;
    Ok(json(StatusCode::CREATED, &api.operator.drive(&id(&operation)?, &driver).await?))
}

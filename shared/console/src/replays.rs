//! The routes of operations on many: planned, turned, driven, and reported.

use axum::extract::{Path, State};
use bytes::Bytes;
use hookdock_operate::ports::Place;
use hookdock_operate::{PlanOrder, ReportLine, Turn, TurnOrder};
use hookdock_pipeline::model::system::System;
use http::{HeaderMap, StatusCode, Uri};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::json;
use crate::asked::{Answered, Api, body, id, query};

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

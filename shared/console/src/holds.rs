//! The routes of holds.

use axum::extract::{Path, State};
use bytes::Bytes;
use hookdock_operate::HoldOrder;
use hookdock_operate::ports::Place;
use hookdock_pipeline::model::system::System;
use http::{HeaderMap, StatusCode};

use crate::answer::json;
use crate::asked::{Answered, Api, body, id};

pub(crate) async fn list<P: Place, S: System>(State(api): Api<P, S>) -> Answered {
    Ok(json(StatusCode::OK, &api.operator.holds().await?))
}

pub(crate) async fn add<P: Place, S: System>(
    State(api): Api<P, S>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answered {
    let order: HoldOrder = body(&headers, &bytes)?;
    Ok(json(StatusCode::CREATED, &api.operator.hold(&order).await?))
}

pub(crate) async fn release<P: Place, S: System>(
    State(api): Api<P, S>,
    Path(hold): Path<String>,
) -> Answered {
    Ok(json(StatusCode::CREATED, &api.operator.release(&id(&hold)?).await?))
}

//! Errors as problem details: RFC 9457, with why and what next.

use axum::response::{IntoResponse, Response};
use hookdock_operate::{Code, Trouble};
use http::{HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An error, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// `urn:hookdock:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What did not happen.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Why.
    pub detail: String,
    /// The code.
    pub code: Code,
    /// What to do next; most often a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

fn status(code: Code) -> StatusCode {
    match code {
        Code::BadRequest | Code::CursorMismatch | Code::SelectionEmpty => StatusCode::BAD_REQUEST,
        Code::NoSession => StatusCode::UNAUTHORIZED,
        Code::Denied | Code::BadOrigin => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AmbiguousId
        | Code::Running
        | Code::NothingToDo
        | Code::Altered
        | Code::ConfirmMismatch
        | Code::PlanTaken
        | Code::KeyReused => StatusCode::CONFLICT,
        Code::BodyGone | Code::PlanExpired => StatusCode::GONE,
        Code::Changed => StatusCode::PRECONDITION_FAILED,
        Code::BadHost => StatusCode::MISDIRECTED_REQUEST,
        Code::EtagMissing => StatusCode::PRECONDITION_REQUIRED,
        Code::Throttled => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        let Trouble { code, what, why, next } = trouble;
        let name = serde_json::to_value(code).ok();
        let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or_default();
        Self {
            kind: format!("urn:hookdock:problem:{name}"),
            title: what,
            status: status(code).as_u16(),
            detail: why,
            code,
            next,
        }
    }
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        let Problem { code, title, detail, next, .. } = problem;
        Self { code, what: title, why: detail, next }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut answer = (status(self.code), body).into_response();
        let problem = HeaderValue::from_static("application/problem+json");
        answer.headers_mut().insert(header::CONTENT_TYPE, problem);
        answer
    }
}

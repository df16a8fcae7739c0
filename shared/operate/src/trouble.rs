//! Why something was not shown or not done, in words for a person and a code for programs.

use hookdock_pipeline::model::names::InvalidName;
use hookdock_pipeline::model::pattern::InvalidPattern;
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind, chain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The code of a trouble. Codes are only added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Nothing of that name is known.
    NotFound,
    /// It is the beginning of several names.
    AmbiguousId,
    /// A parameter, a name or a body is not what it has to be.
    BadRequest,
    /// The cursor belongs to another selection.
    CursorMismatch,
    /// It would act on everything.
    SelectionEmpty,
    /// It is not as it was when it was shown.
    Changed,
    /// The act has to say what was shown.
    EtagMissing,
    /// A worker has the run.
    Running,
    /// There is nothing of that kind to do.
    NothingToDo,
    /// The stored body is gone.
    BodyGone,
    /// The stored body is not the one that was received.
    Altered,
    /// The number of the plan was not confirmed.
    ConfirmMismatch,
    /// The plan is too old to be run.
    PlanExpired,
    /// Somebody else drives the operation.
    PlanTaken,
    /// The same key came with another request.
    KeyReused,
    /// We are not allowed to.
    Denied,
    /// We are asked to slow down.
    Throttled,
    /// What was asked failed on its side.
    Unavailable,
    /// The host is none that this server answers to.
    BadHost,
    /// The request comes from another site's page.
    BadOrigin,
    /// The token is missing or not right.
    NoSession,
}

/// Why something was not shown or not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Its code.
    pub code: Code,
    /// What did not happen.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do next; most often a command.
    pub next: Option<String>,
}

impl Trouble {
    /// A trouble, with nothing to do next.
    pub fn new(code: Code, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { code, what: what.into(), why: why.into(), next: None }
    }

    /// The same with what to do next.
    #[must_use]
    pub fn next(self, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..self }
    }
}

impl From<InvalidName> for Trouble {
    fn from(error: InvalidName) -> Self {
        Self::new(Code::BadRequest, "a name cannot be used", error.to_string())
    }
}

impl From<InvalidPattern> for Trouble {
    fn from(error: InvalidPattern) -> Self {
        Self::new(Code::BadRequest, "a pattern cannot be used", error.to_string())
    }
}

impl From<PortError> for Trouble {
    fn from(error: PortError) -> Self {
        let code = match error.kind() {
            PortErrorKind::Denied => Code::Denied,
            PortErrorKind::Throttled | PortErrorKind::RateLimited => Code::Throttled,
            PortErrorKind::TimedOut | PortErrorKind::Unavailable | PortErrorKind::Invalid => {
                Code::Unavailable
            }
        };
        Self::new(code, "the place did not answer as it should", chain(&error))
    }
}

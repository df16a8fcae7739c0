//! How a call ends that did not succeed.

use std::error::Error;

use bytes::Bytes;
use hookdock_https::HttpsError;
use hookdock_pipeline::model::port_error::{FaultKind, PortError};
use http::Response;
use serde::Deserialize;

use crate::classify;

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The service said no.
    #[error("{status} {code}: {message}")]
    Refused { status: u16, code: String, message: String },
    /// The service did not answer, or not in time.
    #[error(transparent)]
    Unanswered(#[from] HttpsError),
    /// The request could not be put together.
    #[error("the request cannot be made")]
    Unfit(#[source] Box<dyn Error + Send + Sync>),
    /// It could not be signed.
    #[error("the request cannot be signed")]
    Unsigned(#[source] Box<dyn Error + Send + Sync>),
    /// The service said yes, and not what it should say. What it said stays out: it may be a
    /// secret.
    #[error("the answer is not as it should be")]
    Unreadable,
}

/// A refusal in JSON. Some services begin the message with a capital.
#[derive(Default, Deserialize)]
#[serde(default)]
struct JsonRefusal {
    #[serde(rename = "__type")]
    code: String,
    #[serde(alias = "Message")]
    message: String,
}

impl CallError {
    pub(super) fn unfit(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Unfit(error.into())
    }

    pub(super) fn unsigned(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Unsigned(error.into())
    }

    /// Reads an answer that is a refusal, in JSON, or from S3 in XML.
    pub(super) fn refused(answer: &Response<Bytes>) -> Self {
        let status = answer.status().as_u16();
        let text = String::from_utf8_lossy(answer.body());
        let JsonRefusal { code, message } = match between(&text, "<Code>", "</Code>") {
            Some(code) => JsonRefusal {
                code: code.to_owned(),
                message: between(&text, "<Message>", "</Message>").unwrap_or_default().to_owned(),
            },
            None => serde_json::from_str(&text).unwrap_or_default(),
        };
        // Before the name there may be its namespace.
        let code = code.rsplit('#').next().unwrap_or_default().to_owned();
        Self::Refused { status, code, message }
    }

    /// The service's name for its refusal.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether the same call may succeed in a moment.
    pub(super) fn passes(&self) -> bool {
        match self.kind() {
            FaultKind::Throttled | FaultKind::TimedOut | FaultKind::Unavailable => true,
            FaultKind::RateLimited | FaultKind::Denied | FaultKind::Invalid => false,
        }
    }

    fn kind(&self) -> FaultKind {
        match self {
            Self::Refused { status, code, .. } => classify::refusal(Some(code), *status),
            Self::Unanswered(error) => error.kind(),
            // An answer that cannot be read says nothing of what happened.
            Self::Unreadable => FaultKind::Unavailable,
            Self::Unfit(_) | Self::Unsigned(_) => FaultKind::Invalid,
        }
    }

    /// The port's error, whose message reads "failed to {action}".
    pub(crate) fn port_error(action: &'static str) -> impl FnOnce(Self) -> PortError {
        move |error| PortError::new(action, error.kind()).with_source(error)
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hookdock_pipeline::model::port_error::chain;

    use super::*;

    fn check(status: u16, body: &'static str, kind: FaultKind, text: &str) {
        let mut answer = Response::new(Bytes::from_static(body.as_bytes()));
        *answer.status_mut() = status.try_into().expect("a status");
        let error = CallError::refused(&answer);
        assert_eq!(error.to_string(), text);
        let passes =
            matches!(kind, FaultKind::Throttled | FaultKind::TimedOut | FaultKind::Unavailable);
        assert_eq!(error.passes(), passes, "{text}");
        assert_eq!(CallError::port_error("try")(error).kind(), kind, "{text}");
    }

    #[test]
    fn a_refusal_is_read_as_each_service_writes_it() {
        // Amazon S3 API reference, "Error responses" (read 2026-11).
        check(
            503,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n  <Code>SlowDown</Code>\n  \
             <Message>Please reduce your request rate.</Message>\n</Error>",
            FaultKind::Throttled,
            "503 SlowDown: Please reduce your request rate.",
        );
        check(
            400,
            r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no such queue"}"#,
            FaultKind::Invalid,
            "400 QueueDoesNotExist: no such queue",
        );
        check(
            400,
            r#"{"__type":"AccessDeniedException","Message":"not you"}"#,
            FaultKind::Denied,
            "400 AccessDeniedException: not you",
        );
        check(
            400,
            r#"{"__type":"com.amazon.coral.service#ThrottlingException"}"#,
            FaultKind::Throttled,
            "400 ThrottlingException: ",
        );
    }

    #[test]
    fn a_refusal_that_says_nothing_is_told_by_its_status() {
        check(503, "", FaultKind::Unavailable, "503 : ");
        check(500, "<html>", FaultKind::Unavailable, "500 : ");
        check(429, "", FaultKind::Throttled, "429 : ");
        check(403, "", FaultKind::Denied, "403 : ");
        check(301, "", FaultKind::Invalid, "301 : ");
        check(400, "<Code>RequestTimeout</Code>", FaultKind::TimedOut, "400 RequestTimeout: ");
    }

    #[test]
    fn the_cause_is_in_the_chain() {
        let error = CallError::from(HttpsError::TimedOut(Duration::from_secs(1)));
        let error = CallError::port_error("store the delivery")(error);
        assert_eq!(chain(&error), "failed to store the delivery: timed_out: no answer within 1s");
    }
}

//! How a call ends that did not succeed.

use std::error::Error;

use bytes::Bytes;
use hookdock_https::HttpsError;
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
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

/// The header in which the protocols of JSON may have the name of an error.
const ERROR_TYPE: &str = "x-amzn-errortype";

/// A refusal in JSON. A field can be missing or null, the message has two spellings, and both can
/// be there (Smithy, "AWS JSON 1.1 protocol", "Operation error serialization", read 2026-11).
#[derive(Default, Deserialize)]
#[serde(default)]
struct JsonRefusal {
    #[serde(rename = "__type")]
    kind: Option<String>,
    code: Option<String>,
    message: Option<String>,
    #[serde(rename = "Message")]
    capital: Option<String>,
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
        let in_header = answer.headers().get(ERROR_TYPE).and_then(|value| value.to_str().ok());
        let (code, message) = in_xml(&text).unwrap_or_else(|| in_json(&text));
        let code = code.as_deref().or(in_header).map(bare).unwrap_or_default().to_owned();
        Self::Refused { status, code, message: message.unwrap_or_default() }
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
            PortErrorKind::Throttled | PortErrorKind::TimedOut | PortErrorKind::Unavailable => true,
            PortErrorKind::RateLimited | PortErrorKind::Denied | PortErrorKind::Invalid => false,
        }
    }

    fn kind(&self) -> PortErrorKind {
        match self {
            Self::Refused { status, code, .. } => classify::refusal(Some(code), *status),
            Self::Unanswered(error) => error.kind(),
            // An answer that cannot be read says nothing of what happened.
            Self::Unreadable => PortErrorKind::Unavailable,
            Self::Unfit(_) | Self::Unsigned(_) => PortErrorKind::Invalid,
        }
    }

    /// The port's error, whose message reads "failed to {action}".
    pub(crate) fn port_error(action: &'static str) -> impl FnOnce(Self) -> PortError {
        move |error| PortError::new(action, error.kind()).with_source(error)
    }
}

/// The code and the message of S3.
fn in_xml(text: &str) -> Option<(Option<String>, Option<String>)> {
    let code = between(text, "<Code>", "</Code>")?.to_owned();
    Some((Some(code), between(text, "<Message>", "</Message>").map(str::to_owned)))
}

/// The code and the message of all others.
fn in_json(text: &str) -> (Option<String>, Option<String>) {
    let JsonRefusal { kind, code, message, capital } =
        serde_json::from_str(text).unwrap_or_default();
    (kind.or(code), message.or(capital))
}

/// The name alone: before it there may be its namespace, after it a URL.
fn bare(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or_default();
    code.rsplit('#').next().unwrap_or_default()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hookdock_pipeline::model::port_error::chain;

    use super::*;

    fn check(status: u16, body: &'static str, kind: PortErrorKind, text: &str) {
        check_with(None, status, body, kind, text);
    }

    fn check_with(
        header: Option<&'static str>,
        status: u16,
        body: &'static str,
        kind: PortErrorKind,
        text: &str,
    ) {
        let mut answer = Response::new(Bytes::from_static(body.as_bytes()));
        *answer.status_mut() = status.try_into().expect("a status");
        if let Some(header) = header {
            answer.headers_mut().insert(ERROR_TYPE, header.parse().expect("a value"));
        }
        let error = CallError::refused(&answer);
        assert_eq!(error.to_string(), text);
        let passes = matches!(
            kind,
            PortErrorKind::Throttled | PortErrorKind::TimedOut | PortErrorKind::Unavailable
        );
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
            PortErrorKind::Throttled,
            "503 SlowDown: Please reduce your request rate.",
        );
        check(
            400,
            r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no such queue"}"#,
            PortErrorKind::Invalid,
            "400 QueueDoesNotExist: no such queue",
        );
        check(
            400,
            r#"{"__type":"AccessDeniedException","Message":"not you"}"#,
            PortErrorKind::Denied,
            "400 AccessDeniedException: not you",
        );
        check(
            400,
            r#"{"__type":"com.amazon.coral.service#ThrottlingException"}"#,
            PortErrorKind::Throttled,
            "400 ThrottlingException: ",
        );
    }

    #[test]
    fn a_refusal_is_read_whatever_of_it_is_missing_null_or_there_twice() {
        for (header, body, text) in [
            (None, r#"{"__type":"SlowDown","message":null}"#, "400 SlowDown: "),
            (None, r#"{"__type":"SlowDown","Message":"a","message":"b"}"#, "400 SlowDown: b"),
            (None, r#"{"__type":"SlowDown","Message":"a","message":null}"#, "400 SlowDown: a"),
            (None, r#"{"__type":null,"code":"SlowDown"}"#, "400 SlowDown: "),
            (None, r#"{"__type":"a.b#SlowDown:http://x/y#z"}"#, "400 SlowDown: "),
            (Some("SlowDown"), "", "400 SlowDown: "),
            (Some("SlowDown:http://internal.example/"), "{}", "400 SlowDown: "),
            (Some("a.b#SlowDown"), r#"{"Message":"a"}"#, "400 SlowDown: a"),
            (Some("SlowDown"), "<html>", "400 SlowDown: "),
            (Some("Other"), r#"{"__type":"SlowDown"}"#, "400 SlowDown: "),
        ] {
            check_with(header, 400, body, PortErrorKind::Throttled, text);
        }
    }

    #[test]
    fn a_refusal_that_says_nothing_is_told_by_its_status() {
        check(503, "", PortErrorKind::Unavailable, "503 : ");
        check(500, "<html>", PortErrorKind::Unavailable, "500 : ");
        check(429, "", PortErrorKind::Throttled, "429 : ");
        check(403, "", PortErrorKind::Denied, "403 : ");
        check(301, "", PortErrorKind::Invalid, "301 : ");
        check(400, "<Code>RequestTimeout</Code>", PortErrorKind::TimedOut, "400 RequestTimeout: ");
    }

    #[test]
    fn the_cause_is_in_the_chain() {
        let error = CallError::from(HttpsError::TimedOut(Duration::from_secs(1)));
        let error = CallError::port_error("store the delivery")(error);
        assert_eq!(chain(&error), "failed to store the delivery: timed_out: no answer within 1s");
    }
}

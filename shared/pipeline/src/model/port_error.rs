//! What can go wrong behind a port.

use std::error::Error;

use derive_more::Display;
use http::StatusCode;
use strum::IntoStaticStr;

/// Why a call to another system failed, classified once, by the adapter that made the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, Display)]
#[display("{}", self.code())]
#[strum(serialize_all = "snake_case")]
pub enum PortErrorKind {
    /// The system asked us to slow down.
    Throttled,
    /// No answer came in time; the call may still have taken effect.
    TimedOut,
    /// The system could not be reached or failed on its side.
    Unavailable,
    /// We are not allowed to make the call.
    Denied,
    /// The call does not make sense to the system: a setting is wrong, or a stored form is not ours.
    Invalid,
    /// The call was not made: strangers can cause such calls, and there were too many. This tells
    /// nothing about the system.
    RateLimited,
}

impl PortErrorKind {
    /// A stable code for logs and records.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.into()
    }
}

/// A call through a port that failed.
#[derive(Debug, thiserror::Error)]
#[error("failed to {action}: {kind}")]
pub struct PortError {
    action: &'static str,
    kind: PortErrorKind,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl PortError {
    /// An error whose message reads "failed to {action}".
    #[must_use]
    pub fn new(action: &'static str, kind: PortErrorKind) -> Self {
        Self { action, kind, source: None }
    }

    /// The error of what makes no sense, given its cause: a value that cannot be written or sent, or
    /// a stored form that is not ours.
    ///
    /// ```
    /// use hookdock_pipeline::model::port_error::PortError;
    ///
    /// let read = "x".parse::<u8>().map_err(PortError::invalid("read the number"));
    /// assert_eq!(read.unwrap_err().to_string(), "failed to read the number: invalid");
    /// ```
    pub fn invalid<E: Into<Box<dyn Error + Send + Sync>>>(
        action: &'static str,
    ) -> impl FnOnce(E) -> Self {
        move |error| Self::new(action, PortErrorKind::Invalid).with_source(error)
    }

    /// That an answer over HTTP is a success. A redirect is not followed, so it is as wrong as any
    /// other answer that makes no sense.
    ///
    /// # Errors
    ///
    /// The status is another.
    pub fn check(action: &'static str, status: StatusCode) -> Result<(), Self> {
        let kind = match status {
            status if status.is_success() => return Ok(()),
            StatusCode::TOO_MANY_REQUESTS => PortErrorKind::Throttled,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => PortErrorKind::Denied,
            status if status.is_server_error() => PortErrorKind::Unavailable,
            _ => PortErrorKind::Invalid,
        };
        Err(Self::new(action, kind).with_source(format!("the answer was {}", status.as_u16())))
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// The class of the failure.
    #[must_use]
    pub fn kind(&self) -> PortErrorKind {
        self.kind
    }
}

/// An error and all its causes on one line, for the one log line that reports it.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_names_every_cause_once() {
        let error = PortError::new("store the delivery", PortErrorKind::Unavailable)
            .with_source(PortError::new("connect", PortErrorKind::TimedOut));
        assert_eq!(
            chain(&error),
            "failed to store the delivery: unavailable: failed to connect: timed_out"
        );
    }
}

//! What can go wrong behind a port.

use std::error::Error;

use derive_more::Display;
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

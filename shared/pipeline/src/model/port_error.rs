//! What can go wrong behind a port.

use std::error::Error;
use std::fmt;

/// Why a call to another system failed, classified once, by the adapter that made the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The system asked us to slow down.
    Throttled,
    /// No answer came in time; the call may still have taken effect.
    TimedOut,
    /// We did not ask: a rate limit of our own is reached.
    RateLimited,
    /// The system could not be reached or failed on its side.
    Unavailable,
    /// We are not allowed to make the call.
    Denied,
    /// The call does not make sense to the system: a setting is wrong, or a stored form is not ours.
    Invalid,
}

impl FaultKind {
    /// A stable code for logs and records.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::TimedOut => "timed_out",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Denied => "denied",
            Self::Invalid => "invalid",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A call through a port that failed.
#[derive(Debug, thiserror::Error)]
#[error("failed to {action}: {kind}")]
pub struct PortError {
    action: &'static str,
    kind: FaultKind,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl PortError {
    /// An error whose message reads "failed to {action}".
    #[must_use]
    pub fn new(action: &'static str, kind: FaultKind) -> Self {
        Self { action, kind, source: None }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// The class of the failure.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
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
        let error = PortError::new("store the delivery", FaultKind::Unavailable)
            .with_source(PortError::new("connect", FaultKind::TimedOut));
        assert_eq!(
            chain(&error),
            "failed to store the delivery: unavailable: failed to connect: timed_out"
        );
    }
}

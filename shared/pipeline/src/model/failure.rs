//! Why an attempt failed, and what is to be done about it.

use std::time::Duration;

use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};

use crate::model::port_error::{FaultKind, PortError, chain};

/// The class of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// Something did not answer in time, or the attempt ran out of time.
    TimedOut,
    /// A dependency asked us to slow down.
    Throttled,
    /// A dependency could not be reached or failed on its side.
    Unavailable,
    /// A dependency said no.
    Refused,
    /// The event is not what the job can work with.
    BadData,
    /// The job itself is at fault; a panic is one of these.
    Bug,
    /// The stored delivery is missing.
    BodyMissing,
    /// The stored delivery cannot be read.
    BodyUnreadable,
    /// The stored delivery is not the one that was verified.
    DigestMismatch,
    /// What a step saved as a document is gone, or is not what it saved.
    ResultLost,
}

/// What is to be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Try again when the policy says so.
    Retry,
    /// Try again, but not before that long from now.
    RetryAfter(Duration),
    /// Never try again.
    Never,
    /// What it needs is known to be down: nothing was tried, and nothing is before that time. The
    /// wait grows with each time, and the attempt does not count.
    HeldBack(EpochMillis),
    /// It is too early: the job runs again then, and the attempt does not count.
    Defer(EpochMillis),
    /// There is nothing to do, now or later.
    Ignored,
}

/// The longest text that is recorded of an outcome, in characters. A record has to stay small
/// enough to be written, or the outcome is lost and the job runs again.
const LONGEST_TEXT: usize = 500;

/// The beginning of a text, as far as it is recorded.
pub(crate) fn recorded(text: impl Into<String>) -> String {
    let mut text = text.into();
    if let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT) {
        text.truncate(end);
    }
    text
}

/// Why an attempt failed, or ended early with nothing wrong: what `?` hands on either way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", class.code())]
pub struct Failure {
    class: ErrorClass,
    message: String,
    recovery: Recovery,
}

impl ErrorClass {
    /// All classes.
    pub const ALL: [Self; 10] = [
        Self::TimedOut,
        Self::Throttled,
        Self::Unavailable,
        Self::Refused,
        Self::BadData,
        Self::Bug,
        Self::BodyMissing,
        Self::BodyUnreadable,
        Self::DigestMismatch,
        Self::ResultLost,
    ];

    /// A stable code for logs, records and dead letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
            Self::BadData => "bad_data",
            Self::Bug => "bug",
            Self::BodyMissing => "body_missing",
            Self::BodyUnreadable => "body_unreadable",
            Self::DigestMismatch => "digest_mismatch",
            Self::ResultLost => "result_lost",
        }
    }

    /// The class of that code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.code() == code)
    }
}

impl Failure {
    /// A failure that may go away by itself.
    #[must_use]
    pub fn transient(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, message: recorded(message), recovery: Recovery::Retry }
    }

    /// A failure that stays: the run is dead at once.
    #[must_use]
    pub fn permanent(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, message: recorded(message), recovery: Recovery::Never }
    }

    /// Not a failure: what the run needs is known to be down, and it waits for it.
    #[must_use]
    pub fn held_back(class: ErrorClass, until: EpochMillis, cause: impl Into<String>) -> Self {
        Self { class, message: recorded(cause), recovery: Recovery::HeldBack(until) }
    }

    /// Not a failure: [`crate::job::Outcome::Defer`], for what a job is built of.
    #[must_use]
    pub fn deferred(until: EpochMillis, cause: impl Into<String>) -> Self {
        let recovery = Recovery::Defer(until);
        Self { class: ErrorClass::Unavailable, message: recorded(cause), recovery }
    }

    /// Not a failure: [`crate::job::Outcome::Ignored`], for what a job is built of.
    #[must_use]
    pub fn ignored(cause: impl Into<String>) -> Self {
        let recovery = Recovery::Ignored;
        Self { class: ErrorClass::Refused, message: recorded(cause), recovery }
    }

    /// The same failure, to be tried again after that long at the earliest.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self { recovery: Recovery::RetryAfter(wait), ..self }
    }

    /// The class.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        self.class
    }

    /// A short message, cut after 500 characters. It is recorded and shown, so it must not hold
    /// personal data.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What is to be done.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        self.recovery
    }
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        let class = match error.kind() {
            FaultKind::Throttled | FaultKind::RateLimited => ErrorClass::Throttled,
            FaultKind::TimedOut => ErrorClass::TimedOut,
            FaultKind::Unavailable => ErrorClass::Unavailable,
            // Settings and permissions are mended while retries go on.
            FaultKind::Denied | FaultKind::Invalid => ErrorClass::Refused,
        };
        Self::transient(class, chain(&error))
    }
}

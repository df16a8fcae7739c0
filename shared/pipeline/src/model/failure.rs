//! Why an attempt failed, and what is to be done about it.

use std::time::Duration;

use getset::CopyGetters;
use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::model::names::CellName;
use crate::model::port_error::{PortError, PortErrorKind, chain};

/// The class of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
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
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, CopyGetters)]
#[error("{}: {message}", class.code())]
pub struct Failure {
    /// The class.
    #[getset(get_copy = "pub")]
    class: ErrorClass,
    message: String,
    /// What is to be done.
    #[getset(get_copy = "pub")]
    recovery: Recovery,
    held_by: Option<CellName>,
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
        self.into()
    }
}

impl Failure {
    /// A failure that may go away by itself.
    #[must_use]
    pub fn transient(class: ErrorClass, message: impl Into<String>) -> Self {
        Self::new(class, message, Recovery::Retry)
    }

    /// A failure that stays: the run is dead at once.
    #[must_use]
    pub fn permanent(class: ErrorClass, message: impl Into<String>) -> Self {
        Self::new(class, message, Recovery::Never)
    }

    /// Not a failure: what the run needs is known to be down, and it waits for it. `breaker` is
    /// the cell in which all know that.
    pub(crate) fn held_back(
        class: ErrorClass,
        until: EpochMillis,
        breaker: CellName,
        cause: impl Into<String>,
    ) -> Self {
        let held_by = Some(breaker);
        Self { held_by, ..Self::new(class, cause, Recovery::HeldBack(until)) }
    }

    /// Not a failure: [`crate::job::Outcome::Defer`], for what a job is built of.
    #[must_use]
    pub fn deferred(until: EpochMillis, cause: impl Into<String>) -> Self {
        Self::new(ErrorClass::Unavailable, cause, Recovery::Defer(until))
    }

    /// Not a failure: [`crate::job::Outcome::Ignored`], for what a job is built of.
    #[must_use]
    pub fn ignored(cause: impl Into<String>) -> Self {
        Self::new(ErrorClass::Refused, cause, Recovery::Ignored)
    }

    /// The same failure, to be tried again after that long at the earliest.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use hookdock_pipeline::job::{ErrorClass, Failure, Recovery};
    ///
    /// let busy = Failure::transient(ErrorClass::Throttled, "the CRM is busy");
    /// let wait = Duration::from_secs(30);
    /// assert_eq!(busy.after(wait).recovery(), Recovery::RetryAfter(wait));
    /// ```
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self { recovery: Recovery::RetryAfter(wait), ..self }
    }

    /// A short message, cut after 500 characters. It is recorded and shown, so it must not hold
    /// personal data.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The breaker that holds the run back, if one does.
    pub(crate) fn held_by(&self) -> Option<&CellName> {
        self.held_by.as_ref()
    }

    fn new(class: ErrorClass, message: impl Into<String>, recovery: Recovery) -> Self {
        Self { class, message: recorded(message), recovery, held_by: None }
    }
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        let class = match error.kind() {
            PortErrorKind::Throttled | PortErrorKind::RateLimited => ErrorClass::Throttled,
            PortErrorKind::TimedOut => ErrorClass::TimedOut,
            PortErrorKind::Unavailable => ErrorClass::Unavailable,
            // Settings and permissions are mended while retries go on.
            PortErrorKind::Denied | PortErrorKind::Invalid => ErrorClass::Refused,
        };
        Self::transient(class, chain(&error))
    }
}

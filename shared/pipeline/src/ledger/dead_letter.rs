//! A message for the dead-letter queue: what a person needs to see in the console.

use crate::delivery::reference::Reference;
use crate::ledger::run::Run;
use crate::ledger::state::DeadReason;
use crate::model::names::is_sendable;
use crate::model::port_error::PortError;
use crate::model::versioned::Unreadable;

const WRITE: &str = "write the dead letter";

/// The longest text of an attribute.
const LONGEST_MESSAGE: usize = 300;

/// A message for the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The body: a reference that runs again when it is moved back, or what came instead of one.
    pub body: String,
    /// Named texts, readable beside the body; at most ten, none of them empty.
    pub attributes: Vec<(&'static str, String)>,
}

impl DeadLetter {
    /// The dead letter of a run.
    ///
    /// # Errors
    ///
    /// The reference cannot be written.
    pub fn of_run(reference: &Reference, run: &Run, reason: DeadReason) -> Result<Self, PortError> {
        let last = run.last_failure();
        let class = last.map(|failure| failure.class.code());
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        Ok(Self {
            body: again(reference, run).to_json().map_err(PortError::invalid(WRITE))?,
            attributes: present([
                ("reason", why(reason, class).to_owned()),
                ("error_class", text(class)),
                ("message", shortened(last.map_or("", |failure| &failure.message))),
                ("endpoint", reference.endpoint.to_string()),
                ("event_type", text(reference.event_type.as_ref().map(|name| name.as_str()))),
                ("event_id", text(reference.event_id.as_ref().map(|id| id.as_str()))),
                ("job", run.id.job.to_string()),
                ("attempts", run.attempt.to_string()),
                ("delivery_id", reference.delivery_id.to_string()),
            ]),
        })
    }

    /// The dead letter of a reference that no run could be made of: its items cannot be taken
    /// apart, or its job is not there. Moved back, it is tried again.
    ///
    /// # Errors
    ///
    /// The reference cannot be written.
    pub fn of_reference(
        reference: &Reference,
        reason: &str,
        message: &str,
    ) -> Result<Self, PortError> {
        let generation = reference.generation.saturating_add(1);
        Ok(Self {
            body: Reference { generation, ..reference.clone() }
                .to_json()
                .map_err(PortError::invalid(WRITE))?,
            attributes: present([
                ("reason", reason.to_owned()),
                ("message", shortened(message)),
                ("endpoint", reference.endpoint.to_string()),
                ("job", reference.job.as_ref().map(ToString::to_string).unwrap_or_default()),
                ("delivery_id", reference.delivery_id.to_string()),
            ]),
        })
    }

    /// The dead letter of a message that is not a reference.
    #[must_use]
    pub fn of_unreadable(body: &str, error: &Unreadable) -> Self {
        Self {
            body: body.to_owned(),
            attributes: present([
                ("reason", "bad_reference".to_owned()),
                ("message", format!("the message is not a reference: {error}")),
            ]),
        }
    }
}

/// What a person reads first: a failure that stays is best named by its class.
fn why(reason: DeadReason, class: Option<&'static str>) -> &'static str {
    match (reason, class) {
        (DeadReason::Permanent, Some(class)) => class,
        (reason, _) => reason.code(),
    }
}

/// The reference that sets the dead run going again, from the first step that is not saved.
fn again(reference: &Reference, run: &Run) -> Reference {
    Reference {
        generation: run.generation.saturating_add(1),
        job: Some(run.id.job.clone()),
        restart: None,
        ..reference.clone()
    }
}

/// SQS refuses an empty attribute.
fn present<const N: usize>(attributes: [(&'static str, String); N]) -> Vec<(&'static str, String)> {
    attributes.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// One line of bounded length, without the characters that SQS refuses.
fn shortened(text: &str) -> String {
    text.chars().filter(|c| is_sendable(*c)).take(LONGEST_MESSAGE).collect()
}

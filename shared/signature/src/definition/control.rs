//! Messages about a subscription, which come on the way of its events.

use super::handshake::Condition;

/// A message about the subscription or the endpoint and not about an event, such as the end of a
/// subscription, whose place of the type says what the subscription is of. It gets a type of its
/// own, so that no job of the events runs for it.
#[derive(Clone, Debug)]
pub struct Control {
    pub(crate) when: Vec<Condition>,
    pub(crate) event_type: String,
    pub(super) notes: Option<String>,
}

impl Control {
    /// The type it gets.
    #[must_use]
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// What an operator should know of it.
    #[must_use]
    pub fn notes(&self) -> Option<&str> {
        self.notes.as_deref()
    }
}

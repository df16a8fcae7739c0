//! Why a text is no name.

/// Text that does not fit the grammar of a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be {grammar}")]
pub struct InvalidName {
    pub(super) kind: &'static str,
    pub(super) grammar: &'static str,
}

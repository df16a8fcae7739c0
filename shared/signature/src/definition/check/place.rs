//! Where in a definition something is.

use crate::definition::error::DefinitionError;

/// The place that is being read, from the root of the file.
pub(super) struct Place(String);

impl Place {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn key(&self, key: &str) -> String {
        format!("{}.{key}", self.0)
    }

    pub(super) fn at(&self, key: &str) -> Self {
        Self(self.key(key))
    }

    pub(super) fn error(&self, key: &str, problem: impl Into<String>) -> DefinitionError {
        DefinitionError::new(self.key(key), problem)
    }
}

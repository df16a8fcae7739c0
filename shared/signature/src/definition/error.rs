//! What can be wrong with a definition.

/// A provider definition that is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DefinitionError {
    /// Not TOML, an unknown key, a missing key, or a value outside its set.
    #[error("definition does not parse: {0}")]
    Syntax(#[source] Box<toml::de::Error>),
    /// A value that contradicts another one, or has no meaning.
    #[error("{field}: {problem}")]
    Field {
        /// The key, from the root of the file.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl DefinitionError {
    pub(crate) fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Field { field: field.into(), problem: problem.into() }
    }
}

impl From<toml::de::Error> for DefinitionError {
    fn from(error: toml::de::Error) -> Self {
        Self::Syntax(Box::new(error))
    }
}

/// A setting that the definition does not declare.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("provider {provider} has no setting {name}")]
pub struct UnknownSetting {
    /// The provider's id.
    pub provider: String,
    /// The name that was given.
    pub name: String,
}

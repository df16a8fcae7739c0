//! TOML documents that people write, and what is said of those that cannot be used.

use hookdock_pipeline::model::misfit;
use serde::de::DeserializeOwned;

/// Where and why a document cannot be used. It quotes keys, and no value: values can be secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {}{reason}", key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default())]
pub struct Misfit {
    /// The line, from 1.
    pub line: usize,
    /// The key, from the document's top; none where the document is not TOML.
    pub key: Option<String>,
    /// What is wrong there.
    pub reason: String,
}

/// Reads a document.
///
/// # Errors
///
/// It is not TOML, or does not have the form that is wanted.
pub fn from_toml<T: DeserializeOwned>(text: &str) -> Result<T, Misfit> {
    let document = toml::Deserializer::parse(text).map_err(|error| misfit(text, None, &error))?;
    serde_path_to_error::deserialize(document).map_err(|error| {
        let key = error.path().to_string();
        let key = (key != ".").then(|| key.escape_debug().to_string());
        misfit(text, key, error.inner())
    })
}

fn misfit(text: &str, key: Option<String>, error: &toml::de::Error) -> Misfit {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(0, |before| before.matches('\n').count()).saturating_add(1);
    Misfit { line, key, reason: misfit::reason(error.message()) }
}

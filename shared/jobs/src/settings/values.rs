//! The values in the settings that are checked while they are read.

use derive_more::Debug;
use hookdock_pipeline::model::names::JobName;
use http::Uri;
use serde::{Deserialize, Serialize};

/// A URL; it can be a secret and is not shown.
#[derive(Clone, PartialEq, Eq, Deserialize, Debug)]
#[debug("Url")]
#[serde(try_from = "String")]
pub struct Url(String);

/// A secret.
#[derive(Clone, PartialEq, Eq, Deserialize, Debug)]
#[debug("Token")]
pub struct Token(String);

/// The name of a notification or a destination, such that its job's name fits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct JobPart(String);

impl Url {
    /// The URL with a path after it.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0.trim_end_matches('/'))
    }

    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Token {
    /// The secret's text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl JobPart {
    /// The name of the job of that kind.
    #[must_use]
    pub fn of(&self, kind: &str) -> String {
        format!("{kind}_{}", self.0)
    }
}

impl TryFrom<String> for Url {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let uri: Uri = text.parse().map_err(|_| "not a URL")?;
        let spoken = matches!(uri.scheme_str(), Some("https" | "http"));
        if spoken && uri.host().is_some() { Ok(Self(text)) } else { Err("not an https URL") }
    }
}

impl TryFrom<String> for JobPart {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let name = Self(text);
        let fits = !name.0.is_empty() && name.of("send_notification").parse::<JobName>().is_ok();
        if fits { Ok(name) } else { Err("not a name") }
    }
}

//! What is known about a provider beside its signature.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// How well a statement is founded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Trust {
    /// Checked against the provider's own text or code.
    Verified,
    /// An independent public verifier says the same; the provider's text was not read.
    ThirdParty,
    /// Nobody checked it. Try it with a live delivery first.
    Unconfirmed,
}

impl Trust {
    /// The mark as it is written in a definition.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Trust in the scheme and in the delivery facts, which come from different pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TrustMarks {
    /// Trust in how requests are signed.
    pub scheme: Trust,
    /// Trust in [`Delivery`] and in the event selectors.
    pub delivery: Trust,
}

/// How the provider delivers. Texts are for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Delivery {
    /// How long the provider waits for an answer, in milliseconds.
    pub answer_within_ms: Option<u64>,
    /// Which answers the provider takes as success.
    pub success: Option<String>,
    /// When and how often it tries again.
    pub retries: Option<String>,
    /// How long after the first try the last retry comes, in seconds, where that is known.
    pub retried_for_seconds: Option<u32>,
    /// How to change the secret without losing events.
    pub rotation: Option<String>,
    /// How to ask for events that never arrived.
    pub reconcile: Option<String>,
    /// The usual cause of a refusal, by [`Rejection::code`](crate::Rejection::code), where this
    /// provider has one of its own. It is experience, which no mark of trust covers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub usual_causes: BTreeMap<String, String>,
}

/// What the secret looks like and where the operator finds it.
///
/// No mark of trust covers where: dashboards change too often.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SecretNotes {
    /// The form of the text.
    pub format: Option<String>,
    /// The page or command that shows it.
    pub found: Option<String>,
}

/// Where a statement in the definition comes from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Citation {
    /// The page, repository file, or package.
    pub what: String,
    /// Year and month in which it was read, such as `2026-11`; where `what` says that it
    /// is still to be read, when that was noted.
    pub read: String,
}

/// The answer a provider insists on, where any success is not enough.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Response {
    /// The status of the answer to an accepted event.
    pub status: u16,
    /// The content type of the body.
    pub content_type: Option<String>,
    /// The body.
    pub body: Option<String>,
    /// Whether a refused signature is answered with a status and no body.
    #[serde(default)]
    pub bare_refusal: bool,
    /// A header that the answer needs, where the operator has set its value.
    pub header: Option<ResponseHeader>,
}

/// A header of the answer whose value differs from one account to the next.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ResponseHeader {
    /// Its name.
    pub name: String,
    /// The setting that holds its value.
    pub setting: String,
}

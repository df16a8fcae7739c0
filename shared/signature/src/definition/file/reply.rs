//! An answer as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A reply as written: a text, or an object in JSON, or nothing.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplyToml {
    pub(crate) status: Option<u16>,
    pub(crate) content_type: Option<String>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) text: Option<String>,
    pub(crate) json: Option<BTreeMap<String, Value>>,
}

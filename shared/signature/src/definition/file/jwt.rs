//! A token as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::definition::algorithm::JwsAlgorithm;
use crate::definition::jwt::{ClaimNames, DetachedTime};

/// The table `[scheme.jwt]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JwtToml {
    pub(crate) header: Option<String>,
    /// That the body is the token.
    #[serde(default)]
    pub(crate) in_body: bool,
    #[serde(default)]
    pub(crate) prefix: String,
    pub(crate) detached: Option<DetachedTime>,
    /// That the body is what the token signs, and nothing beside it.
    #[serde(default)]
    pub(crate) detached_body: bool,
    pub(crate) algorithms: Vec<JwsAlgorithm>,
    pub(crate) issuer: Option<String>,
    #[serde(default)]
    pub(crate) equals: BTreeMap<String, Vec<String>>,
    #[serde(flatten)]
    pub(crate) claims: ClaimNames,
}

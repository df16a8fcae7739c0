//! A token as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;

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
    pub(crate) algorithms: Vec<AlgorithmToml>,
    pub(crate) issuer: Option<String>,
    #[serde(default)]
    pub(crate) equals: BTreeMap<String, Vec<String>>,
    #[serde(flatten)]
    pub(crate) claims: ClaimNames,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) enum AlgorithmToml {
    #[serde(rename = "HS256")]
    Hs256,
    #[serde(rename = "HS384")]
    Hs384,
    #[serde(rename = "HS512")]
    Hs512,
    #[serde(rename = "RS256")]
    Rs256,
    #[serde(rename = "RS384")]
    Rs384,
    #[serde(rename = "RS512")]
    Rs512,
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "ES384")]
    Es384,
    #[serde(rename = "ES512")]
    Es512,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

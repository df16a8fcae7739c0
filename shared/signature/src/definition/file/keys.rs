//! Where keys are published, as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The table `[scheme.keys]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeysToml {
    pub(crate) form: FormToml,
    pub(crate) url: Option<String>,
    pub(crate) named: Option<String>,
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    pub(crate) path: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) at: Option<String>,
    #[serde(default)]
    pub(crate) subjects: Vec<String>,
    #[serde(default)]
    pub(crate) post: BTreeMap<String, String>,
    pub(crate) credentials: Option<CredentialsToml>,
    pub(crate) account: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FormToml {
    /// A JSON Web Key Set.
    Jwks,
    /// One JSON Web Key inside JSON.
    Jwk,
    /// One `SubjectPublicKeyInfo` inside JSON, as base64 or PEM.
    Spki,
    /// A chain of X.509 certificates in PEM, the signer's first.
    Certificate,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase", tag = "kind")]
pub(crate) enum CredentialsToml {
    /// The secret is the token.
    Bearer,
    /// The secret buys a token (OAuth 2.0 client credentials).
    Client { client_id: String, token_url: String, scope: String },
}

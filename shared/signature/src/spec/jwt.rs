//! A token whose claims bind the request, as written and as checked.

use serde::Deserialize;

use super::error::DefinitionError;
use super::fields::Fields;
use super::scheme::{Digest, Encoding, Kind, Name};

/// A JWS under a shared secret, and what its claims have to say.
#[derive(Clone, Debug)]
pub(crate) struct JwtRule {
    pub(crate) header: String,
    pub(crate) prefix: String,
    pub(crate) algorithms: Vec<Digest>,
    pub(crate) issuer: Option<Name>,
    pub(crate) claims: RawClaims,
}

/// The table `[scheme.jwt]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawJwt {
    header: String,
    #[serde(default)]
    prefix: String,
    algorithms: Vec<RawAlgorithm>,
    issuer: Option<String>,
    #[serde(flatten)]
    claims: RawClaims,
}

/// What the claims are called.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawClaims {
    /// The body's SHA-256. Needed unless the body is empty.
    pub(crate) body_hash: Option<BodyHash>,
    /// The URL itself, or a list that has it.
    pub(crate) url_claim: Option<String>,
    /// The SHA-256 of the URL, in hex.
    pub(crate) url_hash_claim: Option<String>,
    /// Atlassian's digest of method, path and query.
    pub(crate) query_hash_claim: Option<String>,
    /// Claims that have to be there, whatever they say.
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    /// How far the clocks may differ.
    #[serde(default)]
    pub(crate) leeway_seconds: u32,
}

impl RawClaims {
    pub(super) const fn names_url(&self) -> bool {
        self.url_claim.is_some() || self.url_hash_claim.is_some() || self.query_hash_claim.is_some()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BodyHash {
    pub(crate) claim: String,
    pub(crate) encoding: Encoding,
}

/// Only shared secrets: a list that mixes them with public keys is how tokens get forged.
#[derive(Clone, Copy, Debug, Deserialize)]
enum RawAlgorithm {
    #[serde(rename = "HS256")]
    Hs256,
    #[serde(rename = "HS384")]
    Hs384,
    #[serde(rename = "HS512")]
    Hs512,
}

impl From<RawAlgorithm> for Digest {
    fn from(algorithm: RawAlgorithm) -> Self {
        match algorithm {
            RawAlgorithm::Hs256 => Self::Sha256,
            RawAlgorithm::Hs384 => Self::Sha384,
            RawAlgorithm::Hs512 => Self::Sha512,
        }
    }
}

pub(super) fn jwt(fields: &Fields<'_>) -> Result<Kind, DefinitionError> {
    fields.only(&["jwt"])?;
    let raw = fields.need("jwt", fields.raw.jwt.clone())?;
    if raw.algorithms.is_empty() {
        return Err(fields.error("jwt.algorithms", "none is named"));
    }
    Ok(Kind::Jwt(JwtRule {
        header: raw.header,
        prefix: raw.prefix,
        algorithms: raw.algorithms.into_iter().map(Digest::from).collect(),
        issuer: raw.issuer.as_deref().map(Name::parse),
        claims: raw.claims,
    }))
}

//! A token whose claims bind the request.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::algorithm::{Algorithm, Digest, Encoding, PublicKeyRule};
use super::keys::KeysRule;
use super::operator_text::OperatorText;
use super::signature::{Name, Unit};

/// A JWS, and what its claims have to say.
#[derive(Clone, Debug)]
pub(crate) struct JwtRule {
    pub(crate) place: TokenPlace,
    pub(crate) keys: TokenKeys,
    pub(crate) issuer: Option<Name>,
    pub(crate) claims: ClaimNames,
    /// Claims that have to be one of these texts.
    pub(crate) equals: BTreeMap<String, Vec<OperatorText>>,
}

/// Where the token is.
#[derive(Clone, Debug)]
pub(crate) enum TokenPlace {
    Header { name: String, prefix: String },
    Body,
    Detached { name: String, time: Option<DetachedTime> },
}

impl TokenPlace {
    /// The header that holds a token which may be read on its own.
    pub(crate) fn header(&self) -> Option<&str> {
        match self {
            Self::Header { name, .. } => Some(name),
            Self::Body | Self::Detached { .. } => None,
        }
    }
}

/// What a token without a payload signs beside the body: a time from a header.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DetachedTime {
    pub(crate) header: String,
    pub(crate) unit: Unit,
    pub(crate) tolerance_seconds: u32,
}

/// Shared secrets or public keys: a rule that took both would take a token that somebody signed
/// with the public key for a secret.
#[derive(Clone, Debug)]
pub(crate) enum TokenKeys {
    Shared(Vec<Digest>),
    Secret(
        Vec<Algorithm>,
        #[cfg_attr(not(feature = "public-key"), expect(dead_code, reason = "read by the feature"))]
        PublicKeyRule,
    ),
    Provider(Vec<Algorithm>, Box<KeysRule>),
}

/// What the claims are called.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimNames {
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
    /// How long ago the token may have been issued, by its `iat`.
    pub(crate) max_age_seconds: Option<u32>,
    /// How far the clocks may differ.
    #[serde(default)]
    pub(crate) leeway_seconds: u32,
}

impl ClaimNames {
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

impl TokenKeys {
    pub(crate) fn provider(&self) -> Option<&KeysRule> {
        match self {
            Self::Provider(_, rule) => Some(rule),
            Self::Shared(_) | Self::Secret(..) => None,
        }
    }
}

impl JwtRule {
    pub(crate) const fn is_body(&self) -> bool {
        matches!(self.place, TokenPlace::Body)
    }

    pub(super) fn settings(&self) -> impl Iterator<Item = &str> {
        self.equals.values().flatten().flat_map(OperatorText::settings)
    }
}

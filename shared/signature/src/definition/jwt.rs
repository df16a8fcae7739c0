//! A token whose claims bind the request, as written and as checked.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::DefinitionError;
use super::fields::Fields;
use super::keys::KeysRule;
use super::scheme::{
    Algorithm, Digest, EcdsaFormat, Encoding, Kind, Name, PublicKeyRule, RsaDigest, Unit,
};
use super::text::Text;

/// A JWS, and what its claims have to say.
#[derive(Clone, Debug)]
pub(crate) struct JwtRule {
    pub(crate) place: TokenPlace,
    pub(crate) keys: TokenKeys,
    pub(crate) issuer: Option<Name>,
    pub(crate) claims: RawClaims,
    /// Claims that have to be one of these texts.
    pub(crate) equals: BTreeMap<String, Vec<Text>>,
}

/// Where the token is.
#[derive(Clone, Debug)]
pub(crate) enum TokenPlace {
    Header { name: String, prefix: String },
    Body,
    Detached { name: String, time: DetachedTime },
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

/// The table `[scheme.jwt]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawJwt {
    header: Option<String>,
    /// That the body is the token.
    #[serde(default)]
    in_body: bool,
    #[serde(default)]
    prefix: String,
    detached: Option<DetachedTime>,
    algorithms: Vec<RawAlgorithm>,
    issuer: Option<String>,
    #[serde(default)]
    equals: BTreeMap<String, Vec<String>>,
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
    /// How long ago the token may have been issued, by its `iat`.
    pub(crate) max_age_seconds: Option<u32>,
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

#[derive(Clone, Copy, Debug, Deserialize)]
enum RawAlgorithm {
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
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl RawAlgorithm {
    const fn shared(self) -> Option<Digest> {
        match self {
            Self::Hs256 => Some(Digest::Sha256),
            Self::Hs384 => Some(Digest::Sha384),
            Self::Hs512 => Some(Digest::Sha512),
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Es256 | Self::EdDsa => None,
        }
    }

    const fn public(self) -> Option<Algorithm> {
        match self {
            Self::Hs256 | Self::Hs384 | Self::Hs512 => None,
            Self::Rs256 => Some(Algorithm::RsaPkcs1(RsaDigest::Sha256)),
            Self::Rs384 => Some(Algorithm::RsaPkcs1(RsaDigest::Sha384)),
            Self::Rs512 => Some(Algorithm::RsaPkcs1(RsaDigest::Sha512)),
            Self::Es256 => Some(Algorithm::EcdsaP256Sha256(EcdsaFormat::Fixed)),
            Self::EdDsa => Some(Algorithm::Ed25519),
        }
    }
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
        self.equals.values().flatten().flat_map(Text::settings)
    }
}

pub(super) fn jwt(fields: &Fields<'_>) -> Result<Kind, DefinitionError> {
    fields.only(&["jwt", "keys", "public_key"])?;
    let raw = fields.need("jwt", fields.raw.jwt.clone())?;
    let equals = raw.equals.iter().map(|(claim, texts)| {
        let texts = texts.iter().map(|text| Text::parse(text, &fields.at("jwt.equals")));
        Ok((claim.clone(), texts.collect::<Result<_, DefinitionError>>()?))
    });
    Ok(Kind::Jwt(JwtRule {
        keys: keys(fields, &raw)?,
        equals: equals.collect::<Result<_, DefinitionError>>()?,
        issuer: raw.issuer.as_deref().map(Name::parse),
        claims: raw.claims,
        place: match (raw.header, raw.in_body, raw.detached) {
            (Some(name), false, None) => TokenPlace::Header { name, prefix: raw.prefix },
            (Some(name), false, Some(time)) => TokenPlace::Detached { name, time },
            (None, true, None) => TokenPlace::Body,
            _ => return Err(fields.error("jwt.header", "this or in_body, and not both")),
        },
    }))
}

fn keys(fields: &Fields<'_>, raw: &RawJwt) -> Result<TokenKeys, DefinitionError> {
    let all = &raw.algorithms;
    let shared: Vec<_> = all.iter().filter_map(|algorithm| algorithm.shared()).collect();
    let public: Vec<_> = all.iter().filter_map(|algorithm| algorithm.public()).collect();
    match (shared.is_empty(), public.is_empty(), &fields.raw.public_key, &fields.raw.keys) {
        (true, true, ..) => Err(fields.error("jwt.algorithms", "none is named")),
        (false, false, ..) => {
            Err(fields.error("jwt.algorithms", "shared secrets or public keys, and not both"))
        }
        (false, true, None, None) => Ok(TokenKeys::Shared(shared)),
        (true, false, Some(key), None) => Ok(TokenKeys::Secret(public, key.clone().into())),
        (true, false, None, Some(keys)) => {
            Ok(TokenKeys::Provider(public, Box::new(KeysRule::check(keys, fields, true)?)))
        }
        _ => Err(fields.error("jwt.algorithms", "do not go with public_key or keys as they are")),
    }
}

//! Digests, encodings and keys.

use serde::Deserialize;
use strum::IntoStaticStr;

/// How a signature is made that only the provider can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Ed25519,
    EcdsaP256Sha256(EcdsaFormat),
    /// As eBay signs, in DER.
    EcdsaP256Sha1,
    /// Of tokens, in the fixed form.
    EcdsaP384Sha384,
    /// Of tokens, in the fixed form.
    EcdsaP521Sha512,
    /// SHA-1 is for definitions that say `weak`: who can have the provider sign a text of their own
    /// may find another text with the same digest.
    RsaPkcs1(Digest),
    /// Over the SHA-256 of the message, which is digested once more.
    RsaPkcs1Sha256Twice,
    RsaPss(Digest),
}

impl Algorithm {
    /// How long a signature is, where that does not depend on the key.
    pub(crate) const fn signature_length(self) -> Option<usize> {
        match self {
            Self::Ed25519 | Self::EcdsaP256Sha256(EcdsaFormat::Fixed) => Some(64),
            Self::EcdsaP384Sha384 => Some(96),
            Self::EcdsaP521Sha512 => Some(132),
            Self::EcdsaP256Sha256(EcdsaFormat::Der)
            | Self::EcdsaP256Sha1
            | Self::RsaPkcs1(_)
            | Self::RsaPkcs1Sha256Twice
            | Self::RsaPss(_) => None,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256Sha256(EcdsaFormat::Der) => "ecdsa-p256-sha256",
            Self::EcdsaP256Sha256(EcdsaFormat::Fixed) => "ecdsa-p256-sha256-fixed",
            Self::EcdsaP256Sha1 => "ecdsa-p256-sha1",
            Self::EcdsaP384Sha384 => "ecdsa-p384-sha384-fixed",
            Self::EcdsaP521Sha512 => "ecdsa-p521-sha512-fixed",
            Self::RsaPkcs1(Digest::Sha1) => "rsa-pkcs1v15-sha1",
            Self::RsaPkcs1(Digest::Sha256) => "rsa-pkcs1v15-sha256",
            Self::RsaPkcs1Sha256Twice => "rsa-pkcs1v15-sha256-twice",
            Self::RsaPkcs1(Digest::Sha384) => "rsa-pkcs1v15-sha384",
            Self::RsaPkcs1(Digest::Sha512) => "rsa-pkcs1v15-sha512",
            Self::RsaPss(Digest::Sha1) => "rsa-pss-sha1",
            Self::RsaPss(Digest::Sha256) => "rsa-pss-sha256",
            Self::RsaPss(Digest::Sha384) => "rsa-pss-sha384",
            Self::RsaPss(Digest::Sha512) => "rsa-pss-sha512",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EcdsaFormat {
    Der,
    Fixed,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyRule {
    #[serde(default)]
    pub(crate) format: KeyFormat,
    pub(crate) strip_prefix: Option<String>,
    pub(crate) suffix: Option<String>,
    pub(crate) normalize: Option<Normalization>,
}

impl KeyRule {
    /// Whether the key is the text of the secret.
    pub(crate) fn is_text(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublicKeyRule {
    pub(crate) format: PublicKeyFormat,
    pub(crate) strip_prefix: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(crate) enum Digest {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Construction {
    Mac,
    Hash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Encoding {
    Hex,
    Base64,
    Base64url,
    /// Base64 of hex digits.
    Base64Hex,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyFormat {
    #[default]
    Utf8,
    Base64,
    Hex,
    Sha1,
    Sha256,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Normalization {
    #[serde(rename = "NFKD")]
    Nfkd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PublicKeyFormat {
    Hex,
    Base64,
    Base64Spki,
    Pem,
}

/// What a token can be signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum JwsAlgorithm {
    Shared(Digest),
    Public(Algorithm),
}

impl JwsAlgorithm {
    /// The algorithm that a token calls so (RFC 7518, 3.1; RFC 8037, 3.1).
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "HS256" => Self::Shared(Digest::Sha256),
            "HS384" => Self::Shared(Digest::Sha384),
            "HS512" => Self::Shared(Digest::Sha512),
            "RS256" => Self::Public(Algorithm::RsaPkcs1(Digest::Sha256)),
            "RS384" => Self::Public(Algorithm::RsaPkcs1(Digest::Sha384)),
            "RS512" => Self::Public(Algorithm::RsaPkcs1(Digest::Sha512)),
            "ES256" => Self::Public(Algorithm::EcdsaP256Sha256(EcdsaFormat::Fixed)),
            "ES384" => Self::Public(Algorithm::EcdsaP384Sha384),
            "ES512" => Self::Public(Algorithm::EcdsaP521Sha512),
            "EdDSA" => Self::Public(Algorithm::Ed25519),
            _ => return None,
        })
    }
}

impl TryFrom<String> for JwsAlgorithm {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::from_name(&name).ok_or("not an algorithm of tokens")
    }
}

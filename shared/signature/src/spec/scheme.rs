//! A checked scheme: only combinations that mean something can be written here.

use serde::Deserialize;

use super::template::Template;
use crate::parse::path::JsonPath;

/// How one provider signs.
///
/// Opaque, apart from what a person or a log wants to know about it.
#[derive(Clone, Debug)]
pub struct Scheme {
    pub(crate) alternative: Option<String>,
    pub(crate) when: Option<When>,
    pub(crate) kind: Kind,
}

impl Scheme {
    /// A short stable name such as `hmac-sha256` or `token`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match &self.kind {
            Kind::Shared(shared) => shared.name(),
            Kind::Public(public) => public.algorithm.name(),
            Kind::Token(_) => "token",
            Kind::Basic(_) => "basic",
            Kind::None => "none",
            Kind::Code(_) => "code",
        }
    }

    /// The name of the alternative, or nothing for the main scheme.
    #[must_use]
    pub fn alternative(&self) -> Option<&str> {
        self.alternative.as_deref()
    }

    /// The template of what is signed, where anything is.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.template().map(Template::text)
    }

    /// The age window, where the provider sends a time and it is enforced.
    #[must_use]
    pub fn tolerance_seconds(&self) -> Option<u32> {
        self.timestamp().and_then(|timestamp| timestamp.tolerance_seconds)
    }

    pub(crate) fn template(&self) -> Option<&Template> {
        match &self.kind {
            Kind::Shared(shared) => Some(&shared.signed.message),
            Kind::Public(public) => Some(&public.signed.message),
            Kind::Token(_) | Kind::Basic(_) | Kind::None | Kind::Code(_) => None,
        }
    }

    pub(crate) fn timestamp(&self) -> Option<&Timestamp> {
        match &self.kind {
            Kind::Shared(shared) => shared.signed.timestamp.as_ref(),
            Kind::Public(public) => public.signed.timestamp.as_ref(),
            Kind::Token(_) | Kind::Basic(_) | Kind::None | Kind::Code(_) => None,
        }
    }

    pub(crate) const fn timestamp_mut(&mut self) -> Option<&mut Timestamp> {
        match &mut self.kind {
            Kind::Shared(shared) => shared.signed.timestamp.as_mut(),
            Kind::Public(public) => public.signed.timestamp.as_mut(),
            Kind::Token(_) | Kind::Basic(_) | Kind::None | Kind::Code(_) => None,
        }
    }

    pub(crate) const fn source(&self) -> Option<&Source> {
        match &self.kind {
            Kind::Shared(shared) => Some(&shared.signed.signature.source),
            Kind::Public(public) => Some(&public.signed.signature.source),
            Kind::Token(token) => Some(&token.source),
            Kind::Basic(source) => Some(source),
            Kind::None | Kind::Code(_) => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Shared(Shared),
    Public(Public),
    Token(Token),
    Basic(Source),
    None,
    Code(String),
}

/// A digest of the message under a secret both sides have.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) digest: Digest,
    pub(crate) construction: Construction,
    pub(crate) key: KeyRule,
    pub(crate) signed: Signed,
}

impl Shared {
    const fn name(&self) -> &'static str {
        match (self.construction, self.digest) {
            (Construction::Mac, Digest::Sha1) => "hmac-sha1",
            (Construction::Mac, Digest::Sha256) => "hmac-sha256",
            (Construction::Mac, Digest::Sha384) => "hmac-sha384",
            (Construction::Mac, Digest::Sha512) => "hmac-sha512",
            (Construction::Hash, Digest::Sha1) => "hash-sha1",
            (Construction::Hash, Digest::Sha256) => "hash-sha256",
            (Construction::Hash, Digest::Sha384) => "hash-sha384",
            (Construction::Hash, Digest::Sha512) => "hash-sha512",
        }
    }
}

/// A signature that only the provider can make.
#[derive(Clone, Debug)]
pub(crate) struct Public {
    pub(crate) algorithm: Algorithm,
    #[cfg_attr(not(feature = "public-key"), expect(dead_code, reason = "read by the feature"))]
    pub(crate) key: PublicKeyRule,
    pub(crate) signed: Signed,
}

/// What both families of signature share.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) encoding: Encoding,
    pub(crate) message: Template,
    pub(crate) signature: Signature,
    pub(crate) timestamp: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub(crate) struct Signature {
    pub(crate) source: Source,
    pub(crate) prefix: Option<Prefix>,
    pub(crate) layout: Layout,
}

/// A secret that travels with every request.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) source: Source,
    pub(crate) prefix: Option<Prefix>,
}

#[derive(Clone, Debug)]
pub(crate) struct Prefix {
    pub(crate) text: String,
    pub(crate) required: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Source {
    Header { name: Name, also: Vec<String> },
    Numbered { prefix: String, max: u16 },
    Query(Name),
    Json(JsonPath),
    Form(String),
}

/// A name that is part of the definition, or that the operator sets.
#[derive(Clone, Debug)]
pub(crate) enum Name {
    Fixed(String),
    Setting(String),
}

/// How signatures sit inside the value that carries them.
#[derive(Clone, Debug)]
pub(crate) enum Layout {
    Plain,
    List {
        item_sep: String,
    },
    Tagged {
        tag: String,
        tag_sep: String,
        item_sep: String,
    },
    Pairs {
        pair_sep: String,
        item_sep: String,
        match_left: Option<String>,
    },
    Positional {
        item_sep: String,
        timestamp: usize,
    },
    KeyValue {
        field: String,
        item_sep: String,
        group_sep: Option<String>,
        timestamp: Option<String>,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Timestamp {
    pub(crate) source: TimestampSource,
    pub(crate) unit: Unit,
    pub(crate) tolerance_seconds: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TimestampSource {
    Header(String),
    SignatureField,
    Json(JsonPath),
}

/// The request an alternative is for.
#[derive(Clone, Debug)]
pub(crate) struct When {
    pub(crate) header: String,
    pub(crate) test: WhenTest,
}

#[derive(Clone, Debug)]
pub(crate) enum WhenTest {
    Present,
    Equals(String),
    StartsWith(String),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct KeyRule {
    pub(crate) format: KeyFormat,
    pub(crate) strip_prefix: Option<String>,
    pub(crate) suffix: Option<String>,
    pub(crate) normalize: Option<Normalization>,
}

#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "public-key"), expect(dead_code, reason = "read by the feature"))]
pub(crate) struct PublicKeyRule {
    pub(crate) format: PublicKeyFormat,
    pub(crate) strip_prefix: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Ed25519,
    EcdsaP256Sha256(EcdsaFormat),
    RsaPkcs1(RsaDigest),
    RsaPss(RsaDigest),
}

impl Algorithm {
    /// How long a signature is, where that does not depend on the key.
    #[cfg(feature = "public-key")]
    pub(crate) const fn signature_length(self) -> Option<usize> {
        match self {
            Self::Ed25519 | Self::EcdsaP256Sha256(EcdsaFormat::Fixed) => Some(64),
            Self::EcdsaP256Sha256(EcdsaFormat::Der) | Self::RsaPkcs1(_) | Self::RsaPss(_) => None,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256Sha256(_) => "ecdsa-p256-sha256",
            Self::RsaPkcs1(RsaDigest::Sha256) => "rsa-pkcs1v15-sha256",
            Self::RsaPkcs1(RsaDigest::Sha384) => "rsa-pkcs1v15-sha384",
            Self::RsaPkcs1(RsaDigest::Sha512) => "rsa-pkcs1v15-sha512",
            Self::RsaPss(RsaDigest::Sha256) => "rsa-pss-sha256",
            Self::RsaPss(RsaDigest::Sha384) => "rsa-pss-sha384",
            Self::RsaPss(RsaDigest::Sha512) => "rsa-pss-sha512",
        }
    }
}

/// SHA-1 is missing on purpose: a collision there is a forged signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RsaDigest {
    Sha256,
    Sha384,
    Sha512,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encoding {
    Hex,
    Base64,
    Base64url,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyFormat {
    #[default]
    Utf8,
    Base64,
    Hex,
    Sha1,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EcdsaFormat {
    Der,
    Fixed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unit {
    S,
    Ms,
    Iso8601,
}

//! A checked scheme: only combinations that mean something can be written here.

use serde::Deserialize;

pub(crate) use super::algorithm::{Algorithm, EcdsaFormat, RsaDigest};
use super::jwt::JwtRule;
use super::keys::KeysRule;
use super::template::{Segment, Template};
use crate::code::Module;
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
            Kind::Jwt(_) => "jwt",
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

    /// Whether the URL, or a part of it, is signed.
    #[must_use]
    pub fn signs_url(&self) -> bool {
        match &self.kind {
            Kind::Shared(Shared { signed, .. }) | Kind::Public(Public { signed, .. }) => {
                signed.message.has(&Segment::Url) || signed.message.has(&Segment::UrlHubspot)
            }
            Kind::Jwt(rule) => rule.claims.names_url(),
            Kind::Code(code) => code.module.signs_url(),
            Kind::Token(_) | Kind::Basic(_) | Kind::None => false,
        }
    }

    /// How the provider would show a public key, given as `SubjectPublicKeyInfo`; nothing
    /// for a scheme without one.
    #[must_use]
    pub fn public_key_text(&self, spki: &[u8]) -> Option<String> {
        match &self.kind {
            Kind::Public(public) => match &public.key {
                KeyFrom::Secret(rule) => Some(rule.text(spki)),
                KeyFrom::Provider(_) => None,
            },
            _ => None,
        }
    }

    pub(crate) fn template(&self) -> Option<&Template> {
        match &self.kind {
            Kind::Shared(shared) => Some(&shared.signed.message),
            Kind::Public(public) => Some(&public.signed.message),
            Kind::Token(_) | Kind::Basic(_) | Kind::Jwt(_) | Kind::None | Kind::Code(_) => None,
        }
    }

    pub(crate) fn timestamp(&self) -> Option<&Timestamp> {
        match &self.kind {
            Kind::Shared(shared) => shared.signed.timestamp.as_ref(),
            Kind::Public(public) => public.signed.timestamp.as_ref(),
            Kind::Code(code) => code.timestamp.as_ref(),
            Kind::Token(_) | Kind::Basic(_) | Kind::Jwt(_) | Kind::None => None,
        }
    }

    pub(crate) const fn timestamp_mut(&mut self) -> Option<&mut Timestamp> {
        match &mut self.kind {
            Kind::Shared(shared) => shared.signed.timestamp.as_mut(),
            Kind::Public(public) => public.signed.timestamp.as_mut(),
            Kind::Code(code) => code.timestamp.as_mut(),
            Kind::Token(_) | Kind::Basic(_) | Kind::Jwt(_) | Kind::None => None,
        }
    }

    /// Whether verifying needs keys that [`crate::key_requests`] names.
    #[must_use]
    pub fn fetches_keys(&self) -> bool {
        self.keys().is_some()
    }

    pub(crate) fn keys(&self) -> Option<&KeysRule> {
        match &self.kind {
            Kind::Public(public) => public.key.provider(),
            Kind::Jwt(rule) => rule.keys.provider(),
            _ => None,
        }
    }

    pub(crate) const fn token(&self) -> Option<&JwtRule> {
        match &self.kind {
            Kind::Jwt(rule) => Some(rule),
            _ => None,
        }
    }

    pub(crate) const fn source(&self) -> Option<&Source> {
        match &self.kind {
            Kind::Shared(shared) => Some(&shared.signed.signature.source),
            Kind::Public(public) => Some(&public.signed.signature.source),
            Kind::Token(token) => Some(&token.source),
            Kind::Basic(source) => Some(source),
            Kind::Jwt(_) | Kind::None | Kind::Code(_) => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Shared(Shared),
    Public(Public),
    Token(Token),
    Basic(Source),
    Jwt(JwtRule),
    None,
    Code(Coded),
}

/// A scheme in code, and the time that is part of what it signs.
#[derive(Clone, Debug)]
pub(crate) struct Coded {
    pub(crate) module: &'static dyn Module,
    pub(crate) timestamp: Option<Timestamp>,
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
    pub(crate) key: KeyFrom,
    pub(crate) signed: Signed,
}

/// Whose word the key is: the operator's, or the provider's over the network.
#[derive(Clone, Debug)]
pub(crate) enum KeyFrom {
    Secret(PublicKeyRule),
    Provider(Box<KeysRule>),
}

impl KeyFrom {
    pub(crate) fn provider(&self) -> Option<&KeysRule> {
        match self {
            Self::Provider(rule) => Some(rule),
            Self::Secret(_) => None,
        }
    }
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
    Header {
        name: Name,
        also: Vec<String>,
    },
    Numbered {
        prefix: String,
        max: u16,
    },
    Query(Name),
    Json(JsonPath),
    Form(String),
    /// A field of the JSON that a header holds as base64.
    Packed {
        header: String,
        field: String,
    },
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
    Form(String),
}

impl TimestampSource {
    pub(crate) const fn is_in_body(&self) -> bool {
        matches!(self, Self::Json(_) | Self::Form(_))
    }
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
pub(crate) struct PublicKeyRule {
    pub(crate) format: PublicKeyFormat,
    pub(crate) strip_prefix: Option<String>,
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
#[serde(rename_all = "kebab-case")]
pub(crate) enum Encoding {
    Hex,
    Base64,
    Base64url,
    /// Base64 of hex digits.
    Base64Hex,
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
pub(crate) enum Unit {
    S,
    Ms,
    Iso8601,
}

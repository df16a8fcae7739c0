//! A checked scheme: only combinations that mean something can be written here.

use super::algorithm::{Algorithm, Construction, Digest, Encoding, KeyRule, PublicKeyRule};
use super::jwt::JwtRule;
use super::keys::KeysRule;
use super::module::Module;
use super::signature::{Name, Prefix, Signature, Source, Timestamp};
use super::template::{Segment, Template};

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

    /// Whether a retry of the provider's states a time of its own, where that is known. A time
    /// inside of the signed body is that of the first try, unless the definition says otherwise.
    #[must_use]
    pub fn time_is_renewed_on_retry(&self) -> Option<bool> {
        let timestamp = self.timestamp()?;
        timestamp.renewed_on_retry.or(timestamp.source.is_in_body().then_some(false))
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
            Kind::Token(_) | Kind::Basic(_) => false,
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

    /// Whether the first of several items is signed, and nothing of the others.
    #[must_use]
    pub fn signs_only_the_first_item(&self) -> bool {
        self.template().is_some_and(|message| message.has(&Segment::FirstItem))
    }

    pub(crate) fn template(&self) -> Option<&Template> {
        match &self.kind {
            Kind::Shared(shared) => Some(&shared.signed.message),
            Kind::Public(public) => Some(&public.signed.message),
            Kind::Token(_) | Kind::Basic(_) | Kind::Jwt(_) | Kind::Code(_) => None,
        }
    }

    pub(crate) fn timestamp(&self) -> Option<&Timestamp> {
        match &self.kind {
            Kind::Shared(shared) => shared.signed.timestamp.as_ref(),
            Kind::Public(public) => public.signed.timestamp.as_ref(),
            Kind::Code(code) => code.timestamp.as_ref(),
            Kind::Token(_) | Kind::Basic(_) | Kind::Jwt(_) => None,
        }
    }

    pub(crate) const fn timestamp_mut(&mut self) -> Option<&mut Timestamp> {
        match &mut self.kind {
            Kind::Shared(shared) => shared.signed.timestamp.as_mut(),
            Kind::Public(public) => public.signed.timestamp.as_mut(),
            Kind::Code(code) => code.timestamp.as_mut(),
            Kind::Token(_) | Kind::Basic(_) | Kind::Jwt(_) => None,
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
            Kind::Jwt(_) | Kind::Code(_) => None,
        }
    }

    /// The settings it refers to and cannot do without a declaration of.
    pub(super) fn settings(&self) -> Vec<&str> {
        let name = match self.source() {
            Some(
                Source::Header { name: Name::Setting(name), .. }
                | Source::Query(Name::Setting(name)),
            ) => Some(&**name),
            _ => None,
        };
        let left = match &self.kind {
            Kind::Shared(shared) => shared.signed.signature.layout.setting(),
            Kind::Public(public) => public.signed.signature.layout.setting(),
            Kind::Jwt(rule) => rule.issuer.as_ref().and_then(Name::setting),
            Kind::Token(_) | Kind::Basic(_) | Kind::Code(_) => None,
        };
        let message = self.template().into_iter().flat_map(Template::segments);
        let inside = message.filter_map(|segment| match segment {
            Segment::Config(name) => Some(&**name),
            _ => None,
        });
        let keys = self.keys().map(KeysRule::settings).unwrap_or_default();
        let claims = self.token().into_iter().flat_map(JwtRule::settings);
        name.into_iter().chain(left).chain(inside).chain(keys).chain(claims).collect()
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Shared(Shared),
    Public(Public),
    Token(Token),
    Basic(Source),
    Jwt(JwtRule),
    Code(Coded),
}

/// A scheme in code, and the time that is part of what it signs.
#[derive(Clone, Debug)]
pub(crate) struct Coded {
    pub(crate) module: Module,
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

/// A secret that travels with every request.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) source: Source,
    pub(crate) prefix: Option<Prefix>,
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
    /// That no header's name begins with this one.
    NoneWith,
}

impl When {
    /// Whether it rules out that a request has this header.
    pub(crate) fn excludes(&self, header: &str) -> bool {
        matches!(self.test, WhenTest::NoneWith) && begins_with(header, &self.header)
    }
}

/// Header names know no case.
pub(crate) fn begins_with(header: &str, prefix: &str) -> bool {
    header.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

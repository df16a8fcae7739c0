//! A definition as it is written, before its keys are checked against each other.

pub(super) mod handshake;
pub(super) mod jwt;
pub(super) mod keys;
pub(super) mod reply;

use std::collections::{BTreeMap, BTreeSet};

use handshake::{ConditionToml, HandshakeToml};
use jwt::JwtToml;
use keys::KeysToml;
use serde::Deserialize;

use super::algorithm::{Construction, Digest, EcdsaFormat, Encoding, KeyRule, PublicKeyRule};
use super::class::Class;
use super::delivery::{Citation, Delivery, Response, SecretNotes, TrustMarks};
use super::handshake::Method;
use super::module::Module;
use super::provider::Setting;
use super::signature::Unit;
use super::weakness::Weakness;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderToml {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) class: Option<Class>,
    pub(super) weakness: Option<Weakness>,
    pub(super) notes: Option<String>,
    pub(super) scheme: SchemeToml,
    #[serde(default)]
    pub(super) alternatives: Vec<AlternativeToml>,
    #[serde(default)]
    pub(super) config: BTreeMap<String, Setting>,
    pub(super) event_id: Option<EventIdToml>,
    pub(super) event_type: Option<EventTypeToml>,
    #[serde(default)]
    pub(super) items: Vec<ItemsToml>,
    pub(super) trust: TrustMarks,
    #[serde(default)]
    pub(super) delivery: Delivery,
    #[serde(default)]
    pub(super) secret: SecretNotes,
    #[serde(default)]
    pub(super) handshakes: Vec<HandshakeToml>,
    #[serde(default)]
    pub(super) controls: Vec<ControlToml>,
    /// Missing means that events are posted.
    pub(super) methods: Option<BTreeSet<Method>>,
    pub(super) response: Option<Response>,
    #[serde(default)]
    pub(super) sources: Vec<Citation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlternativeToml {
    pub(super) name: String,
    pub(super) when: Option<WhenToml>,
    pub(super) rename: Option<RenameToml>,
    #[serde(default)]
    pub(super) scheme: SchemeToml,
}

/// That the provider sends the same under headers whose names begin otherwise.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RenameToml {
    pub(super) from: String,
    pub(super) to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WhenToml {
    pub(super) header: String,
    pub(super) equals: Option<String>,
    pub(super) starts_with: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventIdToml {
    pub(super) from: Vec<String>,
    pub(super) stable_on_retry: Option<bool>,
    /// Missing means that no other event has the same id.
    pub(super) unique: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemsToml {
    pub(super) form: Option<String>,
    /// Missing means that the field of the form is one event as a whole.
    pub(super) at: Option<String>,
    pub(super) id: Option<Vec<String>>,
    pub(super) unique: Option<bool>,
    #[serde(rename = "type")]
    pub(super) event_type: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ControlToml {
    pub(super) when: Vec<ConditionToml>,
    #[serde(rename = "type")]
    pub(super) event_type: String,
    pub(super) notes: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventTypeToml {
    pub(super) from: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum KindToml {
    Hmac,
    Token,
    Basic,
    Ed25519,
    Ecdsa,
    Rsa,
    Jwt,
    Code,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SchemeToml {
    pub(super) kind: Option<KindToml>,
    pub(super) digest: Option<Digest>,
    pub(super) construction: Option<Construction>,
    pub(super) encoding: Option<Encoding>,
    pub(super) message: Option<String>,
    pub(super) key: Option<KeyRule>,
    pub(super) public_key: Option<PublicKeyRule>,
    pub(super) curve: Option<CurveToml>,
    pub(super) signature_format: Option<EcdsaFormat>,
    pub(super) padding: Option<PaddingToml>,
    /// That the message's digest is signed as if it were the message.
    #[serde(default)]
    pub(super) twice: bool,
    pub(super) module: Option<Module>,
    pub(super) jwt: Option<JwtToml>,
    pub(super) keys: Option<KeysToml>,
    /// That the definition knows how weak SHA-1 is, and the provider has nothing better.
    #[serde(default)]
    pub(super) weak: bool,
    pub(super) signature: Option<SignatureToml>,
    pub(super) timestamp: Option<TimestampToml>,
}

impl SchemeToml {
    /// An alternative that names a kind stands alone; otherwise it takes from the
    /// main scheme whatever it does not name.
    pub(super) fn or(self, main: &Self) -> Self {
        if self.kind.is_some() {
            return self;
        }
        let main = main.clone();
        Self {
            kind: main.kind,
            digest: self.digest.or(main.digest),
            construction: self.construction.or(main.construction),
            encoding: self.encoding.or(main.encoding),
            message: self.message.or(main.message),
            key: self.key.or(main.key),
            public_key: self.public_key.or(main.public_key),
            curve: self.curve.or(main.curve),
            signature_format: self.signature_format.or(main.signature_format),
            padding: self.padding.or(main.padding),
            twice: self.twice || main.twice,
            module: self.module.or(main.module),
            jwt: self.jwt.or(main.jwt),
            keys: self.keys.or(main.keys),
            weak: self.weak,
            signature: self.signature.or(main.signature),
            timestamp: self.timestamp.or(main.timestamp),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum CurveToml {
    #[serde(rename = "P-256")]
    P256,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PaddingToml {
    Pkcs1v15,
    Pss,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignatureToml {
    pub(super) from: FromToml,
    pub(super) name: Option<String>,
    pub(super) numbered_prefix: Option<String>,
    pub(super) max: Option<u16>,
    #[serde(default)]
    pub(super) also: Vec<String>,
    pub(super) prefix: Option<String>,
    #[serde(default)]
    pub(super) prefix_optional: bool,
    #[serde(default)]
    pub(super) layout: LayoutToml,
    pub(super) field: Option<String>,
    pub(super) tag: Option<String>,
    pub(super) tag_sep: Option<String>,
    pub(super) item_sep: Option<String>,
    pub(super) group_sep: Option<String>,
    pub(super) pair_sep: Option<String>,
    pub(super) match_left: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FromToml {
    Header,
    Packed,
    Query,
    Json,
    Form,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LayoutToml {
    #[default]
    Plain,
    Kv,
    Tagged,
    List,
    Positional,
    Pairs,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimestampToml {
    pub(super) from: TimestampFromToml,
    pub(super) name: String,
    pub(super) unit: Unit,
    /// Missing means that the age is not checked.
    pub(super) tolerance_seconds: Option<u32>,
    pub(super) renewed_on_retry: Option<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TimestampFromToml {
    Header,
    SignatureField,
    Json,
    Form,
}

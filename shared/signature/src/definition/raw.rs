//! A definition as written, before its keys are checked against each other.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::class::Class;
use super::delivery::{Citation, Delivery, Response, SecretNotes, TrustMarks};
use super::handshake::RawHandshake;
use super::jwt::RawJwt;
use super::keys::RawKeys;
use super::scheme::{
    Construction, Digest, EcdsaFormat, Encoding, KeyFormat, Normalization, PublicKeyFormat, Unit,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProvider {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) class: Option<Class>,
    pub(super) notes: Option<String>,
    pub(super) scheme: RawScheme,
    #[serde(default)]
    pub(super) alternatives: Vec<RawAlternative>,
    #[serde(default)]
    pub(super) config: BTreeMap<String, RawSetting>,
    pub(super) event_id: Option<RawEventId>,
    pub(super) event_type: Option<RawEventType>,
    #[serde(default)]
    pub(super) items: Vec<RawItems>,
    pub(super) trust: TrustMarks,
    #[serde(default)]
    pub(super) delivery: Delivery,
    #[serde(default)]
    pub(super) secret: SecretNotes,
    #[serde(default)]
    pub(super) handshakes: Vec<RawHandshake>,
    pub(super) response: Option<Response>,
    #[serde(default)]
    pub(super) sources: Vec<Citation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAlternative {
    pub(super) name: String,
    pub(super) when: Option<RawWhen>,
    #[serde(default)]
    pub(super) scheme: RawScheme,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWhen {
    pub(super) header: String,
    pub(super) equals: Option<String>,
    pub(super) starts_with: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSetting {
    pub(super) description: String,
    pub(super) default: Option<String>,
    #[serde(default)]
    pub(super) optional: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEventId {
    pub(super) from: Vec<String>,
    pub(super) stable_on_retry: Option<bool>,
    /// Missing means that no other event has the same id.
    pub(super) unique: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawItems {
    pub(super) form: Option<String>,
    pub(super) at: String,
    pub(super) id: Option<Vec<String>>,
    pub(super) unique: Option<bool>,
    #[serde(rename = "type")]
    pub(super) event_type: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEventType {
    pub(super) from: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawKind {
    Hmac,
    Token,
    Basic,
    Ed25519,
    Ecdsa,
    Rsa,
    Jwt,
    None,
    Code,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScheme {
    pub(super) kind: Option<RawKind>,
    pub(super) digest: Option<Digest>,
    pub(super) construction: Option<Construction>,
    pub(super) encoding: Option<Encoding>,
    pub(super) message: Option<String>,
    pub(super) key: Option<RawKey>,
    pub(super) public_key: Option<RawPublicKey>,
    pub(super) curve: Option<RawCurve>,
    pub(super) signature_format: Option<EcdsaFormat>,
    pub(super) padding: Option<RawPadding>,
    pub(super) module: Option<String>,
    pub(super) jwt: Option<RawJwt>,
    pub(super) keys: Option<RawKeys>,
    /// That the definition knows how weak SHA-1 is, and the provider has nothing better.
    #[serde(default)]
    pub(super) weak: bool,
    pub(super) signature: Option<RawSignature>,
    pub(super) timestamp: Option<RawTimestamp>,
}

impl RawScheme {
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
            module: self.module.or(main.module),
            jwt: self.jwt.or(main.jwt),
            keys: self.keys.or(main.keys),
            weak: self.weak,
            signature: self.signature.or(main.signature),
            timestamp: self.timestamp.or(main.timestamp),
        }
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKey {
    #[serde(default)]
    pub(super) format: KeyFormat,
    pub(super) strip_prefix: Option<String>,
    pub(super) suffix: Option<String>,
    pub(super) normalize: Option<Normalization>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPublicKey {
    pub(super) format: PublicKeyFormat,
    pub(super) strip_prefix: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum RawCurve {
    #[serde(rename = "P-256")]
    P256,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawPadding {
    Pkcs1v15,
    Pss,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSignature {
    pub(super) from: RawFrom,
    pub(super) name: Option<String>,
    pub(super) numbered_prefix: Option<String>,
    pub(super) max: Option<u16>,
    #[serde(default)]
    pub(super) also: Vec<String>,
    pub(super) prefix: Option<String>,
    #[serde(default)]
    pub(super) prefix_optional: bool,
    #[serde(default)]
    pub(super) layout: RawLayout,
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
pub(super) enum RawFrom {
    Header,
    Packed,
    Query,
    Json,
    Form,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawLayout {
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
pub(super) struct RawTimestamp {
    pub(super) from: RawTimestampFrom,
    pub(super) name: String,
    pub(super) unit: Unit,
    /// Missing means that the age is not checked.
    pub(super) tolerance_seconds: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawTimestampFrom {
    Header,
    SignatureField,
    Json,
    Form,
}

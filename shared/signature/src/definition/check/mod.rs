//! From a definition as written to one that means something.

mod alternatives;
mod fields;
mod handshake;
mod items;
mod jwt;
mod keys;
mod place;
mod reply;

use std::collections::BTreeSet;
use std::str::FromStr;

use fields::Fields;
use place::Place;

use super::algorithm::{Algorithm, Construction, Digest, EcdsaFormat};
use super::delivery::Delivery;
use super::error::DefinitionError;
use super::file::{KindToml, PaddingToml, ProviderToml, SchemeToml};
use super::handshake::{Handshake, Method};
use super::keys::KeysRule;
use super::provider::Provider;
use super::scheme::{Coded, KeyFrom, Kind, Public, Scheme, Shared, Signed, Token};
use super::selector::{Needs, Reach, Selector};
use super::signature::{Timestamp, TimestampSource};
use super::template::{Segment, Template};

type Result<T> = std::result::Result<T, DefinitionError>;

impl Provider {
    /// Reads a definition.
    ///
    /// # Errors
    ///
    /// [`DefinitionError`] for text that is not TOML, for unknown or missing keys,
    /// and for keys that contradict each other. The message names the key.
    pub fn from_toml(text: &str) -> Result<Self> {
        provider(toml::from_str(text)?)
    }
}

impl FromStr for Provider {
    type Err = DefinitionError;

    fn from_str(text: &str) -> Result<Self> {
        Self::from_toml(text)
    }
}

fn provider(raw: ProviderToml) -> Result<Provider> {
    name_of_file(&raw.id)?;
    delivery(&raw.delivery)?;
    let scheme =
        Scheme { alternative: None, when: None, kind: kind(&raw.scheme, Place::new("scheme"))? };
    let alternatives = alternatives::alternatives(raw.alternatives, &raw.scheme, kind)?;
    let schemes: Vec<&Scheme> = std::iter::once(&scheme).chain(&alternatives).collect();
    let selector = |parts: Option<&Vec<String>>, needs, field: &str| {
        let parse = |parts| Selector::parse(parts, needs, Reach::Request, &schemes, field);
        parts.map(|parts| parse(parts)).transpose()
    };
    let event_id = raw.event_id.as_ref().map(|id| &id.from);
    let event_id = selector(event_id, Needs::Every, "event_id.from")?;
    let event_type = raw.event_type.as_ref().map(|kind| &kind.from);
    let event_type = selector(event_type, Needs::First, "event_type.from")?;
    let can_mac = matches!(&scheme.kind, Kind::Shared(shared) if !shared.is_plain_digest());
    let handshakes = raw.handshakes.into_iter().enumerate();
    let handshakes = handshakes.map(|(index, raw)| raw.check(index, can_mac));
    let handshakes = handshakes.collect::<Result<_>>()?;
    let controls = raw.controls.into_iter().enumerate();
    let controls = controls.map(|(index, raw)| raw.check(index)).collect::<Result<_>>()?;
    let items = items::items(raw.items, &schemes)?;
    let provider = Provider {
        id: raw.id,
        name: raw.name,
        class: raw.class,
        notes: raw.notes,
        scheme,
        alternatives,
        settings: raw.config,
        event_id,
        event_id_stable_on_retry: raw.event_id.as_ref().and_then(|id| id.stable_on_retry),
        event_id_is_unique: raw.event_id.and_then(|id| id.unique).unwrap_or(true),
        event_type,
        items,
        trust: raw.trust,
        delivery: raw.delivery,
        secret: raw.secret,
        handshakes,
        controls,
        methods: methods(raw.methods)?,
        response: raw.response,
        sources: raw.sources,
    };
    settings_are_declared(&provider)?;
    provider.check_weakness(raw.weakness)?;
    Ok(provider)
}

fn name_of_file(id: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || !id.chars().all(plain) {
        return Err(DefinitionError::new("id", "only a-z, 0-9 and - are allowed"));
    }
    Ok(())
}

fn delivery(delivery: &Delivery) -> Result<()> {
    if delivery.answer_within_ms == Some(0) {
        return Err(DefinitionError::new("delivery.answer_within_ms", "no time at all"));
    }
    Ok(())
}

fn methods(raw: Option<BTreeSet<Method>>) -> Result<BTreeSet<Method>> {
    let methods = raw.unwrap_or_else(|| BTreeSet::from([Method::Post]));
    match methods.contains(&Method::Head) || methods.is_empty() {
        true => Err(DefinitionError::new("methods", "no event comes like that")),
        false => Ok(methods),
    }
}

fn settings_are_declared(provider: &Provider) -> Result<()> {
    let needed = provider.schemes().flat_map(Scheme::settings);
    let for_answers = provider.handshakes.iter().flat_map(Handshake::settings);
    let header = provider.response.iter().filter_map(|response| response.header.as_ref());
    let for_answers = for_answers.chain(header.map(|header| &*header.setting));
    for (name, may_be_optional) in
        needed.map(|name| (name, false)).chain(for_answers.map(|name| (name, true)))
    {
        let problem = match provider.settings.get(name) {
            None => "used, not declared",
            Some(setting) if setting.optional && !may_be_optional => "needed to verify",
            Some(_) => continue,
        };
        return Err(DefinitionError::new(format!("config.{name}"), problem));
    }
    Ok(())
}

fn kind(raw: &SchemeToml, place: Place) -> Result<Kind> {
    let fields = Fields { raw, place };
    match fields.need("kind", raw.kind)? {
        KindToml::Hmac => hmac(&fields),
        KindToml::Token => token(&fields),
        KindToml::Basic => basic(&fields),
        KindToml::Ed25519 => ed25519(&fields),
        KindToml::Ecdsa => ecdsa(&fields),
        KindToml::Rsa => rsa(&fields),
        KindToml::Jwt => jwt::jwt(&fields),
        KindToml::Code => code(&fields),
    }
}

fn code(fields: &Fields<'_>) -> Result<Kind> {
    fields.only(&["module", "timestamp"])?;
    let module = fields.need("module", fields.raw.module)?;
    let timestamp = fields.timestamp()?;
    let is_signed = timestamp.as_ref().is_none_or(|timestamp| module.signs_time(&timestamp.source));
    if !is_signed {
        return Err(fields.error("timestamp", "not part of the message"));
    }
    Ok(Kind::Code(Coded { module, timestamp }))
}

const SIGNED: [&str; 4] = ["encoding", "message", "signature", "timestamp"];

fn hmac(fields: &Fields<'_>) -> Result<Kind> {
    let raw = fields.raw;
    fields.only(&[&SIGNED[..], &["digest", "construction", "key"]].concat())?;
    let construction = raw.construction.unwrap_or(Construction::Mac);
    let shared = Shared {
        digest: fields.need("digest", raw.digest)?,
        construction,
        key: raw.key.clone().unwrap_or_default(),
        signed: signed(fields, construction)?,
    };
    Ok(Kind::Shared(shared))
}

fn token(fields: &Fields<'_>) -> Result<Kind> {
    fields.only(&["signature"])?;
    let signature = fields.signature(None)?;
    fields.plain("a token is one plain value", &signature)?;
    Ok(Kind::Token(Token { source: signature.source, prefix: signature.prefix }))
}

fn basic(fields: &Fields<'_>) -> Result<Kind> {
    fields.only(&["signature"])?;
    if fields.raw.signature.is_none() {
        return Ok(Kind::Basic(Fields::authorization()));
    }
    let signature = fields.signature(None)?;
    fields.plain("credentials are one plain value", &signature)?;
    fields.header_only(&signature)?;
    Ok(Kind::Basic(signature.source))
}

fn ed25519(fields: &Fields<'_>) -> Result<Kind> {
    fields.only(&[&SIGNED[..], &["public_key", "keys"]].concat())?;
    public(fields, Algorithm::Ed25519)
}

fn ecdsa(fields: &Fields<'_>) -> Result<Kind> {
    let own = ["digest", "curve", "signature_format", "public_key", "keys", "weak"];
    fields.only(&[&SIGNED[..], &own].concat())?;
    fields.need("curve", fields.raw.curve)?;
    let format = fields.raw.signature_format.unwrap_or(EcdsaFormat::Der);
    match fields.need("digest", fields.raw.digest)? {
        Digest::Sha256 => public(fields, Algorithm::EcdsaP256Sha256(format)),
        Digest::Sha1 if fields.raw.weak && format == EcdsaFormat::Der => {
            public(fields, Algorithm::EcdsaP256Sha1)
        }
        _ => Err(fields.error("digest", "P-256 goes with sha256")),
    }
}

fn rsa(fields: &Fields<'_>) -> Result<Kind> {
    let own = ["digest", "padding", "twice", "public_key", "keys", "weak"];
    fields.only(&[&SIGNED[..], &own].concat())?;
    let digest = match fields.need("digest", fields.raw.digest)? {
        Digest::Sha1 if !fields.raw.weak => {
            return Err(fields.error("digest", "sha1 signatures can be forged"));
        }
        digest => digest,
    };
    let algorithm = match fields.need("padding", fields.raw.padding)? {
        PaddingToml::Pkcs1v15 if fields.raw.twice && digest == Digest::Sha256 => {
            Algorithm::RsaPkcs1Sha256Twice
        }
        _ if fields.raw.twice => {
            return Err(fields.error("twice", "goes with sha256 and pkcs1v15"));
        }
        PaddingToml::Pkcs1v15 => Algorithm::RsaPkcs1(digest),
        PaddingToml::Pss if digest == Digest::Sha1 => {
            return Err(fields.error("digest", "PSS goes with a digest that is not broken"));
        }
        PaddingToml::Pss => Algorithm::RsaPss(digest),
    };
    public(fields, algorithm)
}

fn public(fields: &Fields<'_>, algorithm: Algorithm) -> Result<Kind> {
    let key = match (&fields.raw.public_key, &fields.raw.keys) {
        (Some(key), None) => KeyFrom::Secret(key.clone()),
        (None, Some(keys)) => KeyFrom::Provider(Box::new(KeysRule::check(keys, fields, false)?)),
        (None, None) => return Err(fields.error("public_key", "missing")),
        (Some(_), Some(_)) => return Err(fields.error("public_key", "stands instead of keys")),
    };
    Ok(Kind::Public(Public { algorithm, key, signed: signed(fields, Construction::Mac)? }))
}

fn signed(fields: &Fields<'_>, construction: Construction) -> Result<Signed> {
    let message = Template::parse(
        &fields.need("message", fields.raw.message.clone())?,
        &fields.at("message"),
    )?;
    let hashes = construction == Construction::Hash;
    if message.has(&Segment::Secret) != hashes && (hashes || fields.raw.keys.is_none()) {
        return Err(
            fields.error("message", "{secret} goes with construction = \"hash\", and only there")
        );
    }
    let timestamp = fields.timestamp()?;
    if let Some(timestamp) = &timestamp {
        timestamp_is_signed(fields, timestamp, &message)?;
    } else if message.has(&Segment::Timestamp) {
        return Err(fields.error("message", "{ts} needs a timestamp"));
    }
    let field = fields.timestamp_field();
    Ok(Signed {
        encoding: fields.need("encoding", fields.raw.encoding)?,
        signature: fields.signature(field)?,
        message,
        timestamp,
    })
}

/// A time that the sender does not sign protects nothing.
fn timestamp_is_signed(
    fields: &Fields<'_>,
    timestamp: &Timestamp,
    message: &Template,
) -> Result<()> {
    let signed = message.segments().iter().any(|segment| match (&timestamp.source, segment) {
        (_, Segment::Timestamp)
        | (
            TimestampSource::Json(_) | TimestampSource::Form(_),
            Segment::Body | Segment::BodySha256,
        ) => true,
        (TimestampSource::Json(path), Segment::Json(signed)) => path == signed,
        (TimestampSource::Form(name), Segment::Form(signed)) => name == signed,
        (TimestampSource::Header(name), Segment::Header(signed)) => {
            name.eq_ignore_ascii_case(signed)
        }
        _ => false,
    });
    if signed { Ok(()) } else { Err(fields.error("timestamp", "not part of the message")) }
}

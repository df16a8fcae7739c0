//! Checks of `[scheme.jwt]`.

use super::fields::Fields;
use crate::definition::algorithm::{Algorithm, Digest, EcdsaFormat, RsaDigest};
use crate::definition::error::DefinitionError;
use crate::definition::file::jwt::{AlgorithmToml, JwtToml};
use crate::definition::jwt::{JwtRule, TokenKeys, TokenPlace};
use crate::definition::keys::KeysRule;
use crate::definition::operator_text::OperatorText;
use crate::definition::scheme::Kind;
use crate::definition::signature::Name;

impl AlgorithmToml {
    const fn shared(self) -> Option<Digest> {
        match self {
            Self::Hs256 => Some(Digest::Sha256),
            Self::Hs384 => Some(Digest::Sha384),
            Self::Hs512 => Some(Digest::Sha512),
            Self::Rs256
            | Self::Rs384
            | Self::Rs512
            | Self::Es256
            | Self::Es384
            | Self::Es512
            | Self::EdDsa => None,
        }
    }

    const fn public(self) -> Option<Algorithm> {
        match self {
            Self::Hs256 | Self::Hs384 | Self::Hs512 => None,
            Self::Rs256 => Some(Algorithm::RsaPkcs1(RsaDigest::Sha256)),
            Self::Rs384 => Some(Algorithm::RsaPkcs1(RsaDigest::Sha384)),
            Self::Rs512 => Some(Algorithm::RsaPkcs1(RsaDigest::Sha512)),
            Self::Es256 => Some(Algorithm::EcdsaP256Sha256(EcdsaFormat::Fixed)),
            Self::Es384 => Some(Algorithm::EcdsaP384Sha384),
            Self::Es512 => Some(Algorithm::EcdsaP521Sha512),
            Self::EdDsa => Some(Algorithm::Ed25519),
        }
    }
}

pub(super) fn jwt(fields: &Fields<'_>) -> Result<Kind, DefinitionError> {
    fields.only(&["jwt", "keys", "public_key"])?;
    let raw = fields.need("jwt", fields.raw.jwt.clone())?;
    let equals = raw.equals.iter().map(|(claim, texts)| {
        let texts = texts.iter().map(|text| OperatorText::parse(text, &fields.at("jwt.equals")));
        Ok((claim.clone(), texts.collect::<Result<_, DefinitionError>>()?))
    });
    Ok(Kind::Jwt(JwtRule {
        keys: keys(fields, &raw)?,
        equals: equals.collect::<Result<_, DefinitionError>>()?,
        issuer: raw.issuer.as_deref().map(Name::parse),
        claims: raw.claims,
        place: match (raw.header, raw.in_body, raw.detached_body, raw.detached) {
            (Some(name), false, false, None) => TokenPlace::Header { name, prefix: raw.prefix },
            (Some(name), false, false, time @ Some(_)) => TokenPlace::Detached { name, time },
            (Some(name), false, true, None) => TokenPlace::Detached { name, time: None },
            (None, true, false, None) => TokenPlace::Body,
            _ => return Err(fields.error("jwt.header", "this or in_body, and not both")),
        },
    }))
}

fn keys(fields: &Fields<'_>, raw: &JwtToml) -> Result<TokenKeys, DefinitionError> {
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

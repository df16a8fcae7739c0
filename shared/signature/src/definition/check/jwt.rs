//! Checks of `[scheme.jwt]`.

use super::fields::Fields;
use crate::definition::algorithm::JwsAlgorithm;
use crate::definition::error::DefinitionError;
use crate::definition::file::jwt::JwtToml;
use crate::definition::jwt::{JwtRule, TokenKeys, TokenPlace};
use crate::definition::keys::KeysRule;
use crate::definition::operator_text::OperatorText;
use crate::definition::scheme::Kind;
use crate::definition::signature::Name;

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
    let (mut shared, mut public) = (Vec::new(), Vec::new());
    for algorithm in &raw.algorithms {
        match algorithm {
            JwsAlgorithm::Shared(digest) => shared.push(*digest),
            JwsAlgorithm::Public(algorithm) => public.push(*algorithm),
        }
    }
    match (shared.is_empty(), public.is_empty(), &fields.raw.public_key, &fields.raw.keys) {
        (true, true, ..) => Err(fields.error("jwt.algorithms", "none is named")),
        (false, false, ..) => {
            Err(fields.error("jwt.algorithms", "shared secrets or public keys, and not both"))
        }
        (false, true, None, None) => Ok(TokenKeys::Shared(shared)),
        (true, false, Some(key), None) => Ok(TokenKeys::Secret(public, key.clone())),
        (true, false, None, Some(keys)) => {
            Ok(TokenKeys::Provider(public, Box::new(KeysRule::check(keys, fields, true)?)))
        }
        _ => Err(fields.error("jwt.algorithms", "do not go with public_key or keys as they are")),
    }
}

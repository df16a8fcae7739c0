//! Dropbox Sign: the event is JSON inside a form, and two of its fields are signed.

use std::borrow::Cow;

use super::claim::{Claim, Each, signature, text};
use crate::definition::algorithm::{Digest, Encoding};
use crate::lookup::Lookup;
use crate::parse::json;
use crate::{Rejection, parse};

const FIELD: &str = "json";
const SIGNATURE: &str = "event.event_hash";

const DIGEST: Digest = Digest::Sha256;

pub(super) fn claims(lookup: &Lookup<'_>, each: &mut Each<'_>) -> Result<(), Rejection> {
    let written = event(lookup)?;
    let root = json::document(&written).ok_or(Rejection::BodyNotJson)?;
    let field = |name: &str| {
        let found = json::within(root, &["event", name]).and_then(json::scalar);
        found.ok_or_else(|| Rejection::MissingField { name: format!("event.{name}") })
    };
    let (time, kind) = (field("event_time")?, field("event_type")?);
    let stated = signature(&field("event_hash")?, Encoding::Hex, DIGEST);
    let stated = stated.ok_or_else(|| Rejection::MalformedField { name: SIGNATURE.to_owned() })?;
    each(&Claim { signatures: vec![stated], messages: vec![vec![text(time), text(kind)]] });
    Ok(())
}

/// The JSON: a part of a multipart form, a form field, or the whole body.
fn event<'a>(lookup: &Lookup<'a>) -> Result<Cow<'a, [u8]>, Rejection> {
    let content_type = lookup.optional_header("Content-Type")?.unwrap_or_default();
    let small = content_type.to_ascii_lowercase();
    if small.starts_with("multipart/form-data") {
        let boundary = parse::multipart::boundary(content_type);
        let malformed = || Rejection::MalformedHeader { name: "Content-Type".to_owned() };
        let boundary = boundary.ok_or_else(malformed)?;
        let mut parts = parse::multipart::field(lookup.request.body, boundary, FIELD);
        return match (parts.next(), parts.next()) {
            (None, _) => Err(Rejection::MissingField { name: FIELD.to_owned() }),
            (Some(part), None) => Ok(Cow::Borrowed(part)),
            (Some(_), Some(_)) => Err(Rejection::RepeatedField { name: FIELD.to_owned() }),
        };
    }
    if small.starts_with("application/x-www-form-urlencoded") {
        return Ok(text(lookup.form(FIELD)?));
    }
    Ok(Cow::Borrowed(lookup.request.body))
}

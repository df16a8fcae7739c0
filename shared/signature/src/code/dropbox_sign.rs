//! Dropbox Sign: the event is JSON inside a form, and two of its fields are signed.

use std::borrow::Cow;

use serde_json::Value;

use super::{Claim, Module, signature, text};
use crate::input::Input;
use crate::parse::path::scalar;
use crate::spec::scheme::{Digest, Encoding};
use crate::{Rejection, parse};

const FIELD: &str = "json";
const SIGNATURE: &str = "event.event_hash";

pub(super) struct DropboxSign;

impl Module for DropboxSign {
    fn name(&self) -> &'static str {
        "dropbox-sign"
    }

    fn digest(&self) -> Digest {
        Digest::Sha256
    }

    fn claims<'a>(&self, input: &Input<'a>) -> Result<Vec<Claim<'a>>, Rejection> {
        let json = event(input)?;
        let root: Value = serde_json::from_slice(&json).map_err(|_| Rejection::BodyNotJson)?;
        let field = |pointer: &str, name: &str| {
            let missing = || Rejection::MissingField { name: name.to_owned() };
            root.pointer(pointer).and_then(scalar).ok_or_else(missing)
        };
        let time = field("/event/event_time", "event.event_time")?;
        let kind = field("/event/event_type", "event.event_type")?;
        let stated =
            signature(&field("/event/event_hash", SIGNATURE)?, Encoding::Hex, self.digest());
        let stated =
            stated.ok_or_else(|| Rejection::MalformedField { name: SIGNATURE.to_owned() })?;
        Ok(Claim::one(vec![stated], vec![vec![text(time), text(kind)]]))
    }
}

/// The JSON: a part of a multipart form, a form field, or the whole body.
fn event<'a>(input: &Input<'a>) -> Result<Cow<'a, [u8]>, Rejection> {
    let content_type = input.optional_header("Content-Type")?.unwrap_or_default();
    let small = content_type.to_ascii_lowercase();
    if small.starts_with("multipart/form-data") {
        let boundary = parse::multipart::boundary(content_type);
        let malformed = || Rejection::MalformedHeader { name: "Content-Type".to_owned() };
        let boundary = boundary.ok_or_else(malformed)?;
        let mut parts = parse::multipart::field(input.request.body, boundary, FIELD);
        return match (parts.next(), parts.next()) {
            (None, _) => Err(Rejection::MissingField { name: FIELD.to_owned() }),
            (Some(part), None) => Ok(Cow::Borrowed(part)),
            (Some(_), Some(_)) => Err(Rejection::RepeatedField { name: FIELD.to_owned() }),
        };
    }
    if small.starts_with("application/x-www-form-urlencoded") {
        return Ok(Cow::Owned(input.form(FIELD)?.into_bytes()));
    }
    Ok(Cow::Borrowed(input.request.body))
}

//! Schemes that the model cannot express, one small file each.
//!
//! A module reads a request and says what would have to be signed. It never sees a
//! secret and never compares: that is done in one place, the same for all.

mod adyen;
mod contentful;
mod dropbox_sign;
mod mercado_pago;
mod plivo;
mod raw_json;
mod twilio;

use std::borrow::Cow;
use std::fmt;

use crate::Rejection;
use crate::definition::scheme::{Digest, Encoding, KeyFormat, KeyRule};
use crate::lookup::Lookup;
use crate::presented::signatures as present;
use crate::presented::signatures::Carried;

/// One scheme in code. `kind = "code"` and `module = "..."` name it.
pub(crate) trait Module: Sync {
    /// The name in definitions.
    fn name(&self) -> &'static str;

    /// The digest under which the secret is used.
    fn digest(&self) -> Digest;

    /// How a secret becomes a key.
    fn key(&self) -> KeyRule {
        KeyRule { format: KeyFormat::Utf8, ..KeyRule::default() }
    }

    /// Whether the URL is part of what is signed.
    fn signs_url(&self) -> bool {
        false
    }

    /// The header whose time is part of every message, where there is one. A definition says
    /// how old it may be.
    fn signed_time(&self) -> Option<&'static str> {
        None
    }

    /// Hands over what the request claims, one claim after the other. All of them have to hold,
    /// under one and the same secret, and there is at least one.
    fn claims(&self, lookup: &Lookup<'_>, each: &mut Each<'_>) -> Result<(), Rejection>;
}

impl fmt::Debug for dyn Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const MODULES: [&dyn Module; 8] = [
    &adyen::Adyen,
    &contentful::Contentful,
    &dropbox_sign::DropboxSign,
    &mercado_pago::MercadoPago,
    &plivo::Plivo,
    &raw_json::RawJson::EXACT_ONLINE,
    &raw_json::RawJson::TREEZOR,
    &twilio::Twilio,
];

pub(crate) fn find(name: &str) -> Option<&'static dyn Module> {
    MODULES.into_iter().find(|module| module.name() == name)
}

/// What is done with each claim.
pub(crate) type Each<'e> = dyn FnMut(&Claim<'_>) + 'e;

/// A message in pieces, so that the body is not copied.
pub(crate) type Pieces<'a> = Vec<Cow<'a, [u8]>>;

/// That one of the messages was signed, and one of the signatures shows it.
pub(crate) struct Claim<'a> {
    pub(crate) signatures: Vec<Vec<u8>>,
    pub(crate) messages: Vec<Pieces<'a>>,
}

/// The signatures in a header with one or more of them.
fn header_signatures(
    lookup: &Lookup<'_>,
    name: &str,
    encoding: Encoding,
    digest: Digest,
) -> Result<Vec<Vec<u8>>, Rejection> {
    signatures(&present::headers(name, std::iter::empty(), lookup)?, encoding, digest)
}

/// The signatures in values with one or more of them; what has another length is no signature.
fn signatures(
    carried: &[Carried<'_>],
    encoding: Encoding,
    digest: Digest,
) -> Result<Vec<Vec<u8>>, Rejection> {
    let texts = carried.iter().flat_map(|carried| carried.value.split(',')).map(str::trim);
    let found: Vec<_> = texts.filter_map(|text| signature(text, encoding, digest)).collect();
    match carried.first() {
        Some(first) if found.is_empty() => Err(first.place.malformed()),
        _ => Ok(found),
    }
}

fn signature(text: &str, encoding: Encoding, digest: Digest) -> Option<Vec<u8>> {
    encoding.decode(text).filter(|bytes| bytes.len() == digest.length())
}

fn text<'a>(text: impl Into<Cow<'a, str>>) -> Cow<'a, [u8]> {
    match text.into() {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

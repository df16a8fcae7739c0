//! What a module hands over, and what it is made of.

use std::borrow::Cow;

use crate::Rejection;
use crate::definition::algorithm::{Digest, Encoding};
use crate::lookup::Lookup;
use crate::presented::signatures::{self as present, Carried};

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
pub(super) fn header_signatures(
    lookup: &Lookup<'_>,
    name: &str,
    encoding: Encoding,
    digest: Digest,
) -> Result<Vec<Vec<u8>>, Rejection> {
    signatures(&present::headers(name, std::iter::empty(), lookup)?, encoding, digest)
}

/// The signatures in values with one or more of them; what has another length is no signature.
pub(super) fn signatures(
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

pub(super) fn signature(text: &str, encoding: Encoding, digest: Digest) -> Option<Vec<u8>> {
    encoding.decode(text).filter(|bytes| bytes.len() == digest.length())
}

/// An item of a list, such as `t=1`.
pub(super) fn pair(item: &str) -> Option<(&str, &str)> {
    item.split_once('=').map(|(name, value)| (name.trim(), value.trim()))
}

/// The value of an item that is there once.
pub(super) fn one<'v>(items: &[(&str, &'v str)], name: &str) -> Option<&'v str> {
    let mut values = items.iter().filter(|(item, _)| *item == name).map(|(_, value)| *value);
    values.next().filter(|value| !value.is_empty() && values.next().is_none())
}

pub(super) fn text<'a>(text: impl Into<Cow<'a, str>>) -> Cow<'a, [u8]> {
    match text.into() {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

//! Hook0, version 1: the signature says which headers it covers.

use std::borrow::Cow;

use super::claim::{Claim, Each, one, pair, signature, text};
use crate::Rejection;
use crate::definition::algorithm::{Digest, Encoding};
use crate::lookup::Lookup;
use crate::presented::signatures as present;

const HEADER: &str = "X-Hook0-Signature";
/// The name that Coinbase gives the same value; it is to replace the other.
const ALSO: &str = "X-Webhook-Signature";
/// More than any request has, and few enough to look them all up.
const MAX_HEADERS: usize = 64;

const DIGEST: Digest = Digest::Sha256;

/// Time, list of names, their values and the body, with dots between them. Values may have dots,
/// so signed bytes can be cut in two ways; of the two bodies at most one is a JSON object.
pub(super) fn claims(lookup: &Lookup<'_>, each: &mut Each<'_>) -> Result<(), Rejection> {
    let stated = value(lookup)?;
    let items: Vec<_> = stated.split(',').filter_map(pair).collect();
    let malformed = || Rejection::MalformedHeader { name: HEADER.to_owned() };
    let version = one(&items, "v1");
    let version = version.ok_or_else(|| Rejection::UnknownVersion { name: HEADER.to_owned() })?;
    let presented = signature(version, Encoding::Hex, DIGEST).ok_or_else(malformed)?;
    let time = one(&items, "t").ok_or_else(malformed)?;
    let names = one(&items, "h").ok_or_else(malformed)?;
    let values = values(lookup, names)?.join(".");
    let head = format!("{time}.{names}.{values}.");
    let message = vec![text(head), Cow::Borrowed(lookup.request.body)];
    each(&Claim { signatures: vec![presented], messages: vec![message] });
    Ok(())
}

/// The time that stands beside the signature.
pub(super) fn time(lookup: &Lookup<'_>) -> Option<String> {
    let stated = value(lookup).ok()?;
    let items: Vec<_> = stated.split(',').filter_map(pair).collect();
    one(&items, "t").map(str::to_owned)
}

fn value<'a>(lookup: &Lookup<'a>) -> Result<Cow<'a, str>, Rejection> {
    let carried = present::headers(HEADER, std::iter::once(ALSO), lookup)?;
    let first = carried.into_iter().next().map(|carried| carried.value);
    first.ok_or_else(|| Rejection::MissingHeader { name: HEADER.to_owned() })
}

fn values<'a>(lookup: &Lookup<'a>, names: &str) -> Result<Vec<&'a str>, Rejection> {
    let malformed = || Rejection::MalformedHeader { name: HEADER.to_owned() };
    if names.split(' ').count() > MAX_HEADERS {
        return Err(malformed());
    }
    let values = names.split(' ').map(|name| {
        let value = lookup.request.headers.single(name);
        let value = value.map_err(|_| Rejection::RepeatedHeader { name: name.to_owned() })?;
        // The name is the sender's, so a reason does not repeat it.
        value.ok_or_else(malformed)
    });
    values.collect()
}

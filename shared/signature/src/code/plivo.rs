//! Plivo, signature version 3.

use super::claim::{Claim, Each, Pieces, signatures, text};
use crate::Rejection;
use crate::definition::algorithm::{Digest, Encoding};
use crate::lookup::Lookup;
use crate::parse::form;
use crate::parse::url::Url;
use crate::presented::signatures as present;

const HEADER: &str = "X-Plivo-Signature-V3";
/// Signed with the main account's token instead of the subaccount's.
const MAIN_ACCOUNT_HEADER: &str = "X-Plivo-Signature-Ma-V3";
const NONCE: &str = "X-Plivo-Signature-V3-Nonce";

const DIGEST: Digest = Digest::Sha256;

pub(super) fn claims(lookup: &Lookup<'_>, each: &mut Each<'_>) -> Result<(), Rejection> {
    let carried = present::headers(HEADER, [MAIN_ACCOUNT_HEADER].into_iter(), lookup)?;
    let signatures = signatures(&carried, Encoding::Base64, DIGEST)?;
    let nonce = lookup.header(NONCE)?;
    // A dot is what separates the nonce from the rest; one inside it could take a part of
    // the form along.
    if nonce.contains('.') {
        return Err(Rejection::MalformedHeader { name: NONCE.to_owned() });
    }
    // Of a GET the body is not signed, so it must not have one.
    if lookup.request.method == "GET" && !lookup.request.body.is_empty() {
        return Err(Rejection::Mismatch);
    }
    let mut message = base(lookup)?;
    message.extend([text("."), text(nonce)]);
    each(&Claim { signatures, messages: vec![message] });
    Ok(())
}

/// The URL with its query in order, then the form in order. The separators between
/// them depend on which of the two there are.
fn base<'a>(lookup: &Lookup<'a>) -> Result<Pieces<'a>, Rejection> {
    let Some(parts) = Url::split(lookup.request.url) else {
        return Ok(vec![text(lookup.request.url)]);
    };
    let form = sorted(lookup.request.body, "", "")?;
    let query = sorted(parts.query.unwrap_or_default().as_bytes(), "=", "&")?;
    let address = Url { query: None, ..parts }.with_authority(parts.authority);
    let (before_query, before_form) = match (query.is_empty(), form.is_empty()) {
        (true, true) => ("", ""),
        (true, false) => ("", "?"),
        (false, true) => ("?", ""),
        (false, false) => ("?", "."),
    };
    let pieces = [vec![text(address), text(before_query)], query, vec![text(before_form)], form];
    Ok(pieces.into_iter().flatten().collect())
}

fn sorted<'a>(
    encoded: &'a [u8],
    equals: &'static str,
    between: &'static str,
) -> Result<Pieces<'a>, Rejection> {
    let mut pairs = form::pairs(encoded)?;
    pairs.sort();
    let mut pieces = Vec::new();
    for (name, value) in pairs {
        if !pieces.is_empty() {
            pieces.push(text(between));
        }
        pieces.extend([text(name), text(equals), text(value)]);
    }
    Ok(pieces)
}

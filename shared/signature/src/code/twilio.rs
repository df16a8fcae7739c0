//! Twilio: the URL and the sorted form, or the URL with the body's digest in it.

use sha2::{Digest as _, Sha256};

use super::claim::{Claim, Each, Pieces, header_signatures, text};
use crate::definition::algorithm::{Digest, Encoding};
use crate::lookup::Lookup;
use crate::parse::form::{self, Pair};
use crate::parse::url::Url;
use crate::{Rejection, compare};

const HEADER: &str = "X-Twilio-Signature";
const BODY_DIGEST: &str = "bodySHA256";

const DIGEST: Digest = Digest::Sha1;

pub(super) fn claims(lookup: &Lookup<'_>, each: &mut Each<'_>) -> Result<(), Rejection> {
    let signatures = header_signatures(lookup, HEADER, Encoding::Base64, DIGEST)?;
    let form = match stated_digest(lookup)? {
        Some(stated) if is_body_digest(&stated, lookup.request.body) => Vec::new(),
        Some(_) => return Err(Rejection::Mismatch),
        None => sorted_form(lookup.request.body)?,
    };
    let form = || form.iter().flat_map(|(name, value)| [text(&**name), text(&**value)]);
    let messages = urls(lookup.request.url);
    let messages =
        messages.map(|url| -> Pieces<'_> { [text(url)].into_iter().chain(form()).collect() });
    each(&Claim { signatures, messages: messages.collect() });
    Ok(())
}

/// The digest that Twilio puts at the end of the URL. Anywhere else it is somebody's text: in the
/// other mode the form follows the URL, and the form holds what a caller wrote.
fn stated_digest(lookup: &Lookup<'_>) -> Result<Option<String>, Rejection> {
    if lookup.optional_query(BODY_DIGEST)?.is_none() {
        return Ok(None);
    }
    let last = lookup.request.url.split('#').next().and_then(|url| url.rsplit(['?', '&']).next());
    let stated = last.and_then(|last| last.strip_prefix("bodySHA256="));
    let stated = stated.filter(|hex| hex.len() == 64).ok_or(Rejection::Mismatch)?;
    Ok(Some(stated.to_owned()))
}

fn is_body_digest(stated: &str, body: &[u8]) -> bool {
    hex::decode(stated).is_ok_and(|stated| compare::any_is(&[stated], &Sha256::digest(body)))
}

/// Each name once for each value that differs, in order.
fn sorted_form(body: &[u8]) -> Result<Vec<Pair<'_>>, Rejection> {
    let mut pairs = form::pairs(body)?;
    pairs.sort();
    pairs.dedup();
    Ok(pairs)
}

/// Twilio signs the port or leaves it out.
fn urls(url: &str) -> impl Iterator<Item = String> {
    let parts = Url::split(url);
    let as_sent = parts.map_or(url.to_owned(), |parts| parts.with_authority(parts.authority));
    let other = parts.and_then(|parts| Some(parts.with_authority(&parts.other_authority()?)));
    [Some(as_sent), other].into_iter().flatten()
}

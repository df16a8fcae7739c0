//! Twilio: the URL and the sorted form, or the URL with the body's digest in it.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::url::Url;
use super::{Claim, Module, Pieces, header_signatures, text};
use crate::input::Input;
use crate::spec::scheme::{Digest, Encoding};
use crate::{Rejection, mac};

const HEADER: &str = "X-Twilio-Signature";
const BODY_DIGEST: &str = "bodySHA256";

pub(super) struct Twilio;

impl Module for Twilio {
    fn name(&self) -> &'static str {
        "twilio"
    }

    fn digest(&self) -> Digest {
        Digest::Sha1
    }

    fn signs_url(&self) -> bool {
        true
    }

    fn claims<'a>(&self, input: &Input<'a>) -> Result<Vec<Claim<'a>>, Rejection> {
        let signatures = header_signatures(input, HEADER, Encoding::Base64, self.digest())?;
        let body = match stated_digest(input)? {
            Some(stated) if is_body_digest(&stated, input.request.body) => String::new(),
            Some(_) => return Err(Rejection::Mismatch),
            None => sorted_form(input.request.body),
        };
        let messages = urls(input.request.url).map(|url| -> Pieces<'a> { vec![text(url + &body)] });
        Ok(Claim::one(signatures, messages.collect()))
    }
}

/// The digest that Twilio puts at the end of the URL. Anywhere else it is somebody's text: in the
/// other mode the form follows the URL, and the form holds what a caller wrote.
fn stated_digest(input: &Input<'_>) -> Result<Option<String>, Rejection> {
    if input.optional_query(BODY_DIGEST)?.is_none() {
        return Ok(None);
    }
    let last = input.request.url.split('#').next().and_then(|url| url.rsplit(['?', '&']).next());
    let stated = last.and_then(|last| last.strip_prefix("bodySHA256="));
    let stated = stated.filter(|hex| hex.len() == 64).ok_or(Rejection::Mismatch)?;
    Ok(Some(stated.to_owned()))
}

fn is_body_digest(stated: &str, body: &[u8]) -> bool {
    hex::decode(stated).is_ok_and(|stated| mac::any_is(&[stated], &Sha256::digest(body)))
}

/// Each name once for each value that differs, in order.
fn sorted_form(body: &[u8]) -> String {
    let mut fields: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        fields.entry(name).or_default().insert(value);
    }
    let pairs = fields.iter().flat_map(|(name, values)| {
        values.iter().flat_map(move |value| [name.as_ref(), value.as_ref()])
    });
    pairs.collect()
}

/// Twilio signs the port or leaves it out.
fn urls(url: &str) -> impl Iterator<Item = String> {
    let parts = Url::split(url);
    let as_sent = parts.map_or(url.to_owned(), |parts| parts.with_authority(parts.authority));
    let other = parts.and_then(|parts| Some(parts.with_authority(&parts.other_authority()?)));
    [Some(as_sent), other].into_iter().flatten()
}

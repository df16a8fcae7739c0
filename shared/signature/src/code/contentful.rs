//! Contentful: the request says which of its headers are signed.

use std::borrow::Cow;

use super::claim::{Claim, Each, header_signatures, text};
use crate::Rejection;
use crate::definition::algorithm::{Digest, Encoding};
use crate::lookup::Lookup;
use crate::parse::url::{Url, escape};

const SIGNATURE: &str = "x-contentful-signature";
const SIGNED_HEADERS: &str = "x-contentful-signed-headers";
const TIMESTAMP: &str = "x-contentful-timestamp";
/// More than any request has, and few enough to look them all up.
const MAX_HEADERS: usize = 64;

const DIGEST: Digest = Digest::Sha256;

pub(super) fn claims(lookup: &Lookup<'_>, each: &mut Each<'_>) -> Result<(), Rejection> {
    let signatures = header_signatures(lookup, SIGNATURE, Encoding::Hex, DIGEST)?;
    let headers = signed_headers(lookup)?;
    let messages = targets(lookup.request.url).map(|target| {
        let head = format!("{}\n{target}\n{headers}\n", lookup.request.method);
        vec![text(head), Cow::Borrowed(lookup.request.body)]
    });
    each(&Claim { signatures, messages: messages.collect() });
    Ok(())
}

/// `name:value` for each of the headers that are signed, in order. The time and the
/// list itself have to be among them, or the sender could swap them.
fn signed_headers(lookup: &Lookup<'_>) -> Result<String, Rejection> {
    let malformed = || Rejection::MalformedHeader { name: SIGNED_HEADERS.to_owned() };
    let list = lookup.header(SIGNED_HEADERS)?.to_lowercase();
    let mut names: Vec<&str> = list.split(',').map(str::trim).collect();
    if names.len() > MAX_HEADERS || ![SIGNED_HEADERS, TIMESTAMP].iter().all(|n| names.contains(n)) {
        return Err(malformed());
    }
    names.sort_unstable();
    let mut lines = Vec::new();
    for name in names {
        let value = lookup.request.headers.single(name);
        let value = value.map_err(|_| Rejection::RepeatedHeader { name: name.to_owned() })?;
        // The name is the sender's, so a reason does not repeat it.
        lines.push(format!("{name}:{}", value.ok_or_else(malformed)?.trim()));
    }
    Ok(lines.join(";"))
}

/// Path and query as sent, and as Contentful's library escapes them.
fn targets(url: &str) -> impl Iterator<Item = String> {
    let parts = Url::split(url);
    let path = parts.map_or("/", |parts| if parts.path.is_empty() { "/" } else { parts.path });
    let query = parts.and_then(|parts| parts.query).filter(|query| !query.is_empty());
    let as_sent = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let escaped = escape(path, URI);
    let escaped = query.map_or_else(
        || escaped.clone(),
        |query| format!("{escaped}?{}", escape(&escape(query, COMPONENT), URI)),
    );
    [as_sent, escaped].into_iter()
}

/// What JavaScript's encodeURI leaves as it is, beside letters and digits.
const URI: &str = "-_.!~*'();/?:@&=+$,#";
/// What its encodeURIComponent leaves.
const COMPONENT: &str = "-_.!~*'()";

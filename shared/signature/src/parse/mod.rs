//! The grammars of what senders write. Nothing here panics on any input.

pub(crate) mod document;
pub(crate) mod layout;
pub(crate) mod multipart;
pub(crate) mod path;
pub(crate) mod raw;
pub(crate) mod timestamp;

use crate::SelectError;

/// The values of one query parameter, decoded.
pub(crate) fn query(url: &str, name: &str) -> impl Iterator<Item = String> {
    let before_fragment = url.split('#').next().unwrap_or_default();
    let query = before_fragment.split_once('?').map_or("", |(_, query)| query);
    form(query.as_bytes(), name)
}

/// The values of one form field, decoded.
pub(crate) fn form(body: &[u8], name: &str) -> impl Iterator<Item = String> {
    form_urlencoded::parse(body)
        .filter(move |(candidate, _)| candidate == name)
        .map(|(_, value)| value.into_owned())
}

/// The only value there may be.
pub(crate) fn one(
    name: &str,
    mut values: impl Iterator<Item = String>,
) -> Result<Option<String>, SelectError> {
    let first = values.next();
    match values.next() {
        Some(_) => Err(SelectError::Repeated { name: name.to_owned() }),
        None => Ok(first),
    }
}

//! Forms as they are written (application/x-www-form-urlencoded): a field is decoded when it is
//! asked for, and no list of them is kept.

use std::borrow::Cow;

/// More fields than any provider sends. Django refuses a form that has more, and PHP leaves the
/// rest out (`DATA_UPLOAD_MAX_NUMBER_FIELDS`, `max_input_vars`; read 2026-11).
const MOST_FIELDS: usize = 1000;

/// A field, not yet decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

/// A field that may be there once is there more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repeated;

/// Why a form is not taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormError {
    TooManyFields,
    /// A name or a value is not UTF-8.
    NotText,
}

/// The fields in the order in which they are written.
pub(crate) fn fields(form: &[u8]) -> impl Iterator<Item = Field<'_>> {
    form.split(|byte| *byte == b'&').filter(|field| !field.is_empty()).map(|field| {
        let equals = field.iter().position(|byte| *byte == b'=').unwrap_or(field.len());
        let (name, value) = field.split_at_checked(equals).unwrap_or((field, b""));
        Field { name, value: value.strip_prefix(b"=").unwrap_or_default() }
    })
}

/// The field of that name.
pub(crate) fn field<'a>(form: &'a [u8], name: &str) -> Result<Option<Field<'a>>, Repeated> {
    let mut found = fields(form).filter(|field| field.is_named(name));
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(Repeated),
        (first, None) => Ok(first),
    }
}

/// All names and values, for those who put them in order.
pub(crate) fn pairs(form: &[u8]) -> Result<Vec<Pair<'_>>, FormError> {
    // Counted first, so that nothing is built of what will not be read.
    if fields(form).count() > MOST_FIELDS {
        return Err(FormError::TooManyFields);
    }
    let pairs = fields(form).map(|field| Some((text(field.name)?, text(field.value)?)));
    pairs.collect::<Option<_>>().ok_or(FormError::NotText)
}

/// A name and a value, decoded.
pub(crate) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

impl<'a> Field<'a> {
    pub(crate) fn is_named(&self, name: &str) -> bool {
        octets(self.name).eq(name.bytes())
    }

    /// The value, if it is UTF-8.
    pub(crate) fn value(&self) -> Option<Cow<'a, str>> {
        text(self.value)
    }
}

fn text(written: &[u8]) -> Option<Cow<'_, str>> {
    if !written.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return std::str::from_utf8(written).ok().map(Cow::Borrowed);
    }
    // Decoded it is no longer than it was.
    let mut decoded = Vec::with_capacity(written.len());
    decoded.extend(octets(written));
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

/// What the bytes stand for. A `%` without two hex digits is a `%`.
fn octets(written: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = written;
    std::iter::from_fn(move || {
        let (first, after) = rest.split_first()?;
        let escaped = after.split_at_checked(2).filter(|_| *first == b'%');
        let escaped = escaped.and_then(|(digits, after)| Some((octet(digits)?, after)));
        let (octet, after) = match (escaped, *first) {
            (Some(escaped), _) => escaped,
            (None, b'+') => (b' ', after),
            (None, plain) => (plain, after),
        };
        rest = after;
        Some(octet)
    })
}

fn octet(digits: &[u8]) -> Option<u8> {
    let mut octet = [0];
    hex::decode_to_slice(digits, &mut octet).ok()?;
    octet.first().copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn owned(form: &[u8]) -> Option<Vec<(String, String)>> {
        let pairs = fields(form).map(|field| Some((text(field.name)?, text(field.value)?)));
        let pairs = pairs.map(|pair| pair.map(|(a, b)| (a.into_owned(), b.into_owned())));
        pairs.collect()
    }

    proptest! {
        #[test]
        fn a_form_is_read_as_the_url_standard_reads_it(
            form in "([ab%+=&]|%[0-9a-fA-F]{2}|\u{e9}){0,12}",
        ) {
            let standard: Vec<(String, String)> =
                form_urlencoded::parse(form.as_bytes()).into_owned().collect();
            // The standard puts U+FFFD for what is not UTF-8; nobody signs that.
            let is_text = standard.iter().all(|(name, value)| !(name.clone() + value).contains('\u{fffd}'));
            prop_assert_eq!(owned(form.as_bytes()), is_text.then_some(standard.clone()));
            for (name, _) in &standard {
                let count = standard.iter().filter(|(other, _)| other == name).count();
                let found = field(form.as_bytes(), name);
                prop_assert!(!is_text || found.is_err() == (count > 1), "{name}");
            }
        }
    }

    #[test]
    fn a_form_is_taken_apart_up_to_a_number_of_fields() {
        let form = |count: usize| vec!["a=1"; count].join("&");
        let count = |form: &str| pairs(form.as_bytes()).map(|pairs| pairs.len());
        assert_eq!(count(&form(MOST_FIELDS)), Ok(MOST_FIELDS));
        assert_eq!(count(&form(MOST_FIELDS + 1)), Err(FormError::TooManyFields));
        assert_eq!(count("a=%ff"), Err(FormError::NotText));
    }
}

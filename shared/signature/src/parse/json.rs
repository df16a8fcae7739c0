//! JSON as it is written: values are found in it and handed out as the bytes they are.
//!
//! Nothing is built of what is passed over, and nothing is kept of what is found. A request is
//! read before anybody knows who sent it, so what it holds must not cost more than its bytes do.

use std::borrow::Cow;
use std::fmt;
use std::ops::ControlFlow;

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Deserializer, Number};

/// The whole document, if the bytes are one.
pub(crate) fn document(bytes: &[u8]) -> Option<&RawValue> {
    serde_json::from_slice(bytes).ok()
}

pub(crate) fn is_object(value: &RawValue) -> bool {
    value.get().starts_with('{')
}

pub(crate) fn is_array(value: &RawValue) -> bool {
    value.get().starts_with('[')
}

pub(crate) fn is_null(value: &RawValue) -> bool {
    value.get() == "null"
}

/// Goes through the members, if it is an object.
pub(crate) fn members<'a>(object: &'a RawValue, each: impl FnMut(&'a RawValue, &'a RawValue)) {
    // What is a `RawValue` is JSON, so that the only error is that it is no object.
    Deserializer::from_str(object.get()).deserialize_map(Members(each)).unwrap_or_default();
}

/// The member of that name, if it is an object and has one; of several the last, which is the
/// one that every check of a signature sees.
pub(crate) fn member<'a>(object: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    let mut found = None;
    members(object, |key, value| {
        if string(key).is_some_and(|key| key == name) {
            found = Some(value);
        }
    });
    found
}

/// The member at the end of a way through objects.
pub(crate) fn within<'a>(value: &'a RawValue, keys: &[&str]) -> Option<&'a RawValue> {
    keys.iter().try_fold(value, |value, key| member(value, key))
}

/// Goes through the elements, if it is an array, until it is told to stop.
pub(crate) fn elements<'a>(array: &'a RawValue, each: impl FnMut(&'a RawValue) -> ControlFlow<()>) {
    // The rest of an array that is not read to its end counts as an error, which is no matter.
    Deserializer::from_str(array.get()).deserialize_seq(Elements(each)).unwrap_or_default();
}

/// The element at that place, if it is an array and has so many.
pub(crate) fn element(array: &RawValue, index: usize) -> Option<&RawValue> {
    let (mut left, mut found) = (index, None);
    elements(array, |value| match left.checked_sub(1) {
        Some(less) => {
            left = less;
            ControlFlow::Continue(())
        }
        None => {
            found = Some(value);
            ControlFlow::Break(())
        }
    });
    found
}

pub(crate) fn is_empty_array(value: &RawValue) -> bool {
    is_array(value) && element(value, 0).is_none()
}

/// The value at a JSON pointer (RFC 6901).
pub(crate) fn at<'a>(document: &'a RawValue, pointer: &str) -> Option<&'a RawValue> {
    let mut tokens = pointer.split('/');
    if tokens.next() != Some("") {
        return None;
    }
    tokens.try_fold(document, |value, token| {
        if is_array(value) {
            element(value, token.parse().ok()?)
        } else {
            member(value, &token.replace("~1", "/").replace("~0", "~"))
        }
    })
}

/// A key as a token of a JSON pointer.
pub(crate) fn token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// What a string says. Its bytes are borrowed unless something in it is escaped.
pub(crate) fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    let written = value.get().strip_prefix('"')?.strip_suffix('"')?;
    if written.contains('\\') {
        serde_json::from_str(value.get()).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(written))
    }
}

/// The text of a scalar as a sender would have written it.
///
/// Fractions have no single spelling, so they have no text here.
pub(crate) fn scalar(value: &RawValue) -> Option<Cow<'_, str>> {
    let text = value.get();
    match text.as_bytes().first()? {
        b'{' | b'[' | b'n' => None,
        b'"' => string(value),
        b't' | b'f' => Some(Cow::Borrowed(text)),
        _ => integer(value).map(|_| Cow::Borrowed(text)),
    }
}

/// A number without a fraction that has at most 64 bits.
pub(crate) fn integer(value: &RawValue) -> Option<Number> {
    serde_json::from_str(value.get()).ok().filter(|number: &Number| !number.is_f64())
}

struct Members<F>(F);

impl<'de, F: FnMut(&'de RawValue, &'de RawValue)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        while let Some((key, value)) = members.next_entry()? {
            (self.0)(key, value);
        }
        Ok(())
    }
}

struct Elements<F>(F);

impl<'de, F: FnMut(&'de RawValue) -> ControlFlow<()>> Visitor<'de> for Elements<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(value) = elements.next_element()? {
            if (self.0)(value).is_break() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string_in(json: &str) -> Option<String> {
        string(document(json.as_bytes()).expect("JSON")).map(Cow::into_owned)
    }

    #[test]
    fn a_document_that_breaks_off_is_none() {
        for text in ["", "{", r#"{"a": 1"#, r#"{"a": [1}"#, r#"{"a": 1} x"#, "[1", "\u{1}"] {
            assert!(document(text.as_bytes()).is_none(), "{text}");
        }
        assert!(document(b"{\"a\": \"\xff\"}").is_none());
    }

    #[test]
    fn a_string_is_what_its_escapes_stand_for_and_nothing_where_they_stand_for_no_text() {
        assert_eq!(string_in(r#" "a\u0062\n" "#).as_deref(), Some("ab\n"));
        assert_eq!(string_in(r#""\ud800""#), None);
        assert_eq!(string_in("7"), None);
    }

    #[test]
    fn a_member_is_found_beside_one_whose_name_is_no_text() {
        let object = document(br#"{"\ud800": 1, "\u0061": 2}"#).expect("JSON");
        assert_eq!(member(object, "a").map(RawValue::get), Some("2"));
    }
}

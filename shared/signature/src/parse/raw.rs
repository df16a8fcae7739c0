//! JSON as it is written: values are found in it and handed out as the bytes they are.
//!
//! Nothing here goes deeper than it is told to, and what is passed over is not built.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The whole document, if the bytes are one.
pub(crate) fn document(bytes: &[u8]) -> Option<&RawValue> {
    serde_json::from_slice(bytes).ok()
}

/// The elements, if it is an array.
pub(crate) fn elements(array: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(array.get()).ok()
}

/// The member of that name, if it is an object and has one; of several the last, which is the
/// one that every check of a signature sees.
pub(crate) fn member<'a>(object: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    let mut json = serde_json::Deserializer::from_str(object.get());
    json.deserialize_map(Member { name }).ok()?
}

/// The value at a JSON pointer (RFC 6901).
pub(crate) fn at<'a>(document: &'a RawValue, pointer: &str) -> Option<&'a RawValue> {
    let mut tokens = pointer.split('/');
    if tokens.next() != Some("") {
        return None;
    }
    tokens.try_fold(document, |value, token| match elements(value) {
        Some(elements) => elements.get(token.parse::<usize>().ok()?).copied(),
        None => member(value, &token.replace("~1", "/").replace("~0", "~")),
    })
}

/// A key as a token of a JSON pointer.
pub(crate) fn token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

struct Member<'n> {
    name: &'n str,
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some((name, value)) = members.next_entry::<String, &RawValue>()? {
            if name == self.name {
                found = Some(value);
            }
        }
        Ok(found)
    }
}

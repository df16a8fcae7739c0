//! A JSON document, read once and no deeper than it is asked for.
//!
//! A webhook can have thousands of values, and an event's id and type are two of them. To build
//! all the others costs more than the signature, and several times the memory of the body.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::path::scalar;
use super::raw;

/// A document of which the outermost level is known. What lies deeper was checked to be JSON.
#[derive(Debug)]
pub(crate) enum Document<'a> {
    /// Of several members of one name the last, which is the one that every check of a signature
    /// sees.
    Object(BTreeMap<String, &'a RawValue>),
    Other(&'a RawValue),
}

impl<'a> Document<'a> {
    /// `None`: the bytes are not JSON.
    pub(crate) fn read(text: &'a [u8]) -> Option<Self> {
        let object = serde_json::from_slice(text).map(Self::Object).ok();
        object.or_else(|| raw::document(text).map(Self::Other))
    }

    pub(crate) fn member(&self, name: &str) -> Option<&'a RawValue> {
        match self {
            Self::Object(members) => members.get(name).copied(),
            Self::Other(_) => None,
        }
    }

    pub(crate) fn element(&self, index: usize) -> Option<&'a RawValue> {
        match self {
            Self::Object(_) => None,
            Self::Other(value) => raw::elements(value)?.get(index).copied(),
        }
    }

    /// The names of its members, in the order of their letters.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        let members = match self {
            Self::Object(members) => Some(members),
            Self::Other(_) => None,
        };
        members.into_iter().flat_map(BTreeMap::keys)
    }
}

/// As [`scalar`], of a value as it is written.
pub(crate) fn written_scalar(value: &RawValue) -> Option<String> {
    match value.get().as_bytes().first()? {
        b'{' | b'[' => None,
        _ => scalar(&serde_json::from_str::<Value>(value.get()).ok()?),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::parse::path::JsonPath;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a-c\"\\\\\u{e9}]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 4, |inner| {
            let members = prop::collection::btree_map("[a-c]", inner.clone(), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::from),
                members.prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn path(text: &str) -> JsonPath {
        JsonPath::single(text, "path").expect("a path")
    }

    fn found(text: &str, at: &str) -> Option<String> {
        let document = Document::read(text.as_bytes()).expect("JSON");
        path(at).find_written(&document).map(|value| value.get().to_owned())
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_the_whole_document_would_say(
            value in values(),
            at in "(a|b|c|\\[[0-2]\\])(\\.a|\\.b|\\.c|\\.a\\[[0-2]\\]){0,3}",
        ) {
            let text = serde_json::to_string_pretty(&value).expect("JSON");
            let (path, document) = (path(&at), Document::read(text.as_bytes()).expect("JSON"));
            let (written, built) = (path.find_written(&document), path.find_one(&value));
            let read = written.map(|value| serde_json::from_str(value.get()).expect("JSON"));
            prop_assert_eq!(read.as_ref(), built);
            prop_assert_eq!(written.and_then(written_scalar), built.and_then(scalar));
        }

        #[test]
        fn any_bytes_are_a_document_or_none(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let is_json = serde_json::from_slice::<Value>(&bytes).is_ok();
            prop_assert!(Document::read(&bytes).is_some() || !is_json);
        }
    }

    #[test]
    fn of_members_of_one_name_the_last_counts_on_every_level() {
        assert_eq!(found(r#"{"a": 1, "a": 2}"#, "a").as_deref(), Some("2"));
        assert_eq!(found(r#"{"a": {"b": 1, "b": [2]}}"#, "a.b[0]").as_deref(), Some("2"));
        assert_eq!(found(r#"{"\u0061": 1}"#, "a").as_deref(), Some("1"));
    }

    #[test]
    fn null_is_not_there() {
        assert_eq!(found(r#"{"a": null}"#, "a"), None);
        assert_eq!(found("null", "a"), None);
    }

    #[test]
    fn a_document_that_breaks_off_is_none() {
        for text in ["", "{", r#"{"a": 1"#, r#"{"a": [1}"#, r#"{"a": 1} x"#, "[1", "\u{1}"] {
            assert!(Document::read(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Document::read(b"{\"a\": \"\xff\"}").is_none());
    }
}

//! Values found at paths, in JSON as it is written.

use std::borrow::Cow;
use std::ops::ControlFlow;

use serde_json::value::RawValue;

use super::json;
use crate::definition::path::{JsonPath, Step};

impl JsonPath {
    /// The value at this path, where there can be one only. What is null is not there.
    pub(crate) fn find<'a>(&self, root: &'a RawValue) -> Option<&'a RawValue> {
        let mut found = None;
        self.each(root, |value| {
            found = value;
            ControlFlow::Break(())
        });
        found
    }

    /// The scalar at this path, where a text that is an object counts as that object: Wix puts an
    /// event into a text in a text.
    pub(crate) fn find_unpacked(&self, root: &RawValue) -> Option<String> {
        unpacked(self.steps(), root, UNPACKED)
    }

    /// Goes through the values at this path until it is told to stop. With `[]` an item without
    /// the value counts as one that is not there, so that no item can be left out of a check.
    pub(crate) fn each<'a>(
        &self,
        root: &'a RawValue,
        mut each: impl FnMut(Option<&'a RawValue>) -> ControlFlow<()>,
    ) {
        // Stopping is for `each` to know of.
        let _ = walk(self.steps(), Some(root), &mut each);
    }
}

/// JSON inside of JSON goes no deeper than this.
const UNPACKED: u8 = 2;

fn unpacked(steps: &[Step], value: &RawValue, depth: u8) -> Option<String> {
    let text = json::string(value).filter(|text| text.starts_with('{') && depth > 0);
    if let Some(inner) = text.as_ref().and_then(|text| json::document(text.as_bytes())) {
        return unpacked(steps, inner, depth.saturating_sub(1));
    }
    let Some((step, rest)) = steps.split_first() else {
        return json::scalar(value).map(Cow::into_owned);
    };
    let value = match step {
        Step::Key(key) => json::member(value, key),
        Step::Index(index) => json::element(value, *index),
        Step::Every => None,
    };
    unpacked(rest, value?, depth)
}

fn walk<'a>(
    steps: &[Step],
    value: Option<&'a RawValue>,
    each: &mut impl FnMut(Option<&'a RawValue>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let (Some(value), Some((step, rest))) = (value, steps.split_first()) else {
        return each(value.filter(|value| !json::is_null(value)));
    };
    match step {
        Step::Key(key) => walk(rest, json::member(value, key), each),
        Step::Index(index) => walk(rest, json::element(value, *index), each),
        Step::Every if !json::is_array(value) => walk(rest, None, each),
        Step::Every => {
            let mut flow = ControlFlow::Continue(());
            json::elements(value, |element| {
                flow = walk(rest, Some(element), each);
                flow
            });
            flow
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

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

    /// Every value at the path, in a document that was built as a whole.
    fn built<'v>(path: &JsonPath, root: &'v Value) -> Vec<&'v Value> {
        path.steps().iter().fold(vec![root], |found, step| {
            let next = found.into_iter().flat_map(|value| match (step, value) {
                (Step::Key(key), _) => vec![value.get(key).unwrap_or(&Value::Null)],
                (Step::Index(index), _) => vec![value.get(index).unwrap_or(&Value::Null)],
                (Step::Every, Value::Array(items)) => items.iter().collect(),
                (Step::Every, _) => vec![&Value::Null],
            });
            next.collect()
        })
    }

    fn written(value: &Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) if number.is_f64() => None,
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn found(text: &str, at: &str) -> Option<String> {
        let document = json::document(text.as_bytes()).expect("JSON");
        let path = JsonPath::single(at, "path").expect("a path");
        path.find(document).map(|value| value.get().to_owned())
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_the_whole_document_would_say(
            value in values(),
            at in "(a|b|c|\\[[0-2]?\\])(\\.a|\\.b|\\.c|\\.a\\[[0-2]?\\]){0,3}",
        ) {
            let text = serde_json::to_string_pretty(&value).expect("JSON");
            // A fraction may be read as its neighbour, so the whole is what was read as well.
            let value: Value = serde_json::from_str(&text).expect("JSON");
            let document = json::document(text.as_bytes()).expect("JSON");
            let path = JsonPath::parse(&at, "path").expect("a path");
            let mut read = Vec::new();
            path.each(document, |value| {
                read.push(value.map(|value| serde_json::from_str(value.get()).expect("JSON")));
                ControlFlow::Continue(())
            });
            let all = built(&path, &value);
            let expected: Vec<Option<Value>> =
                all.iter().map(|value| (!value.is_null()).then(|| (*value).clone())).collect();
            prop_assert_eq!(&read, &expected);
            let first = path.find(document);
            let text = first.and_then(json::scalar).map(Cow::into_owned);
            prop_assert_eq!(text, all.first().copied().and_then(written));
        }

        #[test]
        fn any_bytes_are_a_document_or_none(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let is_json = serde_json::from_slice::<Value>(&bytes).is_ok();
            prop_assert!(json::document(&bytes).is_some() || !is_json);
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
    fn a_text_that_is_an_object_is_looked_into_and_no_deeper_than_it_is_allowed_to() {
        let unpacked = |text: &str, at: &str| {
            let path = JsonPath::single(at, "path").expect("a path");
            path.find_unpacked(json::document(text.as_bytes()).expect("JSON"))
        };
        let inside = |value: &Value| Value::from(json!({ "a": value }).to_string());
        let (once, twice) = (inside(&json!(1)), inside(&inside(&json!(1))));
        let thrice = inside(&twice);
        for (value, at, expected) in [
            (once, "b.a", Some("1".to_owned())),
            (twice, "b.a.a", Some("1".to_owned())),
            (thrice.clone(), "b.a.a.a", None),
            (thrice, "b.a.a", Some(r#"{"a":1}"#.to_owned())),
        ] {
            assert_eq!(unpacked(&json!({ "b": value }).to_string(), at), expected, "{at}");
        }
    }
}

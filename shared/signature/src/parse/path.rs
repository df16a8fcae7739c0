//! Paths into JSON: `a.b`, `a[0].b`, and `a[].b` for every item.

use std::fmt;

use serde_json::Value;
use serde_json::value::RawValue;

use super::document::Document;
use super::raw;
use crate::spec::DefinitionError;

/// A path that was understood when the definition was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct JsonPath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    Key(String),
    Index(usize),
    Every,
}

impl JsonPath {
    pub(crate) fn parse(text: &str, field: &str) -> Result<Self, DefinitionError> {
        let steps = steps(text)
            .ok_or_else(|| DefinitionError::new(field, format!("{text:?} is not a JSON path")))?;
        Ok(Self { text: text.to_owned(), steps })
    }

    /// A path to one value at most.
    pub(crate) fn single(text: &str, field: &str) -> Result<Self, DefinitionError> {
        let path = Self::parse(text, field)?;
        if path.steps.contains(&Step::Every) {
            return Err(DefinitionError::new(field, "[] stands for many values, one is needed"));
        }
        Ok(path)
    }

    /// The keys up to each `[]`, and those after the last. `None`: it has no `[]`, or a number.
    pub(crate) fn arrays(&self) -> Option<(Vec<Vec<String>>, Vec<String>)> {
        let (mut arrays, mut keys) = (Vec::new(), Vec::new());
        for step in &self.steps {
            match step {
                Step::Key(key) => keys.push(key.clone()),
                Step::Every => arrays.push(std::mem::take(&mut keys)),
                Step::Index(_) => return None,
            }
        }
        (!arrays.is_empty()).then_some((arrays, keys))
    }

    /// Every value at this path. With `[]` an item without the value counts as null,
    /// so that no item can be left out of a check.
    pub(crate) fn find<'v>(&self, root: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![root];
        for step in &self.steps {
            found = found.into_iter().flat_map(|value| advance(step, value)).collect();
        }
        found
    }

    pub(crate) fn find_one<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        self.find(root).into_iter().next().filter(|value| !value.is_null())
    }

    /// The same in a document of which no more is read than it takes. Nothing where there may be
    /// several.
    pub(crate) fn find_written<'a>(&self, document: &Document<'a>) -> Option<&'a RawValue> {
        let (first, rest) = self.steps.split_first()?;
        let first = match first {
            Step::Key(key) => document.member(key),
            Step::Index(index) => document.element(*index),
            Step::Every => None,
        };
        let found = rest.iter().try_fold(first?, |value, step| match step {
            Step::Key(key) => raw::member(value, key),
            Step::Index(index) => raw::elements(value)?.get(*index).copied(),
            Step::Every => None,
        });
        found.filter(|value| value.get() != "null")
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn advance<'v>(step: &Step, value: &'v Value) -> Vec<&'v Value> {
    match (step, value) {
        (Step::Key(key), _) => vec![value.get(key).unwrap_or(&Value::Null)],
        (Step::Index(index), _) => vec![value.get(index).unwrap_or(&Value::Null)],
        (Step::Every, Value::Array(items)) => items.iter().collect(),
        (Step::Every, _) => vec![&Value::Null],
    }
}

fn steps(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for piece in text.split('.') {
        let (key, indices) = match piece.split_once('[') {
            Some((key, indices)) => (key, Some(indices)),
            None => (piece, None),
        };
        match (key, indices) {
            ("", None) => return None,
            ("", Some(_)) if !steps.is_empty() => return None,
            ("", Some(_)) => {}
            _ if key.contains(']') => return None,
            _ => steps.push(Step::Key(key.to_owned())),
        }
        if let Some(indices) = indices {
            for index in indices.strip_suffix(']')?.split("][") {
                steps.push(step(index)?);
            }
        }
    }
    Some(steps)
}

fn step(index: &str) -> Option<Step> {
    if index.is_empty() { Some(Step::Every) } else { index.parse().ok().map(Step::Index) }
}

/// The text of a scalar as a sender would have written it.
///
/// Fractions have no single spelling, so they have no text here.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.is_f64() => None,
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

//! Paths into JSON: `a.b`, `a[0].b`, and `a[].b` for every item.

use derive_more::Display;

use super::error::DefinitionError;

/// A path that was understood when the definition was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Display)]
#[display("{text}")]
pub(crate) struct JsonPath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
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
        if path.is_many() {
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

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether it can lead to several values.
    pub(crate) fn is_many(&self) -> bool {
        self.steps.contains(&Step::Every)
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

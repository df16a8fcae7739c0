//! The metric filters of the template, and what they select.
//!
//! The language is that of "Using filter patterns to match terms in JSON log events" (`CloudWatch`
//! Logs user guide, read 2026-11), as far as the template uses it; anything else is refused, words
//! without a field among it.

use serde_json::Value;

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// A metric filter of the template.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) name: &'static str,
    pattern: Pattern,
}

#[derive(Debug)]
enum Pattern {
    All(Vec<Self>),
    Any(Vec<Self>),
    Field { key: &'static str, is_equal: bool, value: &'static str },
}

impl Filter {
    /// All of the template.
    pub(super) fn all() -> Vec<Self> {
        let blocks = TEMPLATE.split("\n\n");
        blocks
            .filter(|block| block.contains("Type: AWS::Logs::MetricFilter"))
            .map(Self::of)
            .collect()
    }

    fn of(block: &'static str) -> Self {
        let name = block.lines().find(|line| line.starts_with("  ") && line.ends_with(':'));
        let (_, rest) = block.split_once("FilterPattern: >-\n").expect("a pattern");
        let (text, _) = rest.split_once("      MetricTransformations:").expect("its end");
        let mut left = text.trim().strip_prefix('{').expect("a pattern of fields").trim_start();
        let pattern = any(&mut left);
        assert_eq!(left, "}", "all is read");
        Self { name: name.expect("a name").trim_matches([' ', ':']), pattern }
    }

    pub(super) fn selects(&self, line: &Value) -> bool {
        self.pattern.holds(line)
    }

    /// The values that fields are compared with.
    pub(super) fn values(&self) -> Vec<&'static str> {
        let mut values = Vec::new();
        self.pattern.collect(&mut values);
        values
    }
}

impl Pattern {
    fn holds(&self, line: &Value) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(line)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(line)),
            Self::Field { key, is_equal, value } => {
                line[*key].as_str().is_some_and(|text| is_like(text, value) == *is_equal)
            }
        }
    }

    fn collect(&self, values: &mut Vec<&'static str>) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.collect(values));
            }
            Self::Field { value, .. } => values.push(value.trim_matches('*')),
        }
    }
}

/// An asterisk at either end stands for any text.
fn is_like(text: &str, value: &str) -> bool {
    match (value.strip_prefix('*'), value.strip_suffix('*')) {
        (None, None) => text == value,
        (Some(end), None) => text.ends_with(end),
        (None, Some(start)) => text.starts_with(start),
        (Some(_), Some(_)) => text.contains(value.trim_matches('*')),
    }
}

fn any(left: &mut &'static str) -> Pattern {
    let mut parts = vec![all(left)];
    while eat(left, "||") {
        parts.push(all(left));
    }
    Pattern::Any(parts)
}

fn all(left: &mut &'static str) -> Pattern {
    let mut parts = vec![part(left)];
    while eat(left, "&&") {
        parts.push(part(left));
    }
    Pattern::All(parts)
}

fn part(left: &mut &'static str) -> Pattern {
    if eat(left, "(") {
        let inner = any(left);
        assert!(eat(left, ")"), "a bracket is closed before {left}");
        return inner;
    }
    let key = match eat(left, "$.['") {
        true => until(left, "']"),
        false => {
            assert!(eat(left, "$."), "a field, not {left}");
            until(left, " ")
        }
    };
    let is_equal = !eat(left, "!=");
    assert!(!is_equal || eat(left, "="), "a comparison, not {left}");
    assert!(eat(left, "\""), "a text, not {left}");
    Pattern::Field { key, is_equal, value: until(left, "\"") }
}

fn eat(left: &mut &'static str, expected: &str) -> bool {
    let Some(rest) = left.strip_prefix(expected) else { return false };
    *left = rest.trim_start();
    true
}

fn until(left: &mut &'static str, end: &str) -> &'static str {
    let (text, rest) = left.split_once(end).expect("an end");
    *left = rest.trim_start();
    text
}

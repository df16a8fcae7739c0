//! Patterns for event types and endpoints: a whole name, a prefix and `*`, or `*` alone.

use std::str::FromStr;

use derive_more::Display;
use serde::Deserialize;

/// A pattern such as `push`, `checkout.*` or `*`.
#[derive(Debug, Clone, PartialEq, Eq, Display, Deserialize)]
#[serde(try_from = "String")]
#[display("{prefix}{}", if *open { "*" } else { "" })]
pub struct Pattern {
    prefix: String,
    open: bool,
}

/// A star somewhere else than at the end, or nothing at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a name with at most one `*`, at its end")]
pub struct InvalidPattern(String);

impl Pattern {
    /// The pattern that everything matches.
    #[must_use]
    pub fn any() -> Self {
        Self { prefix: String::new(), open: true }
    }

    /// Whether the pattern covers this name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        if self.open { name.starts_with(&self.prefix) } else { name == self.prefix }
    }
}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let (prefix, open) = match text.strip_suffix('*') {
            Some(prefix) => (prefix, true),
            None => (text, false),
        };
        if text.is_empty() || prefix.contains('*') {
            return Err(InvalidPattern(text.to_owned()));
        }
        Ok(Self { prefix: prefix.to_owned(), open })
    }
}

impl TryFrom<String> for Pattern {
    type Error = InvalidPattern;

    fn try_from(text: String) -> Result<Self, InvalidPattern> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, name: &str, matches: bool) {
        let text = pattern;
        let pattern: Pattern = text.parse().expect("a pattern");
        assert_eq!(pattern.to_string(), text);
        assert_eq!(pattern.matches(name), matches, "{pattern:?} and {name}");
    }

    #[test]
    fn a_star_stands_for_the_rest_of_the_name() {
        check("push", "push", true);
        check("push", "pushed", false);
        check("checkout.*", "checkout.session.completed", true);
        check("checkout.*", "charge.succeeded", false);
        check("*", "", true);
        check("*", "anything", true);
    }

    #[test]
    fn a_star_elsewhere_is_refused() {
        for bad in ["", "*.completed", "a*b", "**"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }
}

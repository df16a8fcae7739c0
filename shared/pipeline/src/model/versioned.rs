//! Written forms that carry a version.

use serde::Deserialize;

/// Why something written cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It does not have the form that its version has.
    #[error("it does not have the written form (line {line}, column {column})")]
    Form {
        /// Where the parser stopped. Its own message is left out: it can quote the text.
        line: usize,
        /// Where in the line.
        column: usize,
    },
    /// It was written by code of another version.
    #[error("its version, {0}, is not known")]
    Version(u32),
}

/// A written form.
pub(crate) trait Versioned {
    /// The newest version this code reads. It reads all before it.
    const NEWEST: u32;

    /// The version it says it has.
    fn version(&self) -> u32;
}

/// Reads a written form. What a later version looks like is not for this code to know, so only
/// its number is asked for.
pub(crate) fn read<'a, T: Versioned + Deserialize<'a>>(json: &'a [u8]) -> Result<T, Unreadable> {
    let error = match serde_json::from_slice::<T>(json) {
        Ok(read) if is_known::<T>(read.version()) => return Ok(read),
        Ok(read) => return Err(Unreadable::Version(read.version())),
        Err(error) => error,
    };
    match serde_json::from_slice(json) {
        Ok(Stated { version }) if !is_known::<T>(version) => Err(Unreadable::Version(version)),
        _ => Err(Unreadable::Form { line: error.line(), column: error.column() }),
    }
}

fn is_known<T: Versioned>(version: u32) -> bool {
    (1..=T::NEWEST).contains(&version)
}

#[derive(Deserialize)]
struct Stated {
    version: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Form {
        version: u32,
        text: String,
    }

    impl Versioned for Form {
        const NEWEST: u32 = 1;

        fn version(&self) -> u32 {
            self.version
        }
    }

    #[test]
    fn a_later_version_is_told_from_something_else_whatever_it_looks_like() {
        let one = Form { version: 1, text: "x".to_owned() };
        assert_eq!(read(br#"{"version":1,"text":"x"}"#), Ok(one));
        for later in [r#"{"version":2,"text":"x"}"#, r#"{"version":2,"words":[]}"#] {
            assert_eq!(read::<Form>(later.as_bytes()), Err(Unreadable::Version(2)), "{later}");
        }
        for (other, column) in [(r#"{"version":1}"#, 13), ("", 0), ("secret", 1)] {
            let form = Unreadable::Form { line: 1, column };
            assert_eq!(read::<Form>(other.as_bytes()), Err(form), "{other}");
        }
    }
}

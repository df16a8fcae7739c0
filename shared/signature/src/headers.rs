//! Headers as they came in.

use std::fmt;

/// An HTTP request's headers: in order, repeats kept, names as received.
///
/// Look-up ignores the case of names.
///
/// ```
/// use hookdock_signature::Headers;
///
/// let headers = Headers::from_iter([("X-Topic", "a"), ("x-topic", "b"), ("Host", "h")]);
/// assert_eq!(headers.get_all("X-TOPIC").collect::<Vec<_>>(), ["a", "b"]);
/// assert_eq!(headers.single("host"), Ok(Some("h")));
/// assert!(headers.single("x-topic").is_err());
/// ```
///
/// Values are not printed: tokens travel in headers.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

/// A header that may be there once was there more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a header is repeated")]
pub struct Repeated;

impl Headers {
    /// Every header, in the order received.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Every value of one header, in the order received.
    pub fn get_all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(candidate, _)| candidate.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }

    /// The value of a header that may be there at most once.
    ///
    /// # Errors
    ///
    /// [`Repeated`] when the header is there more than once, even with equal values.
    pub fn single(&self, name: &str) -> Result<Option<&str>, Repeated> {
        let mut values = self.get_all(name);
        let first = values.next();
        match values.next() {
            Some(_) => Err(Repeated),
            None => Ok(first),
        }
    }

    /// Whether a header is there at least once.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get_all(name).next().is_some()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        Self(headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl<N: Into<String>, V: Into<String>> Extend<(N, V)> for Headers {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, headers: I) {
        self.0.extend(headers.into_iter().map(|(name, value)| (name.into(), value.into())));
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

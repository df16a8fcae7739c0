//! Findings in words. None of them holds more than the finding does.

use std::fmt;

use crate::explain::finding::{Clock, Count, Finding, Header, Shape};

impl Finding {
    /// What kind of statement it is.
    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::Check { .. } => "failed",
            Self::Header(_) | Self::Clock(_) => "found",
            Self::ForwardedUrl { .. } => "tried",
            Self::TimeUnit { .. }
            | Self::OtherHeader { .. }
            | Self::Match { .. }
            | Self::NoMatch { .. }
            | Self::OtherProviders { .. } => "cause",
            Self::Body { .. } | Self::Secret { .. } => "perhaps",
            Self::UsualCause { .. } => "usually",
        }
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): ", self.name, self.role)?;
        match (self.count, &self.shape) {
            (Count::Once, Some(shape)) => write!(f, "{shape}")?,
            (Count::Repeated, Some(first)) => {
                write!(f, "there more than once, and has to be there once; the first is {first}")?;
            }
            (Count::Missing, _) | (_, None) => write!(f, "missing")?,
        }
        match (&self.shape, &self.expected) {
            (None, Some(expected)) => write!(f, "; it would be {expected}"),
            (Some(shape), Some(expected)) if !shape.is_like(expected) => {
                write!(f, ", and has to be {expected}")
            }
            (Some(_), Some(_)) => write!(f, ", which is the right form"),
            (_, None) => Ok(()),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Hex { prefix, .. } | Self::Base64 { prefix, .. } = self
            && !prefix.is_empty()
        {
            write!(f, "`{prefix}` and ")?;
        }
        match self {
            Self::Empty => write!(f, "empty"),
            Self::Hex { digits, .. } => write!(f, "{digits} hex digits"),
            Self::Base64 { bytes, .. } => write!(f, "base64 of {bytes} bytes"),
            Self::Digits { count } => write!(f, "{count} digits"),
            Self::Fields { names } if names.is_empty() => write!(f, "without named fields"),
            Self::Fields { names } => write!(f, "with the fields {}", names.join(", ")),
            Self::Text { characters } => write!(f, "a text of {characters} characters"),
        }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the time stated is {}, ", self.stated)?;
        match self.skew_seconds {
            0 => write!(f, "now; ")?,
            past @ 1.. => write!(f, "{past} s ago; ")?,
            future => write!(f, "{} s in the future; ", future.unsigned_abs())?,
        }
        match self.tolerance_seconds {
            Some(tolerance) => write!(f, "{tolerance} s are allowed"),
            None => write!(f, "its age is not checked"),
        }
    }
}

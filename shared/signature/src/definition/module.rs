//! Schemes in code: what is known about each without running it.

use serde::Deserialize;

use super::algorithm::{Digest, KeyFormat, KeyRule};
use super::signature::TimestampSource;
use super::weakness::Weakness;

/// One scheme in code. `kind = "code"` and `module = "..."` name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Module {
    Adyen,
    Contentful,
    DropboxSign,
    ExactOnline,
    Hook0,
    MercadoPago,
    Plivo,
    Treezor,
    Twilio,
}

impl Module {
    /// The digest under which the secret is used.
    pub(crate) const fn digest(self) -> Digest {
        match self {
            Self::Twilio => Digest::Sha1,
            Self::Adyen
            | Self::Contentful
            | Self::DropboxSign
            | Self::ExactOnline
            | Self::Hook0
            | Self::MercadoPago
            | Self::Plivo
            | Self::Treezor => Digest::Sha256,
        }
    }

    /// How a secret becomes a key.
    pub(crate) fn key(self) -> KeyRule {
        let format = if self == Self::Adyen { KeyFormat::Hex } else { KeyFormat::Utf8 };
        KeyRule { format, ..KeyRule::default() }
    }

    /// Whether the URL is part of what is signed.
    pub(crate) const fn signs_url(self) -> bool {
        matches!(self, Self::Contentful | Self::Plivo | Self::Twilio)
    }

    /// What it leaves unproven.
    pub(super) const fn weakness(self) -> Option<Weakness> {
        match self {
            Self::Contentful | Self::Hook0 => None,
            Self::Adyen
            | Self::DropboxSign
            | Self::ExactOnline
            | Self::Plivo
            | Self::Treezor
            | Self::Twilio => Some(Weakness::PartsOfBody),
            Self::MercadoPago => Some(Weakness::UnsignedBody),
        }
    }

    /// The time that is part of every message, where there is one. A definition says how old it
    /// may be.
    pub(crate) fn signs_time(self, source: &TimestampSource) -> bool {
        match (self, source) {
            (Self::Contentful, TimestampSource::Header(name)) => {
                name.eq_ignore_ascii_case("x-contentful-timestamp")
            }
            (Self::Hook0, TimestampSource::SignatureField) => true,
            _ => false,
        }
    }
}

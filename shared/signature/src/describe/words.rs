//! The words by which a definition calls things.

use crate::definition::algorithm::{
    Algorithm, Digest, EcdsaFormat, Encoding, KeyFormat, RsaDigest,
};
use crate::definition::signature::{Layout, Unit};

impl Layout {
    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::List { .. } => "list",
            Self::Tagged { .. } => "tagged",
            Self::Pairs { .. } => "pairs",
            Self::Positional { .. } => "positional",
            Self::KeyValue { .. } => "kv",
        }
    }

    pub(super) fn field(&self) -> Option<&str> {
        match self {
            Self::KeyValue { field, .. } => Some(field),
            _ => None,
        }
    }

    pub(super) fn item_sep(&self) -> Option<&str> {
        match self {
            Self::Plain => None,
            Self::List { item_sep }
            | Self::Tagged { item_sep, .. }
            | Self::Pairs { item_sep, .. }
            | Self::Positional { item_sep, .. }
            | Self::KeyValue { item_sep, .. } => Some(item_sep),
        }
    }

    pub(super) fn time(&self) -> Option<String> {
        match self {
            Self::KeyValue { timestamp, .. } => timestamp.clone(),
            Self::Positional { timestamp, .. } => Some(format!("#{timestamp}")),
            _ => None,
        }
    }
}

impl Digest {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }
}

impl Encoding {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Base64url => "base64url",
            Self::Base64Hex => "base64-hex",
        }
    }
}

impl Algorithm {
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256Sha256(_)
            | Self::EcdsaP256Sha1
            | Self::EcdsaP384Sha384
            | Self::EcdsaP521Sha512 => "ecdsa",
            Self::RsaPkcs1(_) | Self::RsaPkcs1Sha256Twice | Self::RsaPss(_) => "rsa",
        }
    }

    pub(super) const fn digest(self) -> Option<&'static str> {
        Some(match self {
            Self::Ed25519 => return None,
            Self::EcdsaP256Sha256(EcdsaFormat::Der | EcdsaFormat::Fixed)
            | Self::RsaPkcs1Sha256Twice => "sha256",
            Self::EcdsaP256Sha1 => "sha1",
            Self::EcdsaP384Sha384 => "sha384",
            Self::EcdsaP521Sha512 => "sha512",
            Self::RsaPkcs1(digest) | Self::RsaPss(digest) => match digest {
                RsaDigest::Sha1 => "sha1",
                RsaDigest::Sha256 => "sha256",
                RsaDigest::Sha384 => "sha384",
                RsaDigest::Sha512 => "sha512",
            },
        })
    }
}

impl KeyFormat {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf8",
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }
}

impl Unit {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::S => "s",
            Self::Ms => "ms",
            Self::Iso8601 => "iso8601",
        }
    }
}

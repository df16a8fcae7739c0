//! The words by which a definition calls things.

use crate::definition::algorithm::{Algorithm, Digest};
use crate::definition::signature::Layout;

impl Layout {
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

    pub(super) fn digest(self) -> Option<Digest> {
        match self {
            Self::Ed25519 => None,
            Self::EcdsaP256Sha256(_) | Self::RsaPkcs1Sha256Twice => Some(Digest::Sha256),
            Self::EcdsaP256Sha1 => Some(Digest::Sha1),
            Self::EcdsaP384Sha384 => Some(Digest::Sha384),
            Self::EcdsaP521Sha512 => Some(Digest::Sha512),
            Self::RsaPkcs1(digest) | Self::RsaPss(digest) => Some(digest),
        }
    }
}

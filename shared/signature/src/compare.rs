//! Comparisons that take the same time whatever differs.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Compares two texts of any length in time that depends on neither's content,
/// by way of digests that are equally long.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    Alike::to(a).is(&Alike::to(b))
}

/// What [`same`] compares, for a text that is compared with many.
pub(crate) struct Alike([u8; 32]);

impl Alike {
    pub(crate) fn to(text: &[u8]) -> Self {
        Self(Sha256::digest(text).into())
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// Whether one of the presented signatures is the right one. Looks at all of them.
pub(crate) fn any_is(presented: &[Vec<u8>], expected: &[u8]) -> bool {
    presented.iter().fold(false, |found, signature| found | bool::from(signature.ct_eq(expected)))
}

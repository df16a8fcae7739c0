//! What a scheme leaves unproven.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// What a scheme leaves unproven: what somebody can send in the provider's name who has seen one
/// of its requests, in a log for instance, and does not know the secret of a signature.
///
/// The weaker, the greater.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, IntoStaticStr,
)]
#[strum(serialize_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Weakness {
    /// Parts of the body are signed, or it is not signed where they end: the rest of the body.
    PartsOfBody,
    /// A checksum of the body is signed: any body that has the same, and one is easily made.
    Checksum,
    /// Nothing of the body is signed, or the request carries the secret itself: any body.
    UnsignedBody,
}

impl Weakness {
    /// The weakness as it is written in a definition.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

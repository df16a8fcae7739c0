//! The digest of a body.

use derive_more::Display;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::model::invalid_name::InvalidName;

/// The SHA-256 digest of a body, written as 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Display)]
#[display("{}", hex::encode(_0))]
#[serde(try_from = "String", into = "String")]
pub struct BodyDigest([u8; 32]);

impl BodyDigest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        Self(Sha256::digest(body).into())
    }

    /// The digest's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<String> for BodyDigest {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)
            .map(|()| Self(bytes))
            .map_err(|_| InvalidName { kind: "a digest", grammar: "64 hexadecimal digits" })
    }
}

impl From<BodyDigest> for String {
    fn from(digest: BodyDigest) -> Self {
        digest.to_string()
    }
}

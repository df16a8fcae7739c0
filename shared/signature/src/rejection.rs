//! Why a request was refused.

use strum::IntoStaticStr;

use crate::parse::form::FormError;

/// The one reason why a request does not count as the provider's.
///
/// The text never holds a secret, an expected signature, or anything else that
/// would help a forger. Names of headers and fields come from the provider's
/// definition, not from the sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum Rejection {
    /// There is nothing to verify with. The operator's fault.
    #[error("no secret is configured")]
    NoSecret,
    /// A secret does not have the form the provider's secrets have, and no other
    /// secret matched. The operator's fault.
    #[error("secret {id} does not have the provider's format")]
    MalformedSecret {
        /// The id of the secret.
        id: String,
    },
    /// The definition needs a setting that was not given. The operator's fault.
    #[error("setting {name} is missing")]
    MissingSetting {
        /// The name of the setting.
        name: String,
    },
    /// This build, or any, cannot verify this kind. The operator's fault.
    #[error("verification by {what} is not supported")]
    Unsupported {
        /// The kind, or the name of the code module.
        what: String,
    },
    /// A header that carries or enters the signature is not there.
    #[error("header {name} is missing")]
    MissingHeader {
        /// The name of the header.
        name: String,
    },
    /// Such a header is there more than once.
    #[error("header {name} is repeated")]
    RepeatedHeader {
        /// The name of the header.
        name: String,
    },
    /// Such a header is empty or does not follow its grammar.
    #[error("header {name} is malformed")]
    MalformedHeader {
        /// The name of the header.
        name: String,
    },
    /// A query parameter, form field, JSON value, or item of the signature header is not there.
    #[error("field {name} is missing")]
    MissingField {
        /// The name or path of the field.
        name: String,
    },
    /// Such a field is there more than once.
    #[error("field {name} is repeated")]
    RepeatedField {
        /// The name or path of the field.
        name: String,
    },
    /// Such a field is empty or does not follow its grammar.
    #[error("field {name} is malformed")]
    MalformedField {
        /// The name or path of the field.
        name: String,
    },
    /// The scheme reads JSON, and the body is not JSON.
    #[error("the body is not JSON")]
    BodyNotJson,
    /// Signatures are there, but only of versions this definition does not know.
    #[error("{name} holds no signature of a known version")]
    UnknownVersion {
        /// The name of the header or field.
        name: String,
    },
    /// More signatures than any provider sends; none of them was looked at.
    #[error("{name} holds too many signatures")]
    TooManySignatures {
        /// The name of the header or field.
        name: String,
    },
    /// More fields than any provider sends in a form; none of them was looked at.
    #[error("the form holds too many fields")]
    TooManyFields,
    /// The timestamp cannot be read.
    #[error("the timestamp is malformed")]
    MalformedTimestamp,
    /// No signature matches any secret.
    #[error("no signature matches")]
    Mismatch,
    /// What is signed could as well be the challenge of a handshake, which is answered under
    /// the same key to anyone who asks.
    #[error("what is signed has the form of a challenge")]
    LikeAChallenge,
    /// The request names no key that its provider has, or not one of the pinned kind.
    #[error("the key it names is not the provider's")]
    UnknownKey,
    /// The key was the provider's, and its time is over or has not come.
    #[error("the key it names is out of date")]
    ExpiredKey,
    /// The signature is right, but too old: a replay, a late delivery, or a wrong clock.
    #[error("the signature is {skew_seconds} s old")]
    Stale {
        /// How long ago the sender says it signed, rounded up.
        skew_seconds: u64,
    },
    /// The signature is right, but from too far in the future: a wrong clock.
    #[error("the signature is {skew_seconds} s in the future")]
    FromTheFuture {
        /// How far ahead the sender's time is, rounded up.
        skew_seconds: u64,
    },
}

impl From<FormError> for Rejection {
    fn from(error: FormError) -> Self {
        match error {
            FormError::TooManyFields => Self::TooManyFields,
            FormError::NotText => Self::MalformedField { name: "body".to_owned() },
        }
    }
}

impl Rejection {
    /// A stable name in snake case, for logs and metrics.
    ///
    /// ```
    /// use hookdock_signature::Rejection;
    ///
    /// assert_eq!(Rejection::Mismatch.code(), "mismatch");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.into()
    }

    /// Whether the receiver's own configuration is at fault, not the sender.
    ///
    /// Such a refusal should be answered so that the provider tries again.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        matches!(
            self,
            Self::NoSecret
                | Self::MalformedSecret { .. }
                | Self::MissingSetting { .. }
                | Self::Unsupported { .. }
        )
    }
}

//! Secrets that do not leak by accident.

use derive_more::Debug;
use zeroize::Zeroizing;

use crate::compare;

/// A provider's secret, or its public key in the text form the provider shows.
///
/// The value is wiped from memory on drop and never printed.
///
/// ```
/// use hookdock_signature::Secret;
///
/// let secret = Secret::new("s1", "whsec_abc")?;
/// assert_eq!(format!("{secret:?}"), r#"Secret { id: "s1", value: "[redacted]" }"#);
/// # Ok::<(), hookdock_signature::EmptySecret>(())
/// ```
#[derive(Clone, Debug)]
#[debug(r#"Secret {{ id: {id:?}, value: "[redacted]" }}"#)]
pub struct Secret {
    id: String,
    value: Zeroizing<String>,
}

/// A secret without a value would verify what anyone can sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("secret {id} has no value")]
pub struct EmptySecret {
    /// The id given with the empty value.
    pub id: String,
}

impl Secret {
    /// A secret with an id of the operator's choice, which the proof names.
    ///
    /// Blanks around the value are cut off: providers do not put them there, but
    /// copying does.
    ///
    /// # Errors
    ///
    /// [`EmptySecret`] when nothing but blanks is given.
    pub fn new(id: impl Into<String>, value: impl Into<String>) -> Result<Self, EmptySecret> {
        let (id, value) = (id.into(), Zeroizing::new(value.into()));
        let trimmed = Zeroizing::new(value.trim().to_owned());
        if trimmed.is_empty() {
            return Err(EmptySecret { id });
        }
        Ok(Self { id, value: trimmed })
    }

    /// The operator's name for it; not secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The value, to be stored and never to be shown.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.value
    }

    /// Whether the other has the same value, in time that depends on neither.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        compare::same(self.value.as_bytes(), other.value.as_bytes())
    }
}

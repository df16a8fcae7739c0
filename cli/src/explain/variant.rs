//! What may have been signed instead of what was checked.

use hookdock_signature::{Headers, Provider, Secret};

use crate::explain::changes::Change;

/// A change, and what it makes of a part of the request or of the secrets.
pub(crate) struct Variant {
    pub(crate) change: Change,
    pub(crate) part: Part,
}

/// What replaces a part.
pub(crate) enum Part {
    Body(Vec<u8>),
    /// The provider is the same but for how it reads a secret.
    Secret(Box<Provider>, Secret),
    Url(String),
    Headers(Headers),
}

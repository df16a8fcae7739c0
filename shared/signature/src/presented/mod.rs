//! What a request presents to be checked: its signatures and tokens, not yet looked at.

pub(crate) mod carrier;
mod layout;
pub(crate) mod signatures;
pub(crate) mod token;

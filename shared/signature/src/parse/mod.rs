//! The grammars of what senders write. Nothing here panics on any input.

pub(crate) mod form;
pub(crate) mod json;
pub(crate) mod jws;
pub(crate) mod multipart;
pub(crate) mod path;
pub(crate) mod timestamp;
pub(crate) mod url;

//! The events of a verified request: their ids and types, and where each of several is.

mod condition;
pub(crate) mod items;
pub(crate) mod select;

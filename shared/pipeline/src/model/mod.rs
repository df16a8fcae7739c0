//! The values that everything speaks in.

mod body_digest;
pub(crate) mod deadline;
pub mod failure;
mod invalid_name;
pub(crate) mod millis;
pub mod misfit;
pub mod names;
pub mod pattern;
pub mod port_error;
pub mod public_url;
pub mod restart;
pub mod retry;
pub mod scope;
pub mod slack;
pub mod system;
pub mod trace;
pub mod versioned;

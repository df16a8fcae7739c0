//! The work queue and its dead letters.

mod intake;
mod message;
mod ports;
mod service;
mod tables;

pub use message::{DeadMessage, Message};
pub(crate) use tables::show_in_flight;

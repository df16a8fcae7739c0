//! The ingest use case: a delivery comes in, is verified, stored and queued, and only then
//! accepted. A handshake is answered on the way, and nothing of it is kept; at a direct endpoint
//! light work takes the place of the queue.
//!
//! Read in this order: `http`, `receive`, `verify`.

mod direct;
mod effect;
mod handshake;
pub mod http;
mod log;
mod outcome;
mod receive;
mod refusal;
mod use_case;
mod verify;

pub use outcome::{Accepted, Answered, DirectOutcome, Received};
pub use refusal::{Refusal, Unread};
pub use use_case::Ingest;

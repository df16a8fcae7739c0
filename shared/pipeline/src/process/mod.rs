//! The process use case: a reference comes from the queue, or a delivery itself, and its event's
//! jobs run once.
//!
//! Read in this order: `message`, `event`, `claim`, `attempt`.

mod attempt;
mod claim;
mod claimed_run;
mod dead_letters;
mod event;
mod holds;
mod log;
mod message;
mod pack;
mod prefetch;
mod settings;
mod split;
mod task;
mod unregistered;
mod use_case;
mod worker;

#[cfg(feature = "testing")]
pub(crate) use attempt::PANICKED;
pub use claimed_run::ClaimedRun;
pub use settings::Settings;
pub use task::{Received, Verdict};
pub use use_case::Process;
pub use worker::Worker;

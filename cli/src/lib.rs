//! The parts of `hookdock`, so that tests can run them.

pub mod cost;
pub mod demo;
pub mod dev;
pub mod exit;
pub mod inspect;
pub mod providers;
pub mod sign;
pub mod stack;
pub mod verify;

mod explain;
mod given;
mod say;

//! The parts of `hookdock`, so that tests can run them.

// The commands, one folder each.
pub mod cost;
pub mod demo;
pub mod dev;
pub mod operate;
pub mod providers;
pub mod reference;
pub mod sign;
pub mod trigger;
pub mod verify;

// What several of them use.
pub mod exit;
pub mod server;

mod explain;
mod input;
mod output;
mod saved_request;

//! The parts of `hookdock`, so that tests can run them.

pub mod demo;
pub mod dev;
pub mod exit;
pub mod stack;

#![cfg_attr(not(doctest), doc = include_str!("../README.md"))]
//!
//! Read the modules in this order: [`delivery`] is one request and its written forms, [`ingest`]
//! takes it, [`process`] picks it up from the queue, [`ledger`] says what may happen to a run,
//! [`maintenance`] wakes what waits there, [`job`] is what users write against. [`ports`] is what all of them ask of the world, and
//! [`model`] are the values that everything speaks in.

pub mod cache;
pub mod delivery;
pub mod endpoint;
pub mod ingest;
pub mod job;
pub mod ledger;
pub mod lookup;
pub mod maintenance;
pub mod model;
pub mod ports;
pub mod process;
#[cfg(feature = "testing")]
pub mod testing;

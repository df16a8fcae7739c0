#![cfg_attr(not(doctest), doc = include_str!("../README.md"))]
//!
//! Read the modules in this order: [`delivery`] is what comes in, [`ingest`] takes it, [`http`]
//! is its face; [`mod@reference`] travels through the queue, [`process`] picks it up, [`ledger`] says
//! what may happen to a run, [`job`] is the business logic, with [`scope`] for whose everything is, and
//! [`breaker`] and [`entity`] for what its runs share. [`ports`] is what all of them ask of
//! the world.

pub mod breaker;
pub mod contents;
pub mod dead_letter;
pub mod delivery;
pub mod direct;
pub mod endpoint;
pub mod entity;
pub mod fault;
pub mod http;
pub mod identity;
pub mod ingest;
pub mod inline;
pub mod job;
pub mod ledger;
pub mod memory;
mod millis;
pub mod names;
pub mod pack;
pub mod part;
pub mod pattern;
pub mod ports;
pub mod process;
mod race;
pub mod reference;
pub mod retry;
pub mod scope;
pub mod sealed;
pub mod stored;
#[cfg(feature = "testing")]
pub mod testing;
pub mod versioned;

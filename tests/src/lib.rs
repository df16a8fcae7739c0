//! What the tests share: signed requests, a stack on virtual time, faults at every port call,
//! and the contracts that every set of adapters keeps.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it should be"
)]

pub mod contract;
pub mod faults;
pub mod logs;
pub mod outside;
pub mod requests;
pub mod rules;
pub mod sim;
pub mod stack;

/// The README's example is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// So are those of the page of jobs.
#[cfg(doctest)]
#[doc = include_str!("../../docs/jobs.md")]
struct JobsPage;

/// So is the one of the engine alone, which has no adapters of its own.
#[cfg(doctest)]
#[doc = include_str!("../../shared/pipeline/README.md")]
struct PipelineReadme;

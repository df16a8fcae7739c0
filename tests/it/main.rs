//! Everything that needs more than one crate and nothing beyond this process.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it should be"
)]

mod claims;
mod contracts;
mod faults;
mod ingest;
mod process;
mod untrusted;
mod workspace;

//! Everything that needs more than one crate and nothing beyond this process.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it should be"
)]

mod ahead;
mod alarms;
mod asking;
mod batches;
mod captures;
mod claims;
mod conformance;
mod contracts;
mod dead;
mod dependencies;
mod direct;
mod fairness;
mod faults;
mod forms;
mod handshake_attacks;
mod handshakes;
mod ignored;
mod ingest;
mod inline;
mod intake;
mod keys;
mod large_results;
mod last_step;
mod load;
mod model;
mod operate;
mod order;
mod poison;
mod process;
mod recovery;
mod room;
mod rotation;
mod scopes;
mod scripts;
mod senders;
mod shared;
mod simulation;
mod steps;
mod telling;
mod time_left;
mod traces;
mod unconfirmed;
mod unregistered;
mod untrusted;
mod waiting;
mod workspace;

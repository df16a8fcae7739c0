//! The use case and its ports.

use std::time::Duration;

use crate::job::{Effects, Registry};
use crate::process::settings::Settings;
use crate::process::worker::Worker;

/// How long the lease outlives the worker's time: clocks differ, and a worker has been seen to live
/// on for most of a second after its time.
pub(super) const LEASE_MARGIN: Duration = Duration::from_secs(2);

/// What is left of the invocation to a job's outcome: one write to the ledger, or a dead letter.
pub(super) const SETTLE_MARGIN: Duration = Duration::from_secs(2);

/// When to look again at what will have moved on in a moment.
pub(super) const A_MOMENT: Duration = Duration::from_secs(1);

/// The use case and its ports.
#[derive(Debug)]
pub struct Process<D, M, L, S> {
    /// Where deliveries are read.
    pub deliveries: D,
    /// Where messages are hidden and dead-lettered.
    pub messages: M,
    /// The record of events and runs.
    pub ledger: L,
    /// Time and chance.
    pub system: S,
    /// What the jobs may reach.
    pub effects: Effects,
    /// The jobs.
    pub registry: Registry,
    /// What the operator decides.
    pub settings: Settings,
    /// What its messages share.
    pub worker: Worker,
}

//! The use case and its ports.

use std::sync::Arc;
use std::time::Duration;

use futures_util::lock::Mutex;

use crate::job::{Breakers, Effects, Registry};
use crate::process::settings::Settings;

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
    /// The turn of runs whose last worker died.
    pub crash_isolation: CrashIsolation,
    /// What is known of the dependencies that the jobs call.
    pub breakers: Arc<Breakers>,
}

/// Runs whose last worker died go one at a time, and others beside them: should one of them kill
/// this worker too, it takes no further attempt of those that died with it before.
#[derive(Debug, Default)]
pub struct CrashIsolation(pub(super) Mutex<()>);

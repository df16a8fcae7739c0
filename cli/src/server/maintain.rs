//! The maintenance of a stack: runs that wait in the ledger alone are woken when they are due.

use std::time::Duration;

use hookdock_embedded::SystemClock;
use hookdock_pipeline::model::port_error::chain;
use hookdock_pipeline::model::system::System as _;
use hookdock_signature::EpochMillis;
use tokio::sync::watch;

use crate::server::stop::stopped;
use crate::server::types::{Local, LocalMaintenance};

/// How often it is looked what is due, at least: a run may have begun to wait meanwhile. No run
/// that begins to wait is due any sooner.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// How long a round may take.
const ROUND: Duration = Duration::from_secs(60);

/// Does what is due, until asked to stop.
pub(super) async fn maintain(local: Local, mut stop: watch::Receiver<bool>) {
    let maintenance = LocalMaintenance::new(local.clone(), local.clone(), SystemClock);
    while !*stop.borrow() {
        tokio::select! {
            () = SystemClock.sleep(sleep(&local)) => {}
            () = stopped(&mut stop) => return,
        }
        if next(&local).is_some_and(|due| due <= SystemClock.now()) {
            maintenance.wake(SystemClock.now().plus(ROUND)).await;
        }
    }
}

/// A second at least, should what is due fail to be woken.
fn sleep(local: &Local) -> Duration {
    let due = next(local).map(|due| SystemClock.now().until(due));
    due.unwrap_or(LONGEST_SLEEP).clamp(Duration::from_secs(1), LONGEST_SLEEP)
}

fn next(local: &Local) -> Option<EpochMillis> {
    local.next_wake().unwrap_or_else(|error| {
        tracing::error!(error = chain(&error), "it could not be seen which runs are due");
        None
    })
}

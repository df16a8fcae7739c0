//! The maintenance of a stack: runs that wait in the ledger alone are woken when they are due.

use std::time::Duration;

use hookdock_embedded::SystemClock;
use hookdock_pipeline::model::port_error::chain;
use hookdock_pipeline::model::system::System as _;
use hookdock_signature::EpochMillis;
use tokio::sync::watch;

use crate::server::stop::stopped;
use crate::server::types::{Local, LocalMaintenance};

/// How often it is looked what is due.
const EACH: Duration = Duration::from_secs(1);

/// How long a round may take.
const ROUND: Duration = Duration::from_secs(60);

/// Does what is due, until asked to stop.
pub(super) async fn maintain(local: Local, mut stop: watch::Receiver<bool>) {
    let maintenance = LocalMaintenance::new(local.clone(), local.clone(), SystemClock);
    while !*stop.borrow() {
        tokio::select! {
            () = SystemClock.sleep(EACH) => {}
            () = stopped(&mut stop) => return,
        }
        if next(&local).is_some_and(|due| due <= SystemClock.now()) {
            maintenance.wake(SystemClock.now().plus(ROUND)).await;
        }
    }
}

fn next(local: &Local) -> Option<EpochMillis> {
    local.next_wake().unwrap_or_else(|error| {
        tracing::error!(error = chain(&error), "it could not be seen which runs are due");
        None
    })
}

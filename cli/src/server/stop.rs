//! The way to stop a stack.

use std::time::Duration;

use tokio::sync::watch;

/// How long the work under way may take once the stack is asked to stop.
pub(super) const LAST_WORK_TIME: Duration = Duration::from_secs(5);

/// The way to stop a stack.
#[derive(Debug, Clone)]
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    pub(super) fn of(stop: watch::Sender<bool>) -> Self {
        Self(stop)
    }

    /// Asks the stack to stop: no new requests, no new work, what is under way is finished.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The sender lives as long as the stack does; if it is gone, the stack is stopping too.
    drop(stop.wait_for(|stop| *stop).await);
}

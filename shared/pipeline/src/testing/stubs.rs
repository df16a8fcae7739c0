//! What the process use case needs besides a ledger: time, one stored delivery, and a queue that
//! only remembers when the message is to come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hookdock_signature::EpochMillis;

use crate::delivery::object_key::ObjectKey;
use crate::delivery::pack::Pack;
use crate::delivery::reference::Reference;
use crate::ledger::dead_letter::DeadLetter;
use crate::model::port_error::PortError;
use crate::model::system::System;
use crate::ports::{Deliveries, Messages};
use crate::testing::example::RECEIVED_AT;

/// A clock that only moves between attempts, and numbers that repeat from trial to trial.
#[derive(Debug, Clone)]
pub(super) struct Clock(Arc<Hands>);

#[derive(Debug)]
struct Hands {
    now: AtomicI64,
    drawn: AtomicU64,
}

impl Clock {
    pub(super) fn new() -> Self {
        let now = AtomicI64::new(RECEIVED_AT.get());
        Self(Arc::new(Hands { now, drawn: AtomicU64::new(0) }))
    }

    pub(super) fn advance(&self, time: Duration) {
        self.0.now.store(self.now().plus(time).get(), Ordering::Relaxed);
    }
}

impl System for Clock {
    fn now(&self) -> EpochMillis {
        EpochMillis::new(self.0.now.load(Ordering::Relaxed))
    }

    /// Nothing is cut off here.
    fn sleep(&self, _: Duration) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

    fn random(&self) -> u128 {
        u128::from(self.0.drawn.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }
}

/// The stored delivery of the example.
#[derive(Debug, Clone)]
pub(super) struct OneDelivery(pub(super) Bytes);

impl Deliveries for OneDelivery {
    async fn read(&self, _: &ObjectKey) -> Result<Option<Bytes>, PortError> {
        Ok(Some(self.0.clone()))
    }

    async fn pack(&self, _: &Pack) -> Result<(), PortError> {
        Ok(())
    }
}

/// Remembers for how long the message was put off.
#[derive(Debug, Clone, Default)]
pub(super) struct FakeQueue(Arc<AtomicU64>);

impl FakeQueue {
    /// How long, since it was asked last.
    pub(super) fn hidden_for(&self) -> Duration {
        Duration::from_millis(self.0.swap(0, Ordering::Relaxed))
    }
}

impl Messages for FakeQueue {
    async fn change_visibility(&self, _: &str, wait: Duration) -> Result<(), PortError> {
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.0.store(millis, Ordering::Relaxed);
        Ok(())
    }

    async fn send_items(&self, _: &[Reference], _: Option<&str>) -> Result<Vec<usize>, PortError> {
        Ok(Vec::new())
    }

    async fn dead_letter(&self, _: &DeadLetter) -> Result<(), PortError> {
        Ok(())
    }
}

//! A queue that stores what is sent.

use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::endpoint::Store;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::WorkQueue;

use super::message::attributes;
use super::tables::Queue;
use crate::Embedded;
use crate::store::OBJECTS;

/// The work queue with the archive in it: a delivery and its message are in one commit, and its
/// sender waits for one sync.
#[derive(Debug, Clone)]
pub struct Intake<S>(Embedded<S>);

impl<S> Embedded<S> {
    /// The way in where archive and queue need not be told apart.
    #[must_use]
    pub fn intake(self) -> Intake<S> {
        Intake(self)
    }
}

impl<S: System> WorkQueue for Intake<S> {
    const STORES: bool = true;

    async fn send(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        let local = &self.0;
        let (message, now) = (delivery.message().to_owned(), local.system.now());
        let attributes = attributes(delivery.reference());
        let stored = (delivery.store() == Store::Object)
            .then(|| (delivery.reference().object.clone(), delivery.object().clone()));
        local
            .store
            .write("store and queue the delivery", move |transaction| {
                if let Some((key, object)) = stored {
                    transaction.open_table(OBJECTS)?.insert(key.as_str(), object.as_ref())?;
                }
                Queue::open(transaction)?.add(message, attributes, now)
            })
            .await?;
        local.work.notify_one();
        Ok(())
    }
}

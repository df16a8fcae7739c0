//! The way in where archive and queue need not be told apart.

use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::endpoint::Store;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::{Archive as _, Conditional, Intake};

use super::message::attributes;
use super::tables::Queue;
use crate::Embedded;
use crate::store::OBJECTS;

impl<S: System> Intake for Embedded<S> {
    /// A delivery and its message are in one commit, and its sender waits for one sync.
    async fn accept(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        let (message, now) = (delivery.message().to_owned(), self.system.now());
        let attributes = attributes(delivery.reference());
        let stored = (delivery.store() == Store::Object)
            .then(|| (delivery.reference().object.clone(), delivery.object().clone()));
        self.store
            .write("store and queue the delivery", move |transaction| {
                if let Some((key, object)) = stored {
                    transaction.open_table(OBJECTS)?.insert(key.as_str(), object.as_ref())?;
                }
                Queue::open(transaction)?.add(message, attributes, now)
            })
            .await?;
        self.work.notify_one();
        Ok(())
    }

    async fn keep_once(&self, delivery: &SealedDelivery) -> Result<Conditional<()>, PortError> {
        self.put_once(delivery).await
    }
}

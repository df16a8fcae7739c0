//! The ports of the queue.

use std::time::Duration;

use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::ledger::dead_letter::DeadLetter;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::{Messages, WorkQueue};

use super::message::{DeadMessage, attributes};
use super::tables::{Queue, add_dead_letter};
use crate::Embedded;

impl<S: System> WorkQueue for Embedded<S> {
    async fn send(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        let attributes = attributes(delivery.reference());
        self.enqueue(delivery.message().to_owned(), attributes).await
    }
}

impl<S: System> Messages for Embedded<S> {
    async fn change_visibility(&self, receipt: &str, wait: Duration) -> Result<(), PortError> {
        let seconds = Duration::from_secs(wait.as_millis().div_ceil(1000).try_into().unwrap_or(0));
        let (receipt, until) = (receipt.to_owned(), self.system.now().plus(seconds));
        self.store
            .write("put off the message", move |transaction| {
                let mut queue = Queue::open(transaction)?;
                match queue.held(&receipt)? {
                    Some((number, stored)) => queue.show(number, &stored, until),
                    None => Ok(()),
                }
            })
            .await
    }

    async fn send_items(
        &self,
        references: &[Reference],
        _trace: Option<&str>,
    ) -> Result<Vec<usize>, PortError> {
        const SEND: &str = "queue the items of a delivery";
        let messages = references.iter().map(|reference| {
            let body = reference.to_json().map_err(PortError::invalid(SEND))?;
            Ok((body, attributes(reference)))
        });
        let (messages, now) = (messages.collect::<Result<Vec<_>, _>>()?, self.system.now());
        self.store
            .write(SEND, move |transaction| {
                let mut queue = Queue::open(transaction)?;
                let mut messages = messages.into_iter();
                messages.try_for_each(|(body, attributes)| queue.add(body, attributes, now))
            })
            .await?;
        self.work.notify_one();
        Ok(Vec::new())
    }

    async fn dead_letter(&self, dead_letter: &DeadLetter) -> Result<(), PortError> {
        let attributes = dead_letter.attributes.iter();
        let dead = DeadMessage {
            body: dead_letter.body.clone(),
            attributes: attributes
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        };
        self.store
            .write("send the dead letter", move |transaction| add_dead_letter(transaction, &dead))
            .await
    }
}

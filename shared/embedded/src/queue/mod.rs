//! The work queue and its dead letters.

mod intake;
mod tables;

use std::time::Duration;

use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::ledger::dead_letter::DeadLetter;
use hookdock_pipeline::model::port_error::{FaultKind, PortError};
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::{Messages, WorkQueue};
use hookdock_signature::EpochMillis;
pub use intake::Intake;
use redb::ReadableTable as _;
use serde::{Deserialize, Serialize};

use crate::Embedded;
use crate::queue::tables::{Queue, bury, groups, receive, redrive};
use crate::store::{LETTERS, MESSAGES, VISIBLE, from_bytes};

/// A message that was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The handle to put it off or delete it with.
    pub receipt: String,
    /// Its body.
    pub body: String,
    /// Named texts, readable beside the body.
    pub attributes: Vec<(String, String)>,
    /// How often it was handed out, this time included.
    pub receives: u32,
    /// When it was queued.
    pub sent_at: EpochMillis,
}

/// A dead letter as it lies in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buried {
    /// Its body.
    pub body: String,
    /// Named texts, readable beside the body.
    pub attributes: Vec<(String, String)>,
}

impl<S: System> WorkQueue for Embedded<S> {
    async fn send(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        let attributes = attributes(delivery.reference());
        self.enqueue(delivery.message().to_owned(), attributes).await
    }
}

impl<S: System> Messages for Embedded<S> {
    async fn put_off(&self, receipt: &str, wait: Duration) -> Result<(), PortError> {
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
            let body = reference
                .to_json()
                .map_err(|error| PortError::new(SEND, FaultKind::Invalid).because(error))?;
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

    async fn bury(&self, letter: &DeadLetter) -> Result<(), PortError> {
        let attributes = letter.attributes.iter();
        let buried = Buried {
            body: letter.body.clone(),
            attributes: attributes
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        };
        self.store.write("bury the message", move |transaction| bury(transaction, &buried)).await
    }
}

impl<S: System> Embedded<S> {
    /// Queues a message as it is, as anyone with access to a real queue could.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub async fn enqueue(
        &self,
        body: String,
        attributes: Vec<(String, String)>,
    ) -> Result<(), PortError> {
        let now = self.system.now();
        self.store
            .write("queue the message", move |transaction| {
                Queue::open(transaction)?.add(body, attributes, now)
            })
            .await?;
        self.work.notify_one();
        Ok(())
    }

    /// Hands out up to that many visible messages and hides them, those of each endpoint by turns.
    /// A message that was handed out too often becomes a dead letter instead.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub async fn receive(&self, most: usize) -> Result<Vec<Message>, PortError> {
        let (now, settings) = (self.system.now(), self.queue);
        // Looking costs nothing; a write waits for the disk.
        if most == 0 || self.next_visible()?.is_none_or(|time| now < time) {
            return Ok(Vec::new());
        }
        self.store
            .write("receive messages", move |transaction| receive(transaction, most, now, settings))
            .await
    }

    /// Deletes a message that is done with. A receipt that is not the latest does nothing.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub async fn delete(&self, receipt: &str) -> Result<(), PortError> {
        let receipt = receipt.to_owned();
        self.store
            .write("delete the message", move |transaction| {
                let mut queue = Queue::open(transaction)?;
                match queue.held(&receipt)? {
                    Some((number, stored)) => queue.remove(number, &stored),
                    None => Ok(()),
                }
            })
            .await
    }

    /// Waits until a message may be visible, at most that long.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub async fn wait_for_work(&self, most: Duration) -> Result<(), PortError> {
        let next = self.next_visible()?;
        let wait = next.map_or(most, |time| self.system.now().until(time).min(most));
        tokio::select! {
            () = self.work.notified() => {}
            () = self.system.sleep(wait) => {}
        }
        Ok(())
    }

    /// When the first message is visible, or was.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub fn next_visible(&self) -> Result<Option<EpochMillis>, PortError> {
        self.store.read("look for messages", |snapshot| {
            let groups = groups(&snapshot.open_table(VISIBLE)?)?;
            Ok(groups.into_iter().map(|(_, at)| EpochMillis::new(at)).min())
        })
    }

    /// How many messages there are, visible or hidden.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub fn backlog(&self) -> Result<u64, PortError> {
        use redb::ReadableTableMetadata as _;
        self.store
            .read("count the messages", |snapshot| Ok(snapshot.open_table(MESSAGES)?.len()?))
    }

    /// The dead letters, oldest first.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub fn dead_letters(&self) -> Result<Vec<Buried>, PortError> {
        self.store.read("read the dead letters", |snapshot| {
            let letters = snapshot.open_table(LETTERS)?;
            letters.iter()?.map(|entry| from_bytes(entry?.1.value())).collect()
        })
    }

    /// Moves every dead letter back into the queue, as a redrive does.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub async fn redrive(&self) -> Result<(), PortError> {
        let now = self.system.now();
        self.store
            .write("move the dead letters", move |transaction| redrive(transaction, now))
            .await?;
        self.work.notify_one();
        Ok(())
    }
}

fn attributes(reference: &Reference) -> Vec<(String, String)> {
    let attributes = reference.attributes();
    attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

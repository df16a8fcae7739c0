//! What SQS offers beside the ports: messages are received and deleted, and dead letters moved back.

use std::time::Duration;

use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::model::system::System;
use hookdock_signature::EpochMillis;
use redb::{ReadableTable as _, ReadableTableMetadata as _};

use super::message::{DeadMessage, Message};
use super::tables::{Queue, groups, receive, redrive};
use crate::Embedded;
use crate::store::{DEAD_LETTERS, MESSAGES, VISIBLE, from_bytes};

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
        // A read costs nothing; a write waits for the disk.
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
        self.store
            .read("count the messages", |snapshot| Ok(snapshot.open_table(MESSAGES)?.len()?))
    }

    /// The dead letters, oldest first.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub fn dead_letters(&self) -> Result<Vec<DeadMessage>, PortError> {
        self.store.read("read the dead letters", |snapshot| {
            let dead_letters = snapshot.open_table(DEAD_LETTERS)?;
            dead_letters.iter()?.map(|entry| from_bytes(entry?.1.value())).collect()
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

//! The work queue and its dead letters.

use std::time::Duration;

use hookdock_pipeline::dead_letter::DeadLetter;
use hookdock_pipeline::fault::{FaultKind, PortError};
use hookdock_pipeline::ports::{Messages, System, WorkQueue};
use hookdock_pipeline::reference::Reference;
use hookdock_pipeline::sealed::SealedDelivery;
use hookdock_signature::EpochMillis;
use redb::{ReadableTable, Table, WriteTransaction};
use serde::{Deserialize, Serialize};

use crate::store::{LETTERS, MESSAGES, NUMBERS, StoreError, VISIBLE, from_bytes, to_bytes};
use crate::{Embedded, QueueSettings};

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

/// A message as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stored {
    body: String,
    attributes: Vec<(String, String)>,
    visible_at_ms: i64,
    receives: u32,
    sent_at_ms: i64,
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

    /// Hands out up to that many visible messages and hides them. A message that was handed out
    /// too often becomes a dead letter instead.
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
            let visible = snapshot.open_table(VISIBLE)?;
            Ok(visible.first()?.map(|(key, _)| EpochMillis::new(key.value().0)))
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

/// The two tables of the queue inside a transaction. A message is in both, always.
struct Queue<'t> {
    transaction: &'t WriteTransaction,
    messages: Table<'t, u64, &'static [u8]>,
    visible: Table<'t, (i64, u64), ()>,
}

impl<'t> Queue<'t> {
    fn open(transaction: &'t WriteTransaction) -> Result<Self, StoreError> {
        Ok(Self {
            transaction,
            messages: transaction.open_table(MESSAGES)?,
            visible: transaction.open_table(VISIBLE)?,
        })
    }

    /// Adds a message that is visible from now on.
    fn add(
        &mut self,
        body: String,
        attributes: Vec<(String, String)>,
        now: EpochMillis,
    ) -> Result<(), StoreError> {
        let number = next_number(self.transaction)?;
        let now_ms = now.get();
        let stored =
            Stored { body, attributes, visible_at_ms: now_ms, receives: 0, sent_at_ms: now_ms };
        self.show(number, &stored, now)
    }

    /// The message a receipt stands for, if the receipt is the latest.
    fn held(&self, receipt: &str) -> Result<Option<(u64, Stored)>, StoreError> {
        let Some((number, receives)) = parse_receipt(receipt) else {
            return Ok(None);
        };
        let stored = self.messages.get(number)?.map(|bytes| from_bytes::<Stored>(bytes.value()));
        let stored = stored.transpose()?.filter(|stored| stored.receives == receives);
        Ok(stored.map(|stored| (number, stored)))
    }

    /// Writes the message, visible from that time on.
    fn show(&mut self, number: u64, stored: &Stored, at: EpochMillis) -> Result<(), StoreError> {
        self.visible.remove((stored.visible_at_ms, number))?;
        let shown = Stored { visible_at_ms: at.get(), ..stored.clone() };
        self.visible.insert((at.get(), number), ())?;
        self.messages.insert(number, to_bytes(&shown)?.as_slice())?;
        Ok(())
    }

    fn remove(&mut self, number: u64, stored: &Stored) -> Result<(), StoreError> {
        self.visible.remove((stored.visible_at_ms, number))?;
        self.messages.remove(number)?;
        Ok(())
    }

    /// The numbers of visible messages, those that waited longest first.
    fn due(&self, now: EpochMillis, most: usize) -> Result<Vec<u64>, StoreError> {
        let due = self.visible.range(..=(now.get(), u64::MAX))?.take(most);
        due.map(|entry| Ok(entry?.0.value().1)).collect()
    }
}

fn receive(
    transaction: &WriteTransaction,
    most: usize,
    now: EpochMillis,
    settings: QueueSettings,
) -> Result<Vec<Message>, StoreError> {
    let mut queue = Queue::open(transaction)?;
    let mut messages = Vec::new();
    for number in queue.due(now, most)? {
        let Some(bytes) = queue.messages.get(number)?.map(|bytes| bytes.value().to_vec()) else {
            continue;
        };
        let mut stored: Stored = from_bytes(&bytes)?;
        if stored.receives >= settings.max_receives {
            queue.remove(number, &stored)?;
            let Stored { body, attributes, .. } = stored;
            bury(transaction, &Buried { body, attributes })?;
            continue;
        }
        stored.receives = stored.receives.saturating_add(1);
        queue.show(number, &stored, now.plus(settings.visibility))?;
        let Stored { body, attributes, receives, sent_at_ms, .. } = stored;
        messages.push(Message {
            receipt: format!("{number}:{receives}"),
            body,
            attributes,
            receives,
            sent_at: EpochMillis::new(sent_at_ms),
        });
    }
    Ok(messages)
}

fn bury(transaction: &WriteTransaction, letter: &Buried) -> Result<(), StoreError> {
    let number = next_number(transaction)?;
    let mut letters = transaction.open_table(LETTERS)?;
    letters.insert(number, to_bytes(letter)?.as_slice())?;
    Ok(())
}

fn redrive(transaction: &WriteTransaction, now: EpochMillis) -> Result<(), StoreError> {
    let mut queue = Queue::open(transaction)?;
    let mut letters = transaction.open_table(LETTERS)?;
    while let Some((_, letter)) = letters.pop_first()? {
        let Buried { body, attributes } = from_bytes(letter.value())?;
        queue.add(body, attributes, now)?;
    }
    Ok(())
}

fn next_number(transaction: &WriteTransaction) -> Result<u64, StoreError> {
    let mut numbers = transaction.open_table(NUMBERS)?;
    let next = numbers.get(())?.map_or(0, |last| last.value()).saturating_add(1);
    numbers.insert((), next)?;
    Ok(next)
}

fn parse_receipt(receipt: &str) -> Option<(u64, u32)> {
    let (number, receives) = receipt.split_once(':')?;
    Some((number.parse().ok()?, receives.parse().ok()?))
}

fn attributes(reference: &Reference) -> Vec<(String, String)> {
    let attributes = reference.attributes();
    attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

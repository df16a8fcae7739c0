//! The queue's tables.

use std::ops::Bound;

use hookdock_signature::EpochMillis;
use redb::{ReadableTable, Table, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::message::{DeadMessage, Message};
use crate::QueueSettings;
use crate::store::{
    DEAD_LETTERS, LAST_GROUP, MESSAGES, NUMBERS, StoreError, VISIBLE, from_bytes, to_bytes,
};

/// A message as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stored {
    body: String,
    attributes: Vec<(String, String)>,
    visible_at_ms: i64,
    receives: u32,
    sent_at_ms: i64,
    /// A worker has it, and has neither put it off nor deleted it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    in_flight: bool,
}

impl Stored {
    /// The endpoint. Messages of one group wait for each other, and for those of no other group.
    fn group(&self) -> &str {
        let endpoint = self.attributes.iter().find(|(name, _)| name == "endpoint");
        endpoint.map_or("", |(_, endpoint)| endpoint)
    }
}

/// The two tables of the queue inside a transaction. A message is in both, always.
pub(super) struct Queue<'t> {
    transaction: &'t WriteTransaction,
    messages: Table<'t, u64, &'static [u8]>,
    visible: Table<'t, (&'static str, i64, u64), ()>,
}

impl<'t> Queue<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, StoreError> {
        Ok(Self {
            transaction,
            messages: transaction.open_table(MESSAGES)?,
            visible: transaction.open_table(VISIBLE)?,
        })
    }

    /// Adds a message that is visible from now on.
    pub(super) fn add(
        &mut self,
        body: String,
        attributes: Vec<(String, String)>,
        now: EpochMillis,
    ) -> Result<(), StoreError> {
        let number = next_number(self.transaction)?;
        let now_ms = now.get();
        let stored = Stored {
            body,
            attributes,
            visible_at_ms: now_ms,
            receives: 0,
            sent_at_ms: now_ms,
            in_flight: false,
        };
        self.put(number, &stored)
    }

    /// The message a receipt stands for, if the receipt is the latest.
    pub(super) fn held(&self, receipt: &str) -> Result<Option<(u64, Stored)>, StoreError> {
        let Some((number, receives)) = parse_receipt(receipt) else {
            return Ok(None);
        };
        let stored = self.messages.get(number)?.map(|bytes| from_bytes::<Stored>(bytes.value()));
        let stored = stored.transpose()?.filter(|stored| stored.receives == receives);
        Ok(stored.map(|stored| (number, stored)))
    }

    /// Writes the message that nobody works on, visible from that time on.
    pub(super) fn show(
        &mut self,
        number: u64,
        stored: &Stored,
        at: EpochMillis,
    ) -> Result<(), StoreError> {
        self.hide(number, &Stored { in_flight: false, ..stored.clone() }, at)
    }

    /// Writes the message, hidden until that time.
    fn hide(&mut self, number: u64, stored: &Stored, until: EpochMillis) -> Result<(), StoreError> {
        self.visible.remove((stored.group(), stored.visible_at_ms, number))?;
        self.put(number, &Stored { visible_at_ms: until.get(), ..stored.clone() })
    }

    fn show_in_flight(&mut self, now: EpochMillis) -> Result<Vec<String>, StoreError> {
        let mut bodies = Vec::new();
        for number in self.hidden(now)? {
            let stored = self.messages.get(number)?.map(|bytes| from_bytes(bytes.value()));
            let stored: Option<Stored> = stored.transpose()?;
            if let Some(stored) = stored.filter(|stored| stored.in_flight) {
                self.show(number, &stored, now)?;
                bodies.push(stored.body);
            }
        }
        Ok(bodies)
    }

    fn hidden(&self, now: EpochMillis) -> Result<Vec<u64>, StoreError> {
        let mut hidden = Vec::new();
        for entry in self.visible.iter()? {
            let (_, at, number) = entry?.0.value();
            if now.get() < at {
                hidden.push(number);
            }
        }
        Ok(hidden)
    }

    fn put(&mut self, number: u64, stored: &Stored) -> Result<(), StoreError> {
        self.visible.insert((stored.group(), stored.visible_at_ms, number), ())?;
        self.messages.insert(number, to_bytes(stored)?.as_slice())?;
        Ok(())
    }

    pub(super) fn remove(&mut self, number: u64, stored: &Stored) -> Result<(), StoreError> {
        self.visible.remove((stored.group(), stored.visible_at_ms, number))?;
        self.messages.remove(number)?;
        Ok(())
    }

    /// The numbers of visible messages: one of each group in turn, and of a group the one that
    /// waited longest. The first turn is that of the group after the one that had the last turn.
    fn due(&self, now: EpochMillis, most: usize) -> Result<Vec<u64>, StoreError> {
        let mut last = self.transaction.open_table(LAST_GROUP)?;
        let mut groups = groups(&self.visible)?;
        if let Some(last) = last.get(())? {
            let served = groups.partition_point(|(group, _)| group.as_str() <= last.value());
            groups.rotate_left(served);
        }
        let mut due = Vec::new();
        for (place, (group, _)) in groups.iter().enumerate() {
            let visible = (group.as_str(), i64::MIN, 0)..=(group.as_str(), now.get(), u64::MAX);
            for (turn, entry) in self.visible.range(visible)?.take(most).enumerate() {
                due.push((turn, place, entry?.0.value().2));
            }
        }
        due.sort_unstable();
        due.truncate(most);
        if let Some((group, _)) = due.last().and_then(|(_, place, _)| groups.get(*place)) {
            last.insert((), group.as_str())?;
        }
        Ok(due.into_iter().map(|(.., number)| number).collect())
    }
}

/// The groups that have messages, and from when on the first of each is visible.
pub(super) fn groups(
    visible: &impl ReadableTable<(&'static str, i64, u64), ()>,
) -> Result<Vec<(String, i64)>, StoreError> {
    let mut groups = Vec::new();
    let mut first = visible.first()?;
    while let Some((key, _)) = first {
        let (group, at, _) = key.value();
        let beyond = Bound::Excluded((group, i64::MAX, u64::MAX));
        first = visible.range((beyond, Bound::Unbounded))?.next().transpose()?;
        groups.push((group.to_owned(), at));
    }
    Ok(groups)
}

/// Takes up to `most` visible messages and hides them; one that was received too often becomes a
/// dead letter.
pub(super) fn receive(
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
            add_dead_letter(transaction, &DeadMessage { body, attributes })?;
            continue;
        }
        stored.receives = stored.receives.saturating_add(1);
        stored.in_flight = true;
        queue.hide(number, &stored, now.plus(settings.visibility))?;
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

/// Shows every message that a worker has, as if all workers had died; their bodies.
pub(crate) fn show_in_flight(
    transaction: &WriteTransaction,
    now: EpochMillis,
) -> Result<Vec<String>, StoreError> {
    Queue::open(transaction)?.show_in_flight(now)
}

/// Adds a dead letter with a number of its own.
pub(super) fn add_dead_letter(
    transaction: &WriteTransaction,
    dead_letter: &DeadMessage,
) -> Result<(), StoreError> {
    let number = next_number(transaction)?;
    let mut dead_letters = transaction.open_table(DEAD_LETTERS)?;
    dead_letters.insert(number, to_bytes(dead_letter)?.as_slice())?;
    Ok(())
}

/// Moves all dead letters back into the queue.
pub(super) fn redrive(transaction: &WriteTransaction, now: EpochMillis) -> Result<(), StoreError> {
    let mut queue = Queue::open(transaction)?;
    let mut dead_letters = transaction.open_table(DEAD_LETTERS)?;
    while let Some((_, dead_letter)) = dead_letters.pop_first()? {
        let DeadMessage { body, attributes } = from_bytes(dead_letter.value())?;
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

//! One job for the event of one message, and how far an event got.

use std::time::Duration;

use bytes::Bytes;
use futures_util::lock::Mutex;
use hookdock_signature::EpochMillis;

use crate::delivery::reference::Reference;
use crate::job::Job;
use crate::model::failure::Failure;

/// One job for the event of one message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) job: &'a Job,
    pub(super) reference: &'a Reference,
    pub(super) stored: &'a Prefetched,
    pub(super) message: &'a Received,
    /// With less time than that, an attempt is left to another worker.
    pub(super) least: Duration,
}

/// How far an event got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Finished,
    Later(Duration),
}

impl Progress {
    /// An event is finished when all its runs are, and comes back for the first that is due.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Finished, other) | (other, Self::Finished) => other,
            (Self::Later(one), Self::Later(other)) => Self::Later(one.min(other)),
        }
    }
}

/// The stored delivery of a message, or why it was not read, as far as that is known.
#[derive(Debug)]
pub(super) struct Prefetched(pub(super) Mutex<Option<Result<Bytes, Failure>>>);

impl Prefetched {
    /// What the message brought along need not be read.
    pub(super) fn of(brought: Option<&Bytes>) -> Self {
        Self(Mutex::new(brought.cloned().map(Ok)))
    }
}

/// One message as it came from the queue.
#[derive(Debug, Clone)]
pub struct Received {
    /// What should be a reference, or a delivery.
    pub body: String,
    /// The handle to put the message off with.
    pub receipt: String,
    /// How often the queue handed it out, this time included.
    pub receives: u32,
    /// When it was sent to the queue.
    pub sent_at: EpochMillis,
    /// When this worker is stopped.
    pub deadline: EpochMillis,
}

/// What the queue is to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Delete it.
    Finished,
    /// Deliver it again.
    Again,
}

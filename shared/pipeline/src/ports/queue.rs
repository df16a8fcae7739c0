//! The way to the processor and back.

use std::time::Duration;

use crate::delivery::reference::Reference;
use crate::delivery::sealed::SealedDelivery;
use crate::ledger::dead_letter::DeadLetter;
use crate::model::port_error::PortError;

/// The way to the processor. Only a sealed delivery has a message to send.
pub trait WorkQueue: Send + Sync {
    /// Queues the delivery's message; when this returns `Ok` it is durable.
    fn send(&self, delivery: &SealedDelivery)
    -> impl Future<Output = Result<(), PortError>> + Send;
}

/// How many references are sent in one call: what SQS takes (`SendMessageBatch`, read 2026-11).
/// A reference is far below the tenth of a mebibyte that this leaves for each.
pub const MOST_AT_ONCE: usize = 10;

/// What the processor does with a message that it cannot finish now.
pub trait Messages: Send + Sync {
    /// Hides the message for that long, counted from now and in whole seconds.
    fn change_visibility(
        &self,
        receipt: &str,
        wait: Duration,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Queues references to the items of a delivery, at most [`MOST_AT_ONCE`], and returns the
    /// places of those that were not taken. On an error any of them may have been.
    fn send_items(
        &self,
        references: &[Reference],
        trace: Option<&str>,
    ) -> impl Future<Output = Result<Vec<usize>, PortError>> + Send;

    /// Sends a message to the dead-letter queue.
    fn dead_letter(
        &self,
        dead_letter: &DeadLetter,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}

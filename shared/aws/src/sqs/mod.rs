//! The queues in SQS: deliveries to process, and dead letters.
//!
//! Ingest sends deliveries and is built without the SDK; everything else needs it.

#[cfg(feature = "sdk")]
mod messages;
mod queue;

#[cfg(feature = "sdk")]
pub use messages::SqsMessages;
pub use queue::SqsQueue;

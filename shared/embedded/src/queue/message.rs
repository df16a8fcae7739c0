//! Messages and dead letters as they are read.

use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::process::Received;
use hookdock_signature::EpochMillis;
use serde::{Deserialize, Serialize};

/// A message that was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The handle that hides it for longer or deletes it.
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

impl Message {
    /// The message as the processor takes it, with time until `deadline`.
    #[must_use]
    pub fn received(&self, deadline: EpochMillis) -> Received {
        Received {
            body: self.body.clone(),
            receipt: self.receipt.clone(),
            receives: self.receives,
            sent_at: self.sent_at,
            deadline,
        }
    }
}

/// A dead letter, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadMessage {
    /// Its body.
    pub body: String,
    /// Named texts, readable beside the body.
    pub attributes: Vec<(String, String)>,
}

/// The attributes of the message that carries this reference.
pub(super) fn attributes(reference: &Reference) -> Vec<(String, String)> {
    let attributes = reference.attributes();
    attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

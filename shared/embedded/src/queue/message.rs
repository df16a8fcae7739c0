//! Messages and dead letters as they are read.

use hookdock_pipeline::delivery::reference::Reference;
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

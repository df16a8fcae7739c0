//! A verified delivery made ready for the archive and the queue.

use bytes::Bytes;
use derive_more::Debug;
use getset::{CopyGetters, Getters};

use crate::delivery::events::Contents;
use crate::delivery::message as inline;
use crate::delivery::object_key::ObjectKey;
use crate::delivery::reference::Reference;
use crate::delivery::stored::StoredDelivery;
use crate::delivery::verified::VerifiedDelivery;
use crate::endpoint::{Endpoint, Store};
use crate::model::trace::Trace;

/// What is written for one verified delivery: the object, and the message, which refers to it or
/// holds it.
#[derive(Clone, Debug, Getters, CopyGetters)]
// The object holds what a sender wrote, and stays out of logs.
#[debug("SealedDelivery({store:?}, {reference:?}, object_bytes: {})", object.len())]
pub struct SealedDelivery {
    /// Whether the object is to be stored, or the message holds it. One that does not fit into a
    /// message is stored, whatever its endpoint says.
    #[getset(get_copy = "pub")]
    store: Store,
    /// The object to store.
    #[getset(get = "pub")]
    object: Bytes,
    message: String,
    /// The reference. That of a delivery which its message holds names the object that it would
    /// be, had it been stored.
    #[getset(get = "pub")]
    reference: Reference,
    trace: Option<Trace>,
}

/// Everything but the body seldom takes more than this, in bytes.
const ENVELOPE: usize = 4096;

/// The object, in a buffer that rarely has to grow: to grow is to copy, and with a large body to
/// hold it twice. What is not written to takes no memory.
fn written(delivery: &StoredDelivery<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let body = delivery.body.len();
    let mut object = Vec::with_capacity(body + body / 2 + ENVELOPE);
    serde_json::to_writer(&mut object, delivery)?;
    Ok(object)
}

impl SealedDelivery {
    /// Seals a delivery. There is no other way to make one.
    ///
    /// # Errors
    ///
    /// The stored form cannot be written, which no delivery is known to cause; it must end in a
    /// refusal all the same, never in an empty object.
    pub fn of(delivery: &VerifiedDelivery) -> Result<Self, serde_json::Error> {
        let raw = delivery.raw();
        let contents = Contents::of(delivery);
        let object_key = match delivery.endpoint().direct() {
            Some(_) => ObjectKey::direct(&raw.endpoint, &contents.event.key),
            None => ObjectKey::of(&raw.endpoint, &raw.id, raw.received_at),
        };
        let stored = StoredDelivery::of(delivery, &contents);
        let reference = Reference::of(&stored, contents.part, object_key);
        let object = written(&stored)?;
        let (store, message) = match inline(delivery.endpoint(), &object, &reference) {
            Some(message) => (Store::Inline, message),
            None => (Store::Object, reference.to_json()?),
        };
        Ok(Self {
            store,
            object: object.into(),
            message,
            reference,
            trace: raw.incoming.trace.clone(),
        })
    }

    /// The message to queue: the reference, written, or the delivery itself.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The reference, when the rest is stored and queued.
    #[must_use]
    pub fn into_reference(self) -> Reference {
        self.reference
    }

    /// The trace to pass on.
    #[must_use]
    pub fn trace(&self) -> Option<&Trace> {
        self.trace.as_ref()
    }
}

/// The message that holds the delivery, where its endpoint wants that and it fits.
fn inline(endpoint: &Endpoint, object: &[u8], reference: &Reference) -> Option<String> {
    match endpoint.store() {
        Store::Object => None,
        Store::Inline => inline::written(str::from_utf8(object).ok()?, reference),
    }
}

//! A delivery that travels in its message, for endpoints with [`Store::Inline`].
//!
//! [`Store::Inline`]: crate::endpoint::Store::Inline

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use hookdock_signature::EpochMillis;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::delivery::object_key::ObjectKey;
use crate::delivery::part::{Batch, Part};
use crate::delivery::reference::{MessageKind, Reference};
use crate::delivery::stored::StoredDelivery;
use crate::model::names::DeliveryId;
use crate::model::versioned;
use crate::model::versioned::{Unreadable, Versioned};

/// The longest message that holds a delivery, its attributes included: SQS bills each 64 KiB as a
/// request (SQS pricing, read 2026-11).
pub const LONGEST_MESSAGE_BYTES: usize = 64 * 1024;

/// The version of a message that holds a delivery. This code reads no other.
const VERSION: u32 = 1;

/// What SQS counts for an attribute besides its name and its value: the type, `String`.
const TYPE_BYTES: usize = 6;

/// What a message of the queue holds.
#[derive(Debug)]
pub(crate) enum Message {
    /// A reference to a delivery that is stored.
    Reference(Box<Reference>),
    /// The delivery itself.
    Inline(Arc<Inline>),
}

/// A delivery that came in its message.
pub(crate) struct Inline {
    /// Its stored form, on one line.
    stored: Bytes,
    /// What a reference to it would be, had it an object of its own.
    unpacked: Reference,
}

/// What is read of a message before anything else: its kind decides how the rest is read.
#[derive(Deserialize)]
struct Head<'a> {
    version: u32,
    kind: MessageKind,
    #[serde(borrow, default)]
    delivery: Option<&'a RawValue>,
}

impl Versioned for Head<'_> {
    const NEWEST: u32 = VERSION;

    fn version(&self) -> u32 {
        self.version
    }
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// It is neither of the two, or of a version that this code does not know.
    pub(crate) fn parse(body: &str) -> Result<Self, Unreadable> {
        let head: Head<'_> = versioned::read(body.as_bytes())?;
        match (head.kind, head.delivery) {
            (MessageKind::Delivery, Some(delivery)) => {
                Ok(Self::Inline(Arc::new(Inline::parse(delivery.get())?)))
            }
            (MessageKind::Delivery, None) => Err(Unreadable::Form { line: 0, column: 0 }),
            (MessageKind::Reference, _) => Ok(Self::Reference(Box::new(Reference::parse(body)?))),
        }
    }

    /// The delivery it is about.
    pub(crate) fn delivery_id(&self) -> &DeliveryId {
        match self {
            Self::Reference(reference) => &reference.delivery_id,
            Self::Inline(inline) => inline.delivery_id(),
        }
    }
}

impl Inline {
    fn parse(delivery: &str) -> Result<Self, Unreadable> {
        let stored: StoredDelivery<'_> = versioned::read(delivery.as_bytes())?;
        Ok(Self { unpacked: unpacked(&stored), stored: one_line(delivery).into_owned().into() })
    }

    pub(crate) fn delivery_id(&self) -> &DeliveryId {
        &self.unpacked.delivery_id
    }

    /// Its stored form, on one line.
    pub(crate) fn stored(&self) -> &Bytes {
        &self.stored
    }

    /// What is known of it without saying where it is.
    pub(crate) fn unpacked(&self) -> &Reference {
        &self.unpacked
    }

    /// The reference to it, once it is in that pack.
    pub(crate) fn packed(&self, pack: ObjectKey) -> Reference {
        Reference { object: pack, ..self.unpacked.clone() }
    }
}

impl fmt::Debug for Inline {
    /// What a sender wrote stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inline").field("unpacked", &self.unpacked).finish_non_exhaustive()
    }
}

/// The message that holds a delivery. `None`: it would be too long, or the delivery has to be
/// stored first because it will be taken apart.
pub(crate) fn written(stored: &str, reference: &Reference) -> Option<String> {
    if matches!(reference.part, Part::Batch(_)) || stored.len() > LONGEST_MESSAGE_BYTES {
        return None;
    }
    let message =
        format!(r#"{{"version":{VERSION},"kind":"delivery","delivery":{}}}"#, sendable(stored));
    let attributes = reference.attributes();
    let attributes = attributes.map(|(name, value)| name.len() + TYPE_BYTES + value.len());
    (message.len() + attributes.sum::<usize>() <= LONGEST_MESSAGE_BYTES).then_some(message)
}

/// The JSON without the characters that SQS refuses. The control characters among them are
/// escaped in any JSON; these two can only be inside a text, where they may be.
fn sendable(json: &str) -> Cow<'_, str> {
    if json.contains('\u{fffe}') || json.contains('\u{ffff}') {
        json.replace('\u{fffe}', r"\ufffe").replace('\u{ffff}', r"\uffff").into()
    } else {
        json.into()
    }
}

/// In JSON a line ends only between two tokens. Ours have none, and a person may have edited it.
fn one_line(json: &str) -> Cow<'_, str> {
    if json.contains(['\n', '\r']) { json.replace(['\n', '\r'], " ").into() } else { json.into() }
}

/// What a reference to it would be, had it an object of its own.
fn unpacked(stored: &StoredDelivery<'_>) -> Reference {
    let received_at = EpochMillis::new(stored.received_at.as_millisecond());
    let part = match stored.items.as_slice() {
        [] => Part::Whole,
        [only] => Part::Item(only.item.clone()),
        several => Part::Batch(Batch { items: several.len(), sent: 0 }),
    };
    let object = ObjectKey::of(&stored.endpoint, &stored.delivery_id, received_at);
    Reference::of(stored, part, object)
}

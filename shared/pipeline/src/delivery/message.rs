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
use crate::delivery::reference::Reference;
use crate::delivery::stored::StoredDelivery;
use crate::model::names::DeliveryId;
use crate::model::versioned;
use crate::model::versioned::Unreadable;

/// The longest message that holds a delivery, its attributes included: SQS bills each 64 KiB as a
/// request (SQS pricing, read 2026-11).
pub const LONGEST_MESSAGE_BYTES: usize = 64 * 1024;

/// The version of a message that holds a delivery. The same number of a reference means that the
/// delivery is in a pack; in both, code that knows only objects would look for one in vain.
const VERSION: u32 = 3;

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

#[derive(Deserialize)]
struct Form<'a> {
    version: u32,
    #[serde(borrow)]
    delivery: &'a RawValue,
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// It is neither of the two, or of a version that this code does not know.
    pub(crate) fn parse(body: &str) -> Result<Self, Unreadable> {
        match serde_json::from_str::<Form<'_>>(body) {
            Ok(form) if form.version == VERSION => {
                Ok(Self::Inline(Arc::new(Inline::parse(form.delivery.get())?)))
            }
            _ => Ok(Self::Reference(Box::new(Reference::parse(body)?))),
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
        let version = Reference::version_for(&self.unpacked.part, &pack);
        Reference { version, object: pack, ..self.unpacked.clone() }
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
    let message = format!(r#"{{"version":{VERSION},"delivery":{}}}"#, sendable(stored));
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

fn unpacked(stored: &StoredDelivery<'_>) -> Reference {
    let received_at = EpochMillis::new(stored.received_at.as_millisecond());
    let part = match stored.items.as_slice() {
        [] => Part::Whole,
        [only] => Part::Item(only.item.clone()),
        several => Part::Batch(Batch { items: several.len(), sent: 0 }),
    };
    let object = ObjectKey::of(&stored.endpoint, &stored.delivery_id, received_at);
    Reference {
        version: Reference::version_for(&part, &object),
        generation: 0,
        job: None,
        part,
        delivery_id: stored.delivery_id.clone(),
        endpoint: stored.endpoint.clone(),
        provider: stored.provider.to_string(),
        tenant: stored.tenant.clone(),
        event_key: stored.event.key.clone(),
        event_id: stored.event.id.clone(),
        event_type: stored.event.event_type.clone(),
        flags: stored.event.flags.clone(),
        object,
        sha256: stored.sha256.clone(),
        received_at_ms: received_at.get(),
    }
}

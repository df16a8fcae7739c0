//! What a job is handed of a delivery.

use std::borrow::Cow;

use bytes::Bytes;
use derive_more::Debug;
use hookdock_signature::{Class, EpochMillis, Headers, Weakness, item_at};
use serde::de::DeserializeOwned;

use crate::delivery::part::{Item, Part};
use crate::delivery::reference::Reference;
use crate::delivery::stored::{StoredDelivery, UnreadableDelivery};
use crate::model::failure::{ErrorClass, Failure};
use crate::model::names::{BodyDigest, DeliveryId, EndpointId, EventId, EventType, TenantId};
use crate::model::port_error::chain;
use crate::model::versioned::Unreadable;

/// A delivery as it was verified and stored.
#[derive(Clone, Debug)]
// Headers and body stay out of logs.
#[debug("Delivery({id}, {endpoint}, {event_id:?}, {event_type:?}, body_bytes: {})", body.len())]
pub struct Delivery {
    /// Our id for it.
    pub id: DeliveryId,
    /// The endpoint it was sent to.
    pub endpoint: EndpointId,
    /// The provider's id in the catalogue.
    pub provider: String,
    /// Whose event it is.
    pub tenant: Option<TenantId>,
    /// The provider's id for the event.
    pub event_id: Option<EventId>,
    /// The provider's name for what happened.
    pub event_type: Option<EventType>,
    /// What hangs on the provider's events.
    pub class: Option<Class>,
    /// What the scheme leaves unproven: what a forger could have written here.
    pub weakness: Option<Weakness>,
    /// When it came in, by our clock.
    pub received_at: EpochMillis,
    /// The headers, in order, with repeats.
    pub headers: Headers,
    /// The exact bytes of the body.
    pub body: Bytes,
    /// The exact bytes of the item that is the event, which are JSON, where the body carries
    /// several events.
    pub item: Option<Bytes>,
}

/// Why a stored object is not the delivery that a reference points to.
#[derive(Debug, thiserror::Error)]
pub enum UnusableDelivery {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableDelivery),
    /// It is another delivery, or its body has changed.
    #[error("the stored {0} is not the one that was verified")]
    Other(&'static str),
}

impl Delivery {
    /// Reads a stored object and checks that it is the delivery the reference points to.
    ///
    /// # Errors
    ///
    /// It is not.
    pub fn open(object: &[u8], reference: &Reference) -> Result<Self, UnusableDelivery> {
        let (stored, body) = opened(object, reference)?;
        let item = match &reference.part {
            Part::Item(item) => Some(item_of(&body, item)?),
            Part::Whole | Part::Batch(_) => None,
        };
        Ok(Self {
            headers: stored.headers(),
            class: stored.verification.class,
            weakness: stored.verification.weakness,
            received_at: EpochMillis::new(stored.received_at.as_millisecond()),
            id: stored.delivery_id,
            endpoint: stored.endpoint,
            provider: stored.provider.into_owned(),
            tenant: reference.tenant.clone(),
            event_id: reference.event_id.clone(),
            event_type: reference.event_type.clone(),
            body,
            item,
        })
    }

    /// That what the delivery says may be acted on as it is. Where money hangs on it and its scheme
    /// leaves it unproven, it has to be read from the provider first: see
    /// [`Unconfirmed`](crate::job::Unconfirmed).
    ///
    /// # Errors
    ///
    /// It may not, and never will: the job has to take another payload.
    pub fn proven(&self) -> Result<(), Failure> {
        match self.weakness {
            Some(weakness @ (Weakness::Checksum | Weakness::UnsignedBody))
                if self.class == Some(Class::Money) =>
            {
                let message = format!(
                    "{} proves too little of its deliveries ({}): take `Unconfirmed` as payload",
                    self.provider,
                    weakness.as_str()
                );
                Err(Failure::permanent(ErrorClass::Bug, message))
            }
            _ => Ok(()),
        }
    }

    /// The event, read as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(self.event_bytes()).map_err(|error| {
            // The parser's own message can quote the body.
            let message = format!(
                "the body is not the JSON that the job reads (line {}, column {})",
                error.line(),
                error.column()
            );
            Failure::permanent(ErrorClass::BadData, message)
        })
    }

    /// The exact bytes of the event: the item, or the body where that is the event.
    #[must_use]
    pub fn event_bytes(&self) -> &Bytes {
        self.item.as_ref().unwrap_or(&self.body)
    }
}

/// A stored delivery and its body, if they are what the reference points to.
pub(crate) fn opened<'a>(
    object: &'a [u8],
    reference: &Reference,
) -> Result<(StoredDelivery<'a>, Bytes), UnusableDelivery> {
    let mut stored = StoredDelivery::parse(object)?;
    let body = stored.take_body()?;
    if BodyDigest::of(&body) != reference.sha256 {
        return Err(UnusableDelivery::Other("body"));
    }
    if stored.delivery_id != reference.delivery_id || stored.endpoint != reference.endpoint {
        return Err(UnusableDelivery::Other("delivery"));
    }
    Ok((stored, body))
}

fn item_of(body: &Bytes, item: &Item) -> Result<Bytes, UnusableDelivery> {
    let found = item_at(body, item.form.as_deref(), &item.pointer);
    let bytes = match found.ok_or(UnusableDelivery::Other("item"))? {
        Cow::Borrowed(bytes) => body.slice_ref(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    match BodyDigest::of(&bytes) == item.sha256 {
        true => Ok(bytes),
        false => Err(UnusableDelivery::Other("item")),
    }
}

impl From<UnusableDelivery> for Failure {
    fn from(error: UnusableDelivery) -> Self {
        let message = chain(&error);
        match error {
            // A later version, which may have been deployed only in part.
            UnusableDelivery::Unreadable(UnreadableDelivery::Form(Unreadable::Version(_))) => {
                Self::transient(ErrorClass::BodyUnreadable, message)
            }
            UnusableDelivery::Unreadable(_) => Self::permanent(ErrorClass::BodyUnreadable, message),
            UnusableDelivery::Other(_) => Self::permanent(ErrorClass::DigestMismatch, message),
        }
    }
}

/// Something a job can take of a delivery.
///
/// ```
/// use hookdock_pipeline::job::{Context, Delivery, Failure, JobResult, Outcome, Payload};
///
/// /// How large the event is.
/// struct Size(usize);
///
/// impl Payload for Size {
///     fn of(delivery: &Delivery) -> Result<Self, Failure> {
///         Ok(Self(delivery.event_bytes().len()))
///     }
/// }
///
/// async fn weigh(_: Context, Size(bytes): Size) -> JobResult {
///     tracing::info!(bytes, "weighed");
///     Ok(Outcome::Done)
/// }
/// ```
pub trait Payload: Sized + Send {
    /// Takes it.
    ///
    /// # Errors
    ///
    /// The delivery does not have it. The failure is permanent, since a delivery never changes.
    fn of(delivery: &Delivery) -> Result<Self, Failure>;
}

/// The event, read as JSON: the body, or one item of it. Only of a delivery that is
/// [proven](Delivery::proven).
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

/// The body's exact bytes, also where the event is one item of it. Only of a delivery that is
/// [proven](Delivery::proven).
#[derive(Clone, Debug)]
// The body stays out of logs.
#[debug("Body(body_bytes: {})", _0.len())]
pub struct Body(pub Bytes);

impl<T: DeserializeOwned + Send> Payload for Json<T> {
    fn of(delivery: &Delivery) -> Result<Self, Failure> {
        delivery.proven()?;
        delivery.json().map(Self)
    }
}

impl Payload for Body {
    fn of(delivery: &Delivery) -> Result<Self, Failure> {
        delivery.proven()?;
        Ok(Self(delivery.body.clone()))
    }
}

/// The whole of it, proven or not: the job has to look.
impl Payload for Delivery {
    fn of(delivery: &Delivery) -> Result<Self, Failure> {
        Ok(delivery.clone())
    }
}

/// Nothing: the job only wants to know that the event happened.
impl Payload for () {
    fn of(_: &Delivery) -> Result<Self, Failure> {
        Ok(())
    }
}

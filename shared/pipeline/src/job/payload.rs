//! What a job is handed of a delivery.

use std::fmt;

use bytes::Bytes;
use hookdock_signature::{EpochMillis, Headers};
use serde::de::DeserializeOwned;

use crate::fault::chain;
use crate::job::failure::{ErrorClass, Failure};
use crate::names::{BodyDigest, DeliveryId, EndpointId, EventId, EventType, TenantId};
use crate::reference::Reference;
use crate::stored::{StoredDelivery, UnreadableDelivery};
use crate::versioned::Unreadable;

/// A delivery as it was verified and stored.
#[derive(Clone)]
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
    /// When it came in, by our clock.
    pub received_at: EpochMillis,
    /// The headers, in order, with repeats.
    pub headers: Headers,
    /// The exact bytes of the body.
    pub body: Bytes,
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

impl fmt::Debug for Delivery {
    /// Headers and body stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("id", &self.id)
            .field("endpoint", &self.endpoint)
            .field("event_id", &self.event_id)
            .field("event_type", &self.event_type)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Delivery {
    /// Reads a stored object and checks that it is the delivery the reference points to.
    ///
    /// # Errors
    ///
    /// It is not.
    pub fn open(object: &[u8], reference: &Reference) -> Result<Self, UnusableDelivery> {
        let mut stored = StoredDelivery::parse(object)?;
        let body = stored.take_body()?;
        if BodyDigest::of(&body) != reference.sha256 {
            return Err(UnusableDelivery::Other("body"));
        }
        if stored.delivery_id != reference.delivery_id || stored.endpoint != reference.endpoint {
            return Err(UnusableDelivery::Other("delivery"));
        }
        Ok(Self {
            headers: stored.headers(),
            received_at: EpochMillis::new(stored.received_at.as_millisecond()),
            id: stored.delivery_id,
            endpoint: stored.endpoint,
            provider: stored.provider.into_owned(),
            tenant: stored.tenant,
            event_id: stored.event.id,
            event_type: stored.event.event_type,
            body,
        })
    }
}

impl From<UnusableDelivery> for Failure {
    fn from(error: UnusableDelivery) -> Self {
        let message = chain(&error);
        match error {
            // A later version, which may have been deployed only in part.
            UnusableDelivery::Unreadable(UnreadableDelivery::Form(Unreadable::Version(_))) => {
                Self::passing(ErrorClass::BodyUnreadable, message)
            }
            UnusableDelivery::Unreadable(_) => Self::permanent(ErrorClass::BodyUnreadable, message),
            UnusableDelivery::Other(_) => Self::permanent(ErrorClass::DigestMismatch, message),
        }
    }
}

/// Something a job can take of a delivery.
pub trait Payload: Sized + Send {
    /// Takes it.
    ///
    /// # Errors
    ///
    /// The delivery does not have it. The failure is permanent, since a delivery never changes.
    fn of(delivery: &Delivery) -> Result<Self, Failure>;
}

/// The body, read as JSON.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

/// The body's exact bytes.
#[derive(Clone)]
pub struct Body(pub Bytes);

impl fmt::Debug for Body {
    /// The body stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("bytes", &self.0.len()).finish()
    }
}

impl<T: DeserializeOwned + Send> Payload for Json<T> {
    fn of(delivery: &Delivery) -> Result<Self, Failure> {
        serde_json::from_slice(&delivery.body).map(Self).map_err(|error| {
            // The parser's own message can quote the body.
            let message = format!(
                "the body is not the JSON that the job reads (line {}, column {})",
                error.line(),
                error.column()
            );
            Failure::permanent(ErrorClass::BadData, message)
        })
    }
}

impl Payload for Body {
    fn of(delivery: &Delivery) -> Result<Self, Failure> {
        Ok(Self(delivery.body.clone()))
    }
}

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

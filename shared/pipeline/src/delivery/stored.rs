//! The stored form of a delivery: one versioned JSON object that a person can read.

use std::borrow::Cow;
use std::mem;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use derive_more::Debug;
use hookdock_signature::{Class, Headers, Weakness};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::delivery::events::Contents;
pub use crate::delivery::identity::{StoredEvent, StoredItem};
use crate::delivery::incoming::Incoming;
use crate::delivery::verified::VerifiedDelivery;
use crate::model::millis::timestamp;
use crate::model::names::{BodyDigest, DeliveryId, EndpointId, TenantId};
use crate::model::versioned;
use crate::model::versioned::{Unreadable, Versioned};

/// A stored delivery.
#[derive(Serialize, Deserialize, Debug)]
// Headers, query and body stay out of logs.
#[debug("StoredDelivery({delivery_id}, {endpoint}, {event:?}, {verification:?})")]
pub struct StoredDelivery<'a> {
    /// The version of this form.
    pub version: u32,
    /// Our id for the delivery.
    pub delivery_id: DeliveryId,
    /// The endpoint it was sent to.
    pub endpoint: EndpointId,
    /// The provider's id in the catalogue.
    pub provider: Cow<'a, str>,
    /// Whose event it is.
    pub tenant: Option<TenantId>,
    /// The event; where there are several items, the request as a whole.
    pub event: StoredEvent,
    /// The items of a body that carries several events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<StoredItem>,
    /// The kind of work that was to be done with it at once, where there was any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct: Option<Cow<'a, str>>,
    /// When it came in, by our clock, RFC 3339 with milliseconds.
    pub received_at: Timestamp,
    /// The digest of the body's bytes.
    pub sha256: BodyDigest,
    /// When the provider says it sent it.
    pub provider_timestamp: Option<Timestamp>,
    /// How it was verified.
    pub verification: Verification<'a>,
    /// The HTTP method.
    pub method: Cow<'a, str>,
    /// The URL as the sender addressed it.
    pub url: Cow<'a, str>,
    /// The headers as the host handed them over: order, repeats and the case of names.
    pub headers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// How `body` is written.
    pub body_encoding: BodyEncoding,
    /// The body.
    pub body: Cow<'a, str>,
    /// The bytes that were sent and signed, as base64, where they are the body compressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_body: Option<Cow<'a, str>>,
    /// The trace it belongs to.
    pub trace: Option<Cow<'a, str>>,
}

/// How a delivery was verified.
#[derive(Debug, Serialize, Deserialize)]
pub struct Verification<'a> {
    /// The scheme, such as `hmac-sha256`.
    pub scheme: Cow<'a, str>,
    /// The name of the secret that matched.
    pub secret_id: Cow<'a, str>,
    /// How far the provider's timestamp may be from ours.
    pub tolerance_seconds: Option<u32>,
    /// What that scheme leaves unproven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weakness: Option<Weakness>,
    /// What hangs on the provider's events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
}

/// How a stored body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyEncoding {
    /// As it is: the body is UTF-8.
    Text,
    /// Standard base64.
    Base64,
}

/// Why stored bytes are not a delivery.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableDelivery {
    /// The object is not a stored delivery, or of another version.
    #[error("the object is not a stored delivery that can be read")]
    Form(#[from] Unreadable),
    /// Its body is not base64.
    #[error("the stored body is not base64")]
    Body(#[from] base64::DecodeError),
}

impl<'a> StoredDelivery<'a> {
    /// The stored form of a verified delivery.
    pub(crate) fn of(delivery: &'a VerifiedDelivery, contents: &Contents) -> Self {
        let raw = delivery.raw();
        let Incoming { method, url, headers, body, sent_body, trace, .. } = &raw.incoming;
        let (body_encoding, body) = encode(body);
        Self {
            version: Self::NEWEST,
            delivery_id: raw.id.clone(),
            endpoint: raw.endpoint.clone(),
            provider: delivery.endpoint().provider().id().into(),
            tenant: contents.tenant.clone(),
            event: contents.event.clone(),
            items: contents.items.clone(),
            direct: delivery.endpoint().direct().map(|direct| direct.kind().into()),
            received_at: timestamp(raw.received_at),
            provider_timestamp: delivery.proof().provider_timestamp().map(timestamp),
            verification: Verification {
                scheme: delivery.proof().scheme().into(),
                secret_id: delivery.proof().secret_id().into(),
                tolerance_seconds: delivery.proof().tolerance_seconds(),
                weakness: delivery.proof().weakness(),
                class: delivery.endpoint().provider().class(),
            },
            method: method.as_str().into(),
            url: url.as_str().into(),
            headers: headers.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            body_encoding,
            body,
            sent_body: sent_body.as_ref().map(|sent| STANDARD.encode(sent).into()),
            sha256: contents.body.clone(),
            trace: trace.as_ref().map(|trace| Cow::Borrowed(trace.as_str())),
        }
    }

    /// Reads a stored delivery.
    ///
    /// # Errors
    ///
    /// The bytes are not one, or it is of a version that this code does not know.
    pub fn parse(json: &'a [u8]) -> Result<Self, UnreadableDelivery> {
        Ok(versioned::read(json)?)
    }

    /// The exact bytes of the body.
    ///
    /// # Errors
    ///
    /// The stored text is not what its encoding says.
    pub fn body_bytes(&self) -> Result<Bytes, UnreadableDelivery> {
        match self.body_encoding {
            BodyEncoding::Text => Ok(Bytes::copy_from_slice(self.body.as_bytes())),
            BodyEncoding::Base64 => Ok(STANDARD.decode(self.body.as_bytes())?.into()),
        }
    }

    /// The same, of a delivery whose text is not needed any more; a text is not copied.
    pub(crate) fn take_body(&mut self) -> Result<Bytes, UnreadableDelivery> {
        match self.body_encoding {
            BodyEncoding::Text => Ok(mem::take(&mut self.body).into_owned().into()),
            BodyEncoding::Base64 => self.body_bytes(),
        }
    }

    /// The headers as the host handed them over.
    #[must_use]
    pub fn headers(&self) -> Headers {
        self.headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect()
    }
}

impl Versioned for StoredDelivery<'_> {
    const NEWEST: u32 = 1;

    fn version(&self) -> u32 {
        self.version
    }
}

/// Text that JSON would escape into more bytes than base64 has is written as base64, so that no
/// object is larger than four thirds of its body and what surrounds it.
pub(crate) fn encode(body: &[u8]) -> (BodyEncoding, Cow<'_, str>) {
    match std::str::from_utf8(body) {
        Ok(text) if escaped(body) <= body.len().div_ceil(3) * 4 => {
            (BodyEncoding::Text, text.into())
        }
        _ => (BodyEncoding::Base64, STANDARD.encode(body).into()),
    }
}

/// How long a text is as a JSON string, without the quotes around it.
fn escaped(text: &[u8]) -> usize {
    // Each of these is counted many bytes at a time; one look at each byte would not be.
    let controls = count(text, |byte| byte < 0x20);
    let short = count(text, |byte| matches!(byte, b'\n' | b'\r' | b'\t' | 0x08 | 0x0c));
    let quoted = count(text, |byte| matches!(byte, b'"' | b'\\'));
    // `\u0001` is five more than its byte, `\n` and `\"` are one more.
    text.len() + 5 * (controls - short) + short + quoted
}

fn count(text: &[u8], is: impl Fn(u8) -> bool) -> usize {
    text.iter().filter(|byte| is(**byte)).count()
}

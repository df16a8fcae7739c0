//! One HTTP request, in the form in which every host hands it over.

use bytes::Bytes;
use derive_more::Debug;
use hookdock_signature::{Headers, Request};

use crate::delivery::content_encoding;
use crate::model::trace::Trace;

/// One HTTP request as its host read it. Nothing in it is to be believed.
#[derive(Clone, Debug)]
// What a sender wrote stays out of logs.
#[debug("Incoming(body_bytes: {}, {trace:?})", body.len())]
pub struct Incoming {
    /// The HTTP method.
    pub method: String,
    /// The path, which names the endpoint and the tenant. API Gateway has decoded it.
    pub path: String,
    /// The URL as the sender addressed it; some providers sign it.
    pub url: String,
    /// Another URL that the sender may have addressed: what a proxy says of it can be believed or
    /// not. A signature over either of them holds.
    pub other_url: Option<String>,
    /// The headers as the host hands them over: in its order, with its repeats and its spelling of
    /// the names. `docs/receive.md` says what each host keeps of what was sent.
    pub headers: Headers,
    /// The bytes of the body: as they were sent, and once the signature was found right as they
    /// were before they were compressed.
    pub body: Bytes,
    /// The exact bytes that were sent and signed, where `body` was decoded after that.
    pub sent_body: Option<Bytes>,
    /// The trace it belongs to, if its host named one.
    pub trace: Option<Trace>,
}

impl Incoming {
    /// The body before it was compressed, if it was and has at most `limit` bytes then.
    pub(crate) fn decoded(&self, limit: usize) -> Option<Bytes> {
        content_encoding::decoded(&self.headers, &self.body, limit)
    }

    /// The parts a signature can cover.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        Request { method: &self.method, url: &self.url, headers: &self.headers, body: &self.body }
    }
}

//! What came in.

use std::fmt;

use crate::Headers;

/// One HTTP request, borrowed from its receiver.
///
/// ```
/// use hookdock_signature::{Headers, Request};
///
/// let headers = Headers::from_iter([("X-Token", "s3cret")]);
/// let url = "https://hooks.example/x?token=s3cret";
/// let request = Request { method: "POST", url, headers: &headers, body: b"s3cret" };
/// assert!(!format!("{request:?}").contains("s3cret"));
/// ```
///
/// Everything in it is the sender's word. Printed, it shows neither the URL's query
/// nor header values nor the body, any of which may hold a token.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The method in capitals, such as `POST`.
    pub method: &'a str,
    /// The absolute URL as the sender addressed it, which behind a proxy is not
    /// the one the process sees. Some providers sign it.
    pub url: &'a str,
    /// The headers.
    pub headers: &'a Headers,
    /// The body's exact bytes, before any parsing.
    pub body: &'a [u8],
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url.split(['?', '#']).next().unwrap_or_default())
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

//! Calls to others over HTTPS.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};

use crate::model::port_error::PortError;

/// The way to other people's APIs: within limits of time and size, and to public addresses only.
pub trait Web: std::fmt::Debug + Send + Sync {
    /// Makes one call. Every status is an answer, redirects among them; they are not followed.
    ///
    /// A URL and its headers can be secrets, so a request is never logged.
    fn call(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, PortError>>;
}

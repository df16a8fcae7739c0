//! Calls to others over HTTPS.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use crate::model::port_error::PortError;

/// The way to other people's APIs: within limits of time and size, and to public addresses only.
#[async_trait]
pub trait Web: std::fmt::Debug + Send + Sync {
    /// Makes one call. Every status is an answer, redirects among them; they are not followed.
    ///
    /// A URL and its headers can be secrets, so a request is never logged.
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, PortError>;
}

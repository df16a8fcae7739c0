//! A request that was refused.

use hookdock_signature::{EpochMillis, Headers, Provider};

use crate::input::SecretFile;
use crate::saved_request::SavedRequest;

/// What was verified, and with what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) secrets: &'a [SecretFile],
    pub(crate) request: &'a SavedRequest,
    pub(crate) now: EpochMillis,
}

impl Case<'_> {
    pub(crate) const fn headers(&self) -> &Headers {
        &self.request.headers
    }
}

//! Why a call has no answer.

use std::error::Error;
use std::time::Duration;

use hookdock_pipeline::model::port_error::PortErrorKind;

use crate::resolve::NoAddress;

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpsError {
    /// The request is not one that this client makes.
    #[error("{0}")]
    Unfit(&'static str),
    /// The host has no public address.
    #[error("the host has no public address")]
    NotPublic,
    /// The answer did not come, or not all of it.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The host was not found, not reached, not the one it should be, or broke off.
    #[error("the call did not get through")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
    /// The answer has a larger body than the caller takes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

impl HttpsError {
    /// How a port reports it.
    #[must_use]
    pub fn kind(&self) -> PortErrorKind {
        match self {
            Self::Unfit(_) | Self::TooLarge(_) => PortErrorKind::Invalid,
            Self::NotPublic => PortErrorKind::Denied,
            Self::TimedOut(_) => PortErrorKind::TimedOut,
            Self::Broken(_) => PortErrorKind::Unavailable,
        }
    }

    pub(crate) fn of(error: hyper_util::client::legacy::Error) -> Self {
        if causes(&error).any(|cause| matches!(cause.downcast_ref(), Some(NoAddress::NotPublic))) {
            return Self::NotPublic;
        }
        Self::Broken(error.into())
    }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

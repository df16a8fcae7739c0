//! Why a delivery is not accepted.

use hookdock_signature::{RefusedHandshake, Rejection};
use strum::IntoStaticStr;

use crate::model::port_error::{PortError, PortErrorKind};

/// Why a delivery is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No such endpoint.
    #[error("the endpoint is not registered")]
    UnknownEndpoint,
    /// The provider does not use this method.
    #[error("the method is none that the provider uses")]
    MethodNotAllowed {
        /// Those that it uses.
        allowed: Vec<&'static str>,
    },
    /// The provider uses this method for handshakes, and this is none.
    #[error("only a handshake comes with this method, and this is none")]
    NotAHandshake,
    /// A secret was handed over, and the endpoint does not wait for one.
    #[error("a secret was handed over that the endpoint does not wait for")]
    SecretNotAwaited,
    /// A secret was handed over, and another one is kept already.
    #[error("a secret was handed over, and the endpoint has another")]
    SecretCaptured,
    /// A handshake that must not be answered.
    #[error("the handshake was refused")]
    Handshake(#[source] RefusedHandshake),
    /// The body is larger than the endpoint takes.
    #[error("the body has {bytes} bytes, the endpoint takes {limit}")]
    TooLarge {
        /// The size of the body.
        bytes: usize,
        /// The largest size the endpoint takes.
        limit: usize,
    },
    /// The body was not read to its end.
    #[error("{0}")]
    Unread(Unread),
    /// The signature was found wrong.
    #[error("the signature was refused")]
    Unauthorized(#[source] Rejection),
    /// The signature is right, and its time is too far from ours.
    #[error("the window is {limit_seconds} s")]
    OutOfTime {
        /// How far the time is from ours, and in which direction.
        #[source]
        rejection: Rejection,
        /// The widest window that the endpoint allows.
        limit_seconds: u32,
    },
    /// The signature was found wrong, and the provider wants to see nothing but the status.
    #[error("the signature was refused")]
    BarelyUnauthorized(#[source] Rejection),
    /// Too many names were sent that are not known. This one may be, so the sender should try again.
    #[error("too many unknown names were sent")]
    RateLimited {
        /// What they would be the names of.
        look_up: LookUp,
        /// That it was not asked for.
        #[source]
        error: PortError,
    },
    /// We cannot take it now; the sender should try again.
    #[error("the delivery cannot be taken now")]
    Unavailable(#[source] PortError),
}

/// Why a body was not read to its end, where it is read from a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Unread {
    /// It is larger than its endpoint takes.
    #[error("the body is larger than the endpoint takes")]
    TooLarge,
    /// The bodies of other requests take all the room that there is.
    #[error("the bodies of other requests take all the room")]
    NoRoom,
    /// The sender stalled, or has gone.
    #[error("the body stopped half-way")]
    #[strum(serialize = "incomplete_body")]
    Incomplete,
}

/// What is looked up under a name that a sender can invent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookUp {
    /// The endpoint that the URL names.
    Endpoint,
    /// The key that the request says it was signed with.
    Key,
}

/// A secret or a setting that cannot work is our fault: the sender must try again. That an
/// endpoint has no live secret at all is the operator's choice.
pub(super) fn refused(rejection: Rejection, window_seconds: Option<u32>) -> Refusal {
    match (rejection, window_seconds) {
        (rejection, _) if rejection.is_ours() && rejection != Rejection::NoSecret => {
            let error = PortError::new("check the signature", PortErrorKind::Invalid)
                .with_source(rejection);
            Refusal::Unavailable(error)
        }
        (
            rejection @ (Rejection::Stale { .. } | Rejection::FromTheFuture { .. }),
            Some(limit_seconds),
        ) => Refusal::OutOfTime { rejection, limit_seconds },
        (rejection, _) => Refusal::Unauthorized(rejection),
    }
}

impl Refusal {
    /// A stable code for logs and metrics; the sender never sees it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownEndpoint => "unknown_endpoint",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::NotAHandshake => "not_a_handshake",
            Self::SecretNotAwaited => "secret_not_awaited",
            Self::SecretCaptured => "secret_captured_already",
            Self::Handshake(refused) => refused.reason.code(),
            Self::TooLarge { .. } => "too_large",
            Self::Unread(unread) => unread.into(),
            Self::Unauthorized(rejection)
            | Self::BarelyUnauthorized(rejection)
            | Self::OutOfTime { rejection, .. } => rejection.code(),
            Self::RateLimited { look_up: LookUp::Endpoint, .. } => "endpoint_limit",
            Self::RateLimited { look_up: LookUp::Key, .. } => "key_limit",
            Self::Unavailable(error) => error.kind().code(),
        }
    }

    /// A look-up that was not made is the senders' fault; one that failed is ours.
    pub(super) fn at(self, look_up: LookUp) -> Self {
        match self {
            Self::Unavailable(error) if error.kind() == PortErrorKind::RateLimited => {
                Self::RateLimited { look_up, error }
            }
            other => other,
        }
    }

    pub(super) fn bare(self) -> Self {
        match self {
            Self::Unauthorized(rejection) | Self::OutOfTime { rejection, .. } => {
                Self::BarelyUnauthorized(rejection)
            }
            other => other,
        }
    }

    /// The kind of the handshake that was refused.
    pub(super) fn handshake(&self) -> Option<&'static str> {
        match self {
            Self::Handshake(refused) => Some(refused.kind),
            Self::SecretNotAwaited | Self::SecretCaptured => Some("capture-secret"),
            _ => None,
        }
    }
}

//! What a handshake comes to.

use strum::IntoStaticStr;

use crate::Secret;

/// What a request that is no event is answered with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exchange {
    /// The handshake's kind, for logs.
    pub kind: &'static str,
    /// The answer.
    pub answer: Answer,
    /// The secret that was handed over, by the id `captured`. It is to be kept before the answer
    /// is given. There is nothing to check it with, so it is to be taken once, and only by an
    /// endpoint that waits for it.
    pub secret: Option<Secret>,
    /// The URL to fetch, once, before the answer is given: https, on a host of the definition's.
    pub visit: Option<String>,
}

/// An answer, to be given as it is: some providers refuse what has more in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// All headers that it needs; each can be sent as it is.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// A request that has the form of a handshake and is not answered as one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {kind} is refused")]
#[non_exhaustive]
pub struct RefusedHandshake {
    /// The handshake's kind, for logs.
    pub kind: &'static str,
    /// Why.
    #[source]
    pub reason: HandshakeRefusal,
}

/// Why a handshake is refused.
///
/// The text holds nothing that the sender wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case", prefix = "handshake_")]
#[non_exhaustive]
pub enum HandshakeRefusal {
    /// A verify token or topic is not the operator's.
    #[error("the {setting} is not the one that is set")]
    Unexpected {
        /// The setting that it has to equal.
        setting: String,
        /// The status that the provider wants for this.
        status: u16,
    },
    /// The operator has not set a value that the handshake needs.
    #[error("setting {setting} is not set")]
    NotSet {
        /// The setting.
        setting: String,
        /// The status that the provider wants for a wrong value.
        status: u16,
    },
    /// The challenge has other characters, or more or fewer, than the provider's challenges have;
    /// or the URL to fetch is not the provider's.
    #[error("the challenge does not have the form of one")]
    #[strum(serialize = "malformed")]
    MalformedChallenge,
    /// The challenge, the token or the topic is there more than once.
    #[error("a part of the handshake is repeated")]
    Repeated,
    /// The answer needs a secret, and there is none that the provider's scheme can use.
    #[error("there is no secret to answer with")]
    NoSecret,
}

impl HandshakeRefusal {
    /// A stable name in snake case, for logs and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.into()
    }
}

//! What became of a request that was not refused.

use std::sync::Arc;

use hookdock_signature::Answer;
use strum::IntoStaticStr;

use crate::delivery::reference::Reference;
use crate::endpoint::Endpoint;

/// A delivery that is durable: in the archive and referred to in the queue, or in the queue
/// itself, where nothing has run yet, or at a direct endpoint in the archive alone.
#[derive(Debug)]
pub struct Accepted {
    /// The endpoint it was sent to.
    pub endpoint: Arc<Endpoint>,
    /// What was queued, or would have been.
    pub reference: Reference,
    /// The scheme and the host of the URL that was verified, where the provider signs the URL.
    pub signed_origin: Option<String>,
    /// What became of the work, at a direct endpoint.
    pub direct: Option<DirectOutcome>,
}

/// What became of a request that was not refused.
#[derive(Debug)]
pub enum Received {
    /// An event.
    Accepted(Box<Accepted>),
    /// A handshake. Nothing is stored and nothing queued.
    Answered(Answered),
}

/// A handshake, answered.
#[derive(Debug)]
pub struct Answered {
    /// The handshake's kind.
    pub kind: &'static str,
    /// What came of it: a stable code for logs.
    pub code: &'static str,
    /// The answer, to be given as it is.
    pub answer: Answer,
}

/// What became of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum DirectOutcome {
    /// It is done.
    Done,
    /// It failed, or its time was up; it is not tried again.
    Failed,
    /// The event had come before, and its first delivery did the work.
    Duplicate,
    /// The event is one that never runs.
    Ignored,
}

impl DirectOutcome {
    /// A stable code for logs.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.into()
    }
}

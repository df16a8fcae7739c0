//! The use case and its ports.

use std::sync::Arc;
use std::time::Duration;

use hookdock_signature::EpochMillis;

use crate::endpoint::Endpoint;
use crate::ingest::refusal::Refusal;
use crate::model::deadline;
use crate::model::port_error::{PortError, PortErrorKind};
use crate::model::public_url::PublicUrl;
use crate::model::system::System;
use crate::ports::{Captures, Endpoints, Intake, Providers, Web};

/// How long a sender is kept waiting where the catalogue does not know its time limit. The
/// strictest of the large providers gives up after 5 s (Shopify, read 2026-11).
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

/// The use case and its ports.
#[derive(Debug)]
pub struct Ingest<E, I, S> {
    /// Where endpoints are configured.
    pub endpoints: E,
    /// Where deliveries are kept and queued.
    pub intake: I,
    /// What providers are asked: their keys.
    pub providers: Arc<dyn Providers>,
    /// Who is told of events at direct endpoints.
    pub web: Arc<dyn Web>,
    /// The beginning of all URLs that providers have, where a proxy or a CDN is in front.
    pub public_url: Option<PublicUrl>,
    /// Time and chance.
    pub system: S,
}

impl<E: Endpoints + Captures, I: Intake, S: System> Ingest<E, I, S> {
    pub(super) async fn in_time<T>(
        &self,
        deadline: EpochMillis,
        action: &'static str,
        call: impl Future<Output = Result<T, PortError>> + Send,
    ) -> Result<T, Refusal> {
        let late =
            |deadline::DeadlineExceeded| Err(PortError::new(action, PortErrorKind::TimedOut));
        let called =
            deadline::with_lazy_deadline(&self.system, deadline, call).await.unwrap_or_else(late);
        called.map_err(Refusal::Unavailable)
    }
}

/// Three quarters of the provider's own time limit, for the way back is not ours.
pub(super) fn patience(endpoint: &Endpoint) -> Duration {
    let limit = endpoint.provider().answer_within();
    limit.map_or(PATIENCE, |limit| (limit * 3 / 4).min(PATIENCE))
}

//! Who a delivery was sent to.

use std::sync::Arc;

use hookdock_signature::{Provider, Secret};

use crate::delivery::raw::RawDelivery;
use crate::endpoint::Endpoint;

/// An endpoint that knows the tenant of a delivery, and the secrets that were live when the
/// delivery came in. They are looked up once for a delivery.
#[derive(Debug, Clone)]
pub struct Recipient {
    endpoint: Arc<Endpoint>,
    secrets: Vec<Secret>,
}

impl Recipient {
    /// `None`: the endpoint does not know the tenant, so that the URL is not registered.
    #[must_use]
    pub fn of(endpoint: Arc<Endpoint>, raw: &RawDelivery) -> Option<Self> {
        let secrets = endpoint.secrets(raw.tenant.as_ref(), raw.received_at)?;
        Some(Self { endpoint, secrets })
    }

    /// The endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// Who sends to it.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        self.endpoint.provider()
    }

    /// The live secrets; without one, every signature is refused.
    #[must_use]
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }
}

//! Who a delivery was sent to.

use std::sync::Arc;

use hookdock_signature::{Proof, Provider, Rejection, Secret};

use crate::delivery::raw::RawDelivery;
use crate::endpoint::Endpoint;

/// An endpoint, and the secrets that were live for the tenant of a delivery when it came in. They
/// are looked up once for a delivery.
#[derive(Debug, Clone)]
pub struct Recipient {
    endpoint: Arc<Endpoint>,
    secrets: Vec<Secret>,
    is_registered: bool,
}

impl Recipient {
    /// The recipient of that delivery.
    #[must_use]
    pub fn of(endpoint: Arc<Endpoint>, raw: &RawDelivery) -> Self {
        let registered = endpoint.secrets(raw.tenant.as_ref(), raw.received_at);
        let is_registered = registered.is_some();
        let secrets = registered.unwrap_or_else(|| endpoint.decoys(raw.received_at));
        Self { endpoint, secrets, is_registered }
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

    /// The live secrets of the tenant: none if the endpoint does not know it.
    #[must_use]
    pub fn secrets(&self) -> &[Secret] {
        if self.is_registered { &self.secrets } else { &[] }
    }

    /// The secrets that a signature is checked with. For a tenant that the endpoint does not know
    /// they are another's, so that neither the answer nor the time that it takes tells a sender
    /// which tenants there are.
    pub(crate) fn tried_secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// What a check comes to: without a secret of its own a tenant verifies nothing, whatever
    /// another tenant's secret says of it.
    pub(crate) fn judged(&self, checked: Result<Proof, Rejection>) -> Result<Proof, Rejection> {
        match checked {
            Ok(_) | Err(Rejection::Mismatch) if !self.is_registered => Err(Rejection::NoSecret),
            checked => checked,
        }
    }
}

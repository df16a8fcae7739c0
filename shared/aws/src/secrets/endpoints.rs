//! The endpoints of ingest: the secrets, behind the cache.

use std::collections::BTreeSet;
use std::sync::Arc;

use hookdock_pipeline::endpoint::Endpoint;
use hookdock_pipeline::model::names::EndpointId;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Captured, Captures, Endpoints};
use hookdock_signature::Secret;

use super::cache::EndpointCache;
use super::store::SecretStore;
use crate::service::Service;
use crate::system::SystemClock;

/// Endpoints in Secrets Manager, with a cache.
#[derive(Debug)]
pub struct SecretEndpoints(EndpointCache<SecretStore, SystemClock>);

impl SecretEndpoints {
    pub(crate) fn new(service: Service, stack: &str, listed: &BTreeSet<EndpointId>) -> Self {
        let store = SecretStore { service, stack: stack.to_owned() };
        Self(EndpointCache::new(store, SystemClock, listed.clone()))
    }

    /// Reads the listed endpoints ahead of the first request. What fails or takes too long is
    /// read when it is needed.
    pub(crate) async fn warm(&self) {
        self.0.warm().await;
    }
}

impl Endpoints for SecretEndpoints {
    async fn find(&self, id: &EndpointId) -> Result<Option<Arc<Endpoint>>, PortError> {
        self.0.find(id).await
    }

    async fn refresh(&self, id: &EndpointId) -> Result<Option<Arc<Endpoint>>, PortError> {
        self.0.refresh(id).await
    }
}

impl Captures for SecretEndpoints {
    async fn capture(&self, id: &EndpointId, secret: &Secret) -> Result<Captured, PortError> {
        let captured = self.0.store().capture(id, secret).await?;
        self.0.forget(id).await;
        Ok(captured)
    }
}

//! Secrets that providers hand over, and endpoints that take them.

use std::sync::Arc;

use hookdock_pipeline::endpoint::{Capture, Endpoint};
use hookdock_pipeline::model::names::EndpointId;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Captured, Captures, Endpoints};
use hookdock_signature::Secret;
use redb::ReadableTable as _;

use crate::store::CAPTURED;
use crate::{Embedded, EndpointFile};

/// The endpoints of a file, with the secrets that their providers handed over.
#[derive(Debug, Clone)]
pub struct KeepingEndpoints<S> {
    file: EndpointFile,
    kept: Embedded<S>,
}

impl<S> KeepingEndpoints<S> {
    /// Keeps what is handed over with the rest of the data.
    #[must_use]
    pub fn new(file: EndpointFile, kept: Embedded<S>) -> Self {
        Self { file, kept }
    }
}

impl<S: Send + Sync> Endpoints for KeepingEndpoints<S> {
    async fn find(&self, id: &EndpointId) -> Result<Option<Arc<Endpoint>>, PortError> {
        let found = self.file.find(id).await?;
        match found {
            Some(endpoint) if matches!(endpoint.capture(), Capture::Awaited) => {
                let kept = self.kept.captured(id)?;
                let whole = kept.map(|secret| (*endpoint).clone().with_captured(secret));
                Ok(Some(whole.map_or(endpoint, Arc::new)))
            }
            found => Ok(found),
        }
    }

    /// Nothing is remembered, so there is nothing newer.
    async fn refresh(&self, _: &EndpointId) -> Result<Option<Arc<Endpoint>>, PortError> {
        Ok(None)
    }
}

impl<S: Send + Sync> Captures for KeepingEndpoints<S> {
    async fn capture(&self, id: &EndpointId, secret: &Secret) -> Result<Captured, PortError> {
        self.kept.capture(id, secret).await
    }
}

impl<S: Send + Sync> Captures for Embedded<S> {
    async fn capture(&self, id: &EndpointId, secret: &Secret) -> Result<Captured, PortError> {
        let (id, secret) = (id.clone(), secret.clone());
        self.store
            .write("keep the captured secret", move |transaction| {
                let mut captured = transaction.open_table(CAPTURED)?;
                if let Some(kept) = captured.get(id.as_str())? {
                    return Ok(compared(&secret, kept.value()));
                }
                captured.insert(id.as_str(), secret.expose())?;
                Ok(Captured::New)
            })
            .await
    }
}

impl<S> Embedded<S> {
    /// The secret that was handed over for an endpoint.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub fn captured(&self, id: &EndpointId) -> Result<Option<Secret>, PortError> {
        self.store.read("read the captured secret", |snapshot| {
            let kept = snapshot.open_table(CAPTURED)?.get(id.as_str())?;
            Ok(kept.and_then(|kept| Secret::new("captured", kept.value()).ok()))
        })
    }
}

fn compared(secret: &Secret, kept: &str) -> Captured {
    match Secret::new("captured", kept) {
        Ok(kept) if kept.is_same(secret) => Captured::Same,
        _ => Captured::Other,
    }
}

//! Endpoints, each in one Secrets Manager secret named `{stack}/endpoint/{endpoint}`.
//!
//! What was read is kept and reused; `cache.rs` says for how long.
//!
//! A secret that a provider hands over is kept in one of its own, `{stack}/captured/{endpoint}`,
//! which the operator creates without a value. Ingest may write there and nowhere else.

mod cache;
mod captured;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cache::{Cache, Store};
use hookdock_pipeline::endpoint::{Capture, Endpoint};
use hookdock_pipeline::model::names::EndpointId;
use hookdock_pipeline::model::port_error::{FaultKind, PortError};
use hookdock_pipeline::ports::{Captured, Captures, Endpoints};
use hookdock_signature::Secret;
use serde::{Deserialize, Serialize};

use crate::service::{CallError, Service};
use crate::system::SystemClock;

const READ: &str = "read the endpoint's secret";

const JSON: &str = "application/x-amz-json-1.1";

/// Endpoints in Secrets Manager, with a memory.
#[derive(Debug)]
pub struct SecretEndpoints(Cache<SecretStore, SystemClock>);

impl SecretEndpoints {
    pub(crate) fn new(service: Service, stack: &str, listed: &BTreeSet<EndpointId>) -> Self {
        let store = SecretStore { service, stack: stack.to_owned() };
        Self(Cache::new(store, SystemClock, listed.clone()))
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

#[derive(Debug)]
struct SecretStore {
    service: Service,
    stack: String,
}

/// The parameters of `GetSecretValue`, as far as they are used.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetSecretValue<'a> {
    secret_id: &'a str,
}

/// What is in a secret: a text or, in base64, bytes. There is no `Debug` for it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecretValue {
    secret_string: Option<String>,
    secret_binary: Option<String>,
}

impl Store for SecretStore {
    /// A secret that is there and not usable is our fault, and must not look like an endpoint
    /// that is not there: the provider would take the 404 for good.
    async fn read(&self, id: &EndpointId) -> Result<Option<Endpoint>, PortError> {
        let name = format!("{}/endpoint/{id}", self.stack);
        let Some(value) = self.value(&name, READ).await? else {
            return Ok(None);
        };
        let endpoint = endpoint(id, value)?;
        match endpoint.capture() {
            Capture::Awaited => self.with_captured(endpoint).await.map(Some),
            Capture::Never | Capture::Done(_) => Ok(Some(endpoint)),
        }
    }
}

impl SecretStore {
    /// A secret's value. `None`: there is no such secret, or it has no value yet.
    async fn value(
        &self,
        name: &str,
        action: &'static str,
    ) -> Result<Option<SecretValue>, PortError> {
        let question = GetSecretValue { secret_id: name };
        match self.service.ask("secretsmanager.GetSecretValue", JSON, &question).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(CallError::port_error(action)(error)),
        }
    }
}

/// A deleted secret keeps its name for some days; reading it is then an invalid request, with
/// nothing but this sentence to tell it from others (Secrets Manager, read 2026-11).
fn is_gone(error: &CallError) -> bool {
    match error {
        CallError::Refused { code, message, .. } => match code.as_str() {
            "ResourceNotFoundException" => true,
            "InvalidRequestException" => message.contains("marked for deletion"),
            _ => false,
        },
        _ => false,
    }
}

fn endpoint(id: &EndpointId, secret: SecretValue) -> Result<Endpoint, PortError> {
    let unusable = PortError::new(READ, FaultKind::Invalid);
    match secret.into_bytes() {
        Some(Ok(json)) => {
            Endpoint::from_json(id, &json).map_err(|problems| unusable.because(problems))
        }
        Some(Err(error)) => Err(unusable.because(error)),
        None => Err(unusable.because("the secret has no value")),
    }
}

impl SecretValue {
    fn into_bytes(self) -> Option<Result<Vec<u8>, base64::DecodeError>> {
        let binary = self.secret_binary.map(|text| STANDARD.decode(text));
        self.secret_string.map(|text| Ok(text.into_bytes())).or(binary)
    }
}

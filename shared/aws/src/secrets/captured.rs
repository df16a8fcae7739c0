//! The secret that a provider handed over, `{stack}/captured/{endpoint}`.

use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use aws_sdk_secretsmanager::operation::put_secret_value::PutSecretValueError;
use hookdock_pipeline::endpoint::Endpoint;
use hookdock_pipeline::fault::PortError;
use hookdock_pipeline::names::EndpointId;
use hookdock_pipeline::ports::Captured;
use hookdock_signature::Secret;

use super::SecretStore;
use crate::classify::port_error;

const READ: &str = "read the captured secret";
const KEEP: &str = "keep the captured secret";

/// The id of the one version that is ever written. Secrets Manager takes a value for it once,
/// takes the same again for the same call, and refuses another: that makes the write atomic
/// (`PutSecretValue`, `ClientRequestToken`, read 2026-11). It has to have 32 to 64 characters.
const VERSION: &str = "hookdock-the-captured-secret-0001";

impl SecretStore {
    pub(super) async fn with_captured(&self, endpoint: Endpoint) -> Result<Endpoint, PortError> {
        let value = self.value(self.name(endpoint.id()), READ).await?;
        let secret = value.as_ref().and_then(secret);
        Ok(match secret {
            Some(secret) => endpoint.with_captured(secret),
            None => endpoint,
        })
    }

    /// Looks first, for the operator may have put a value there by hand, as another version.
    pub(super) async fn capture(
        &self,
        id: &EndpointId,
        new: &Secret,
    ) -> Result<Captured, PortError> {
        let there = self.value(self.name(id), READ).await?;
        if let Some(value) = there.filter(has_value) {
            return Ok(compared(new, &value));
        }
        let put = self.client.put_secret_value().secret_id(self.name(id));
        let put = put.client_request_token(VERSION).secret_string(new.expose());
        match put.send().await {
            Ok(_) => Ok(Captured::New),
            Err(error) if error.as_service_error().is_some_and(is_taken) => Ok(Captured::Other),
            Err(error) => Err(port_error(KEEP)(error)),
        }
    }

    fn name(&self, id: &EndpointId) -> String {
        format!("{}/captured/{id}", self.stack)
    }
}

fn secret(value: &GetSecretValueOutput) -> Option<Secret> {
    Secret::new("captured", value.secret_string()?).ok()
}

/// Secrets Manager does not find a secret without a value; others find it empty.
fn has_value(value: &GetSecretValueOutput) -> bool {
    value.secret_string().is_some_and(|text| !text.is_empty()) || value.secret_binary().is_some()
}

fn compared(new: &Secret, value: &GetSecretValueOutput) -> Captured {
    match secret(value) {
        Some(kept) if kept.is_same(new) => Captured::Same,
        _ => Captured::Other,
    }
}

fn is_taken(error: &PutSecretValueError) -> bool {
    matches!(error, PutSecretValueError::ResourceExistsException(_))
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::types::error::{
        ResourceExistsException, ResourceNotFoundException,
    };

    use super::*;

    #[test]
    fn the_version_has_a_length_that_secrets_manager_takes() {
        assert!((32..=64).contains(&VERSION.len()));
    }

    #[test]
    fn a_version_that_has_another_value_is_taken() {
        let taken = ResourceExistsException::builder().build();
        assert!(is_taken(&PutSecretValueError::ResourceExistsException(taken)));
        let missing = ResourceNotFoundException::builder().build();
        assert!(!is_taken(&PutSecretValueError::ResourceNotFoundException(missing)));
    }
}

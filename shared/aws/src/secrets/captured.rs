//! The secret that a provider handed over, `{stack}/captured/{endpoint}`.

use hookdock_pipeline::endpoint::Endpoint;
use hookdock_pipeline::model::names::EndpointId;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::Captured;
use hookdock_signature::Secret;
use serde::Serialize;
use serde::de::IgnoredAny;

use super::store::{JSON, SecretStore, SecretValue};
use crate::service::CallError;

const READ: &str = "read the captured secret";
const KEEP: &str = "keep the captured secret";

/// The id of the one version that is ever written. Secrets Manager takes a value for it once,
/// takes the same again for the same call, and refuses another: that makes the write atomic
/// (`PutSecretValue`, `ClientRequestToken`, read 2026-11). It has to have 32 to 64 characters.
const VERSION: &str = "hookdock-the-captured-secret-0001";

/// The parameters of `PutSecretValue`, as far as they are used.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PutSecretValue<'a> {
    secret_id: &'a str,
    client_request_token: &'a str,
    secret_string: &'a str,
}

impl SecretStore {
    pub(super) async fn with_captured(&self, endpoint: Endpoint) -> Result<Endpoint, PortError> {
        let value = self.value(&self.name(endpoint.id()), READ).await?;
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
        let name = self.name(id);
        let there = self.value(&name, READ).await?;
        if let Some(value) = there.filter(has_value) {
            return Ok(compared(new, &value));
        }
        let put = PutSecretValue {
            secret_id: &name,
            client_request_token: VERSION,
            secret_string: new.expose(),
        };
        match self.service.ask("secretsmanager.PutSecretValue", JSON, &put).await {
            Ok(IgnoredAny) => Ok(Captured::New),
            Err(error) if is_taken(&error) => Ok(Captured::Other),
            Err(error) => Err(CallError::port_error(KEEP)(error)),
        }
    }

    fn name(&self, id: &EndpointId) -> String {
        format!("{}/captured/{id}", self.stack)
    }
}

fn secret(value: &SecretValue) -> Option<Secret> {
    Secret::new("captured", value.secret_string.as_deref()?).ok()
}

/// Secrets Manager does not find a secret without a value; others find it empty.
fn has_value(value: &SecretValue) -> bool {
    let text = value.secret_string.as_ref();
    text.is_some_and(|text| !text.is_empty()) || value.secret_binary.is_some()
}

fn compared(new: &Secret, value: &SecretValue) -> Captured {
    match secret(value) {
        Some(kept) if kept.is_same(new) => Captured::Same,
        _ => Captured::Other,
    }
}

fn is_taken(error: &CallError) -> bool {
    error.code() == Some("ResourceExistsException")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_has_a_length_that_secrets_manager_takes() {
        assert!((32..=64).contains(&VERSION.len()));
    }

    #[test]
    fn a_version_that_has_another_value_is_taken() {
        let refused = |code: &str| CallError::Refused {
            status: 400,
            code: code.to_owned(),
            message: String::new(),
        };
        assert!(is_taken(&refused("ResourceExistsException")));
        assert!(!is_taken(&refused("ResourceNotFoundException")));
    }
}

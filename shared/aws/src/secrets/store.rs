//! The secrets in Secrets Manager, as ingest reads them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookdock_pipeline::endpoint::{Capture, Endpoint};
use hookdock_pipeline::model::names::EndpointId;
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use serde::{Deserialize, Serialize};

use super::cache::{READ, Store};
use crate::service::{CallError, Service};

pub(super) const JSON: &str = "application/x-amz-json-1.1";

/// Endpoints in Secrets Manager, read each time.
#[derive(Debug)]
pub(super) struct SecretStore {
    pub(super) service: Service,
    pub(super) stack: String,
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
pub(super) struct SecretValue {
    pub(super) secret_string: Option<String>,
    pub(super) secret_binary: Option<String>,
}

impl Store for SecretStore {
    /// A secret that exists and is not usable is our fault, and must not look like an endpoint
    /// that does not exist: the provider would take the 404 as permanent.
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
    pub(super) async fn value(
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

/// A deleted secret keeps its name for some days. Reading it is then an `InvalidRequestException`,
/// whose message has several wordings. Of the causes that AWS lists for that exception, which are
/// those of the whole service, no other can be met by a read that names nothing but the secret
/// (API reference, `GetSecretValue`, "Errors", read 2026-11).
fn is_gone(error: &CallError) -> bool {
    matches!(error.code(), Some("ResourceNotFoundException" | "InvalidRequestException"))
}

fn endpoint(id: &EndpointId, secret: SecretValue) -> Result<Endpoint, PortError> {
    let unusable = PortError::new(READ, PortErrorKind::Invalid);
    match secret.into_bytes() {
        Some(Ok(json)) => {
            Endpoint::from_json(id, &json).map_err(|problems| unusable.with_source(problems))
        }
        Some(Err(error)) => Err(unusable.with_source(error)),
        None => Err(unusable.with_source("the secret has no value")),
    }
}

impl SecretValue {
    fn into_bytes(self) -> Option<Result<Vec<u8>, base64::DecodeError>> {
        let binary = self.secret_binary.map(|text| STANDARD.decode(text));
        self.secret_string.map(|text| Ok(text.into_bytes())).or(binary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_gone_whatever_words_tell_that_it_was_deleted() {
        let refused = |code: &str, message: &str| CallError::Refused {
            status: 400,
            code: code.to_owned(),
            message: message.to_owned(),
        };
        for (code, message, expected) in [
            ("ResourceNotFoundException", "can't find the specified secret", true),
            ("InvalidRequestException", "because it was marked for deletion.", true),
            ("InvalidRequestException", "because it was deleted.", true),
            ("InvalidRequestException", "because it was scheduled for deletion.", true),
            ("InvalidRequestException", "", true),
            ("AccessDeniedException", "marked for deletion", false),
            ("InvalidParameterException", "marked for deletion", false),
            ("DecryptionFailure", "", false),
        ] {
            assert_eq!(is_gone(&refused(code, message)), expected, "{code}: {message}");
        }
        assert!(!is_gone(&CallError::Unreadable));
    }
}

//! The results of steps: small ones stay in their run, large ones become documents.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::job::context::Context;
use crate::ledger::{RunId, StepResult};
use crate::model::failure::{ErrorClass, Failure};
use crate::model::names::{BodyDigest, StepName};
use crate::model::scope::Scope;
use crate::ports::{Document, DocumentName};

/// The largest result that a run holds itself, in bytes of JSON. It is written again with each
/// further step of its run, and DynamoDB bills every KiB of that.
pub const LARGEST_INLINE_BYTES: usize = 16 * 1024;

/// The largest result that a step can save, in bytes of JSON.
pub const LARGEST_RESULT_BYTES: usize = 1024 * 1024;

/// The document of a result. Its own digest is in its name: a step that runs again may yield
/// something else, and a write that comes late only repeats itself. The event's key tells tenants
/// apart, so the scope is the endpoint.
#[must_use]
pub fn result_document(run: &RunId, step: &StepName, sha256: &BodyDigest) -> DocumentName {
    let RunId { event, job } = run;
    let scope = Scope::Own { endpoint: event.endpoint.clone(), tenant: None };
    DocumentName::of(&scope, "steps", &format!("{}/{job}/{step}/{sha256}", event.key), "json")
}

impl Context {
    /// What the run keeps of a result. Where that is a document, it is kept by then.
    pub(super) async fn kept<T: Serialize>(
        &self,
        step: &StepName,
        result: &T,
    ) -> Result<StepResult, Failure> {
        let json = written(step, result)?;
        if json.len() <= LARGEST_INLINE_BYTES {
            return Ok(StepResult::Inline(json));
        }
        let bytes = json.len();
        let documents = self.documents().map_err(|_| documents_missing(step, bytes))?;
        let sha256 = BodyDigest::of(json.as_bytes());
        let name = result_document(self.run(), step, &sha256);
        let body = Bytes::from(json);
        documents.keep(Document { name, content_type: "application/json", body }).await?;
        Ok(StepResult::Kept { sha256, bytes: u64::try_from(bytes).unwrap_or(u64::MAX) })
    }

    /// The result that an earlier attempt saved.
    pub(super) async fn restored<T: DeserializeOwned>(
        &self,
        step: &StepName,
        result: &StepResult,
    ) -> Result<T, Failure> {
        match result {
            StepResult::Inline(json) => read(step, json.as_bytes()),
            StepResult::Kept { sha256, .. } => read(step, &self.read_kept(step, sha256).await?),
        }
    }

    /// Its work was done, so it is not done again for want of its result: that is for people to
    /// decide.
    async fn read_kept(&self, step: &StepName, sha256: &BodyDigest) -> Result<Bytes, Failure> {
        let name = result_document(self.run(), step, sha256);
        let lost = |what: &str| {
            let message = format!("the saved result of step {step} {what}: documents/{name}");
            Failure::permanent(ErrorClass::ResultLost, message)
        };
        let found = self.documents()?.read(&name).await?;
        let found = found.ok_or_else(|| lost("is gone"))?;
        match BodyDigest::of(&found) == *sha256 {
            true => Ok(found),
            false => Err(lost("was altered")),
        }
    }
}

fn written<T: Serialize>(step: &StepName, result: &T) -> Result<String, Failure> {
    let json = serde_json::to_string(result)
        .map_err(|_| bug(format!("the result of step {step} cannot be written as JSON")))?;
    match json.len() {
        ..=LARGEST_RESULT_BYTES => Ok(json),
        bytes => Err(bug(format!(
            "the result of step {step} has {bytes} bytes, {LARGEST_RESULT_BYTES} can be saved"
        ))),
    }
}

/// The result may have been saved by code of another version, which may come back.
fn read<T: DeserializeOwned>(step: &StepName, json: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(json).map_err(|_| {
        let message = format!("the saved result of step {step} is not what this code saves");
        Failure::transient(ErrorClass::Bug, message)
    })
}

/// The work is done, and each further attempt would do it again.
fn documents_missing(step: &StepName, bytes: usize) -> Failure {
    bug(format!(
        "the result of step {step} has {bytes} bytes, a run holds {LARGEST_INLINE_BYTES}, and \
         documents are not set up here"
    ))
}

fn bug(message: String) -> Failure {
    Failure::permanent(ErrorClass::Bug, message)
}

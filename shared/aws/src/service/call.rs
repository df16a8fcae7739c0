//! A call of one service.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookdock_https::Client;
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::ports::Conditional;
use http::header::{CONTENT_TYPE, IF_NONE_MATCH};
use http::{HeaderName, HeaderValue, Request, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::answer::CallError;
use super::budget::Budget;
use super::sign::Signer;
use crate::limits::{FIRST_BACKOFF, Limits};
use crate::system::SystemClock;

const ANY: HeaderValue = HeaderValue::from_static("*");
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// A service, and how it is called.
#[derive(Debug)]
pub(crate) struct Service {
    pub(super) http: Arc<Client>,
    pub(super) origin: String,
    pub(super) signer: Signer,
    pub(super) limits: Limits,
    pub(super) budget: Budget,
}

impl Service {
    /// Opens a connection ahead of the first call, for nothing: what is asked is neither signed
    /// nor allowed, so that whatever is answered is of no interest.
    pub(crate) async fn connect(&self) {
        if let Ok(request) = Request::head(&self.origin).body(Bytes::new()) {
            let _refused = self.http.send(request).await;
        }
    }

    /// Puts an object, whose name needs no encoding, unless there is one of that name, which is a
    /// refusal. The bucket's policy takes no other puts.
    pub(crate) async fn put_new(
        &self,
        name: &str,
        content_type: &'static str,
        object: Bytes,
    ) -> Result<Conditional<()>, CallError> {
        let request = Request::put(format!("{}/{name}", self.origin))
            .header(CONTENT_TYPE, HeaderValue::from_static(content_type))
            .header(IF_NONE_MATCH, ANY)
            .body(object)
            .map_err(CallError::unfit)?;
        match self.call(&request).await {
            Ok(_) => Ok(Conditional::Written),
            Err(error) if error.code() == Some("PreconditionFailed") => {
                Ok(Conditional::Refused(()))
            }
            Err(error) => Err(error),
        }
    }

    /// Calls an operation of a service that speaks JSON, in the version of the protocol that
    /// `content_type` names.
    pub(crate) async fn ask<A: DeserializeOwned>(
        &self,
        operation: &'static str,
        content_type: &'static str,
        question: &impl Serialize,
    ) -> Result<A, CallError> {
        let question = serde_json::to_vec(question).map_err(CallError::unfit)?;
        let request = Request::post(&self.origin)
            .header(CONTENT_TYPE, HeaderValue::from_static(content_type))
            .header(TARGET, HeaderValue::from_static(operation))
            .body(question.into())
            .map_err(CallError::unfit)?;
        let answer = self.call(&request).await?;
        serde_json::from_slice(answer.body()).map_err(|_| CallError::Unreadable)
    }

    /// Each attempt has its own time limit, and no more than is left of that of the call: one
    /// timer for both, since to set one costs as much as to read an answer.
    async fn call(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, CallError> {
        let end = Instant::now() + self.limits.call;
        let mut attempt = 1;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let error = match self.attempt(request, self.limits.attempt.min(left)).await {
                Ok(answer) => {
                    self.budget.earn();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            if attempt == self.limits.attempts || !error.passes() || !self.budget.spend() {
                return Err(error);
            }
            tokio::time::sleep(backoff(attempt, SystemClock.random())).await;
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        request: &Request<Bytes>,
        limit: Duration,
    ) -> Result<Response<Bytes>, CallError> {
        let signed = self.signer.signed(request, SystemClock.now())?;
        let answer = self.http.send_within(limit, signed).await?;
        if answer.status().is_success() { Ok(answer) } else { Err(CallError::refused(&answer)) }
    }
}

/// Evenly spread, so that callers who failed together do not come back together.
pub(super) fn backoff(attempt: u32, chance: u128) -> Duration {
    let longest = FIRST_BACKOFF * 2_u32.saturating_pow(attempt.saturating_sub(1));
    let micros = chance % longest.as_micros().max(1);
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

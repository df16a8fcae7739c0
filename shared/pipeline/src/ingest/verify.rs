//! The check of a signature, with the keys that the provider publishes and the newest secrets.

use std::sync::Arc;

use hookdock_signature::{EpochMillis, Keys, Rejection};

use crate::delivery::verified::{RawDelivery, Unverified, VerifiedDelivery};
use crate::endpoint::Endpoint;
use crate::ingest::refusal::{Refusal, refused};
use crate::ingest::use_case::Ingest;
use crate::model::system::System;
use crate::ports::{Archive, Captures, Endpoints, WorkQueue};

impl<E: Endpoints + Captures, A: Archive, Q: WorkQueue, S: System> Ingest<E, A, Q, S> {
    /// A signature that does not match may have been made with a secret that is newer than ours.
    pub(super) async fn verify(
        &self,
        raw: RawDelivery,
        endpoint: Arc<Endpoint>,
        deadline: EpochMillis,
    ) -> Result<VerifiedDelivery, Refusal> {
        let window = endpoint.provider().window_seconds();
        let unverified = match self.check(raw, endpoint, deadline).await? {
            Ok(verified) => return Ok(verified),
            Err(unverified) => unverified,
        };
        if !may_be_stale_secret(&unverified.rejection) {
            return Err(refused(unverified.rejection, window));
        }
        let refresh = self.endpoints.refresh(&unverified.raw.endpoint);
        match self.in_time(deadline, "refresh the endpoint", refresh).await? {
            None => Err(refused(unverified.rejection, window)),
            Some(newer) => {
                let window = newer.provider().window_seconds();
                let checked = self.check(unverified.raw, newer, deadline).await?;
                checked.map_err(|unverified| refused(unverified.rejection, window))
            }
        }
    }

    /// Checks the signature, with the keys that the provider publishes where it does. A key that
    /// could not be fetched says nothing about the sender: that is our failure.
    pub(super) async fn check(
        &self,
        raw: RawDelivery,
        endpoint: Arc<Endpoint>,
        deadline: EpochMillis,
    ) -> Result<Result<VerifiedDelivery, Box<Unverified>>, Refusal> {
        let (mut keys, mut failure) = (Keys::none(), None);
        for request in VerifiedDelivery::key_requests(&raw, &endpoint) {
            let key = self.providers.key(&request);
            match self.in_time(deadline, "fetch the provider's key", key).await {
                Ok(Some(key)) => keys.insert(request, key),
                Ok(None) => {}
                Err(refusal) => failure = Some(refusal),
            }
        }
        match (VerifiedDelivery::verify(raw, endpoint, &keys), failure) {
            (Err(unverified), Some(failure)) if unverified.rejection == Rejection::UnknownKey => {
                Err(failure)
            }
            (checked, _) => Ok(checked),
        }
    }
}

fn may_be_stale_secret(rejection: &Rejection) -> bool {
    rejection.is_ours() || matches!(rejection, Rejection::Mismatch)
}

//! The check of a signature, with the keys that the provider publishes and the newest secrets.

use hookdock_signature::{EpochMillis, Keys, Rejection};

use crate::delivery::raw::RawDelivery;
use crate::delivery::recipient::Recipient;
use crate::delivery::verified::{Unverified, VerifiedDelivery};
use crate::ingest::refusal::{LookUp, Refusal, refused};
use crate::ingest::use_case::Ingest;
use crate::model::scope::Scope;
use crate::model::system::System;
use crate::ports::{Captures, Endpoints, Intake};

impl<E: Endpoints + Captures, I: Intake, S: System> Ingest<E, I, S> {
    /// A signature that does not match may have been made with a secret that is newer than ours.
    pub(super) async fn verify(
        &self,
        raw: RawDelivery,
        recipient: Recipient,
        deadline: EpochMillis,
    ) -> Result<VerifiedDelivery, Refusal> {
        let window = recipient.provider().window_seconds();
        let unverified = match self.check(raw, recipient, deadline).await? {
            Ok(verified) => return Ok(verified),
            Err(unverified) => unverified,
        };
        let Unverified { raw, rejection } = *unverified;
        if !may_be_stale_secret(&rejection) {
            return Err(refused(rejection, window));
        }
        let refresh = self.endpoints.refresh(&raw.endpoint);
        let newer = self.in_time(deadline, "refresh the endpoint", refresh).await?;
        let Some(newer) = newer.map(|newer| Recipient::of(newer, &raw)) else {
            return Err(refused(rejection, window));
        };
        let window = newer.provider().window_seconds();
        let checked = self.check(raw, newer, deadline).await?;
        checked.map_err(|unverified| refused(unverified.rejection, window))
    }

    /// Checks the signature, with the keys that the provider publishes where it does. A key that
    /// could not be fetched says nothing about the sender: that is our failure, unless its URL has
    /// been sent too many names of keys.
    pub(super) async fn check(
        &self,
        raw: RawDelivery,
        recipient: Recipient,
        deadline: EpochMillis,
    ) -> Result<Result<VerifiedDelivery, Box<Unverified>>, Refusal> {
        let (mut keys, mut failure) = (Keys::none(), None);
        let scope = Scope::Own { endpoint: raw.endpoint.clone(), tenant: raw.tenant.clone() };
        for request in VerifiedDelivery::key_requests(&raw, &recipient) {
            let key = self.providers.key(&scope, &request);
            match self.in_time(deadline, "fetch the provider's key", key).await {
                Ok(Some(key)) => keys.insert(request, key),
                Ok(None) => {}
                Err(refusal) => failure = Some(refusal.at(LookUp::Key)),
            }
        }
        match (VerifiedDelivery::verify(raw, recipient, &keys), failure) {
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

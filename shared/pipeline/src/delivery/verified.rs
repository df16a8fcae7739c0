//! A delivery whose signature was checked.

use std::sync::Arc;

use hookdock_signature::{KeyRequest, Keys, Proof, Rejection, key_requests, verify_with};
use http::Uri;

use crate::delivery::raw::RawDelivery;
use crate::delivery::recipient::Recipient;
use crate::endpoint::Endpoint;

/// A delivery whose signature was found right. [`VerifiedDelivery::verify`] is the only way to
/// get one, and nothing else can be sealed, stored or queued.
#[derive(Debug)]
pub struct VerifiedDelivery {
    raw: RawDelivery,
    recipient: Recipient,
    proof: Proof,
}

/// A delivery whose signature was found wrong, and why.
#[derive(Debug)]
pub struct Unverified {
    /// The delivery, to be checked again should the secrets turn out to be old.
    pub raw: RawDelivery,
    /// Why it was refused.
    pub rejection: Rejection,
}

impl VerifiedDelivery {
    /// The keys that checking the signature needs, where the provider publishes them.
    #[must_use]
    pub fn key_requests(raw: &RawDelivery, recipient: &Recipient) -> Vec<KeyRequest> {
        key_requests(recipient.provider(), recipient.secrets(), &raw.incoming.request())
    }

    /// Checks the signature over the exact bytes, at the time of receipt.
    ///
    /// # Errors
    ///
    /// The delivery itself and the reason for its refusal.
    pub fn verify(
        mut raw: RawDelivery,
        recipient: Recipient,
        keys: &Keys,
    ) -> Result<Self, Box<Unverified>> {
        let (provider, secrets) = (recipient.provider(), recipient.secrets());
        let check = |raw: &RawDelivery| {
            verify_with(provider, secrets, keys, &raw.incoming.request(), raw.received_at)
        };
        let mut checked = check(&raw);
        if matches!(checked, Err(Rejection::Mismatch))
            && provider.signs_url()
            && let Some(other) = raw.incoming.other_url.take()
        {
            raw.incoming.url = other;
            checked = check(&raw);
        }
        match checked {
            Ok(proof) => Ok(Self { raw, recipient, proof }),
            Err(rejection) => Err(Box::new(Unverified { raw, rejection })),
        }
    }

    /// The request.
    #[must_use]
    pub fn raw(&self) -> &RawDelivery {
        &self.raw
    }

    /// Who it was checked for.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    /// The endpoint it was checked for.
    #[must_use]
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        self.recipient.endpoint()
    }

    /// The scheme and the host of the URL that was verified, where the provider signs the URL.
    pub(crate) fn signed_origin(&self) -> Option<String> {
        let signed = self.recipient.provider().signs_url();
        let uri = signed.then(|| self.raw.incoming.url.parse::<Uri>().ok()).flatten()?;
        Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
    }

    /// What the check found.
    #[must_use]
    pub fn proof(&self) -> &Proof {
        &self.proof
    }
}

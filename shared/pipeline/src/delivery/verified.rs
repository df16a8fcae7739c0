//! A delivery whose signature was checked.

use std::mem;
use std::sync::Arc;

use getset::Getters;
use hookdock_signature::{KeyRequest, Keys, Proof, Rejection, key_requests, verify_with};
use http::Uri;

use crate::delivery::incoming::Incoming;
use crate::delivery::raw::RawDelivery;
use crate::delivery::recipient::Recipient;
use crate::endpoint::Endpoint;

/// A delivery whose signature was found right. [`VerifiedDelivery::verify`] is the only way to
/// get one, and nothing else can be sealed, stored or queued.
#[derive(Debug, Getters)]
pub struct VerifiedDelivery {
    /// The request.
    #[getset(get = "pub")]
    raw: RawDelivery,
    /// Who it was checked for.
    #[getset(get = "pub")]
    recipient: Recipient,
    /// What the check found.
    #[getset(get = "pub")]
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
        key_requests(recipient.provider(), recipient.tried_secrets(), &raw.incoming.request())
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
        let checked = check_urls(&mut raw, &recipient, keys);
        let decoded = may_be_signed_plain(&checked)
            .then(|| raw.incoming.decoded(recipient.endpoint().max_body_bytes()));
        let checked = match (checked, decoded.flatten()) {
            (checked, None) => checked,
            // Signed as it was sent; it is read as it was before.
            (Ok(proof), Some(plain)) => {
                raw.incoming.sent_body = Some(mem::replace(&mut raw.incoming.body, plain));
                Ok(proof)
            }
            // Perhaps signed before it was compressed.
            (Err(rejection), Some(plain)) => {
                let sent = mem::replace(&mut raw.incoming.body, plain);
                check_urls(&mut raw, &recipient, keys).map_err(|_| {
                    raw.incoming.body = sent;
                    rejection
                })
            }
        };
        match recipient.judged(checked) {
            Ok(proof) => Ok(Self { raw, recipient, proof }),
            Err(rejection) => Err(Box::new(Unverified { raw, rejection })),
        }
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
}

/// Whether a compressed body is worth decoding: what is not signed at all is not.
fn may_be_signed_plain(checked: &Result<Proof, Rejection>) -> bool {
    use Rejection::{MalformedField, Mismatch, MissingField};
    matches!(checked, Ok(_) | Err(Mismatch | MissingField { .. } | MalformedField { .. }))
}

/// Checks the signature over each URL that the sender may have addressed, where it is signed. The
/// one that was signed stays.
fn check_urls(
    raw: &mut RawDelivery,
    recipient: &Recipient,
    keys: &Keys,
) -> Result<Proof, Rejection> {
    let (provider, secrets) = (recipient.provider(), recipient.tried_secrets());
    let check = |incoming: &Incoming| {
        verify_with(provider, secrets, keys, &incoming.request(), raw.received_at)
    };
    let checked = check(&raw.incoming);
    let again = matches!(checked, Err(Rejection::Mismatch)) && provider.signs_url();
    let Some(other) = raw.incoming.other_url.clone().filter(|_| again) else { return checked };
    let seen = mem::replace(&mut raw.incoming.url, other);
    check(&raw.incoming).inspect_err(|_| raw.incoming.url = seen)
}

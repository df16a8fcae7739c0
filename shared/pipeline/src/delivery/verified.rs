//! A delivery, before and after its signature was checked.

use std::sync::Arc;

use hookdock_signature::{
    EpochMillis, KeyRequest, Keys, Proof, Rejection, Secret, key_requests, verify_with,
};

use crate::delivery::incoming::Incoming;
use crate::endpoint::Endpoint;
use crate::model::names::{DeliveryId, EndpointId, TenantId};

/// One request to an endpoint. Nothing in it is to be believed.
#[derive(Debug, Clone)]
pub struct RawDelivery {
    /// Our id for it.
    pub id: DeliveryId,
    /// The endpoint it was sent to.
    pub endpoint: EndpointId,
    /// The tenant its URL names.
    pub tenant: Option<TenantId>,
    /// When it came in, by our clock.
    pub received_at: EpochMillis,
    /// The request itself.
    pub incoming: Incoming,
}

/// A delivery whose signature was found right. [`VerifiedDelivery::verify`] is the only way to
/// get one, and nothing else can be sealed, stored or queued.
#[derive(Debug)]
pub struct VerifiedDelivery {
    raw: RawDelivery,
    endpoint: Arc<Endpoint>,
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

/// What a delivery is checked with. The answer and the time that it takes tell a sender nothing
/// of which tenants there are.
enum Url {
    Registered(Vec<Secret>),
    Unregistered(Vec<Secret>),
}

impl Url {
    fn of(raw: &RawDelivery, endpoint: &Endpoint) -> Self {
        match endpoint.secrets(raw.tenant.as_ref(), raw.received_at) {
            Some(secrets) => Self::Registered(secrets),
            None => Self::Unregistered(endpoint.decoys(raw.received_at)),
        }
    }
}

impl VerifiedDelivery {
    /// The keys that checking the signature needs, where the provider publishes them.
    #[must_use]
    pub fn key_requests(raw: &RawDelivery, endpoint: &Endpoint) -> Vec<KeyRequest> {
        let (Url::Registered(secrets) | Url::Unregistered(secrets)) = Url::of(raw, endpoint);
        key_requests(endpoint.provider(), &secrets, &raw.incoming.request())
    }

    /// Checks the signature over the exact bytes, at the time of receipt.
    ///
    /// # Errors
    ///
    /// The delivery itself and the reason for its refusal. An endpoint that does not know the
    /// delivery's tenant has no secret for it, whatever another tenant's secret says of it.
    pub fn verify(
        raw: RawDelivery,
        endpoint: Arc<Endpoint>,
        keys: &Keys,
    ) -> Result<Self, Box<Unverified>> {
        let check = |secrets: &[Secret]| {
            let request = raw.incoming.request();
            verify_with(endpoint.provider(), secrets, keys, &request, raw.received_at)
        };
        let checked = match Url::of(&raw, &endpoint) {
            Url::Registered(secrets) => check(&secrets),
            Url::Unregistered(decoys) => match check(&decoys) {
                Ok(_) | Err(Rejection::Mismatch) => Err(Rejection::NoSecret),
                Err(rejection) => Err(rejection),
            },
        };
        match checked {
            Ok(proof) => Ok(Self { raw, endpoint, proof }),
            Err(rejection) => Err(Box::new(Unverified { raw, rejection })),
        }
    }

    /// The request.
    #[must_use]
    pub fn raw(&self) -> &RawDelivery {
        &self.raw
    }

    /// The endpoint it was checked for.
    #[must_use]
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// What the check found.
    #[must_use]
    pub fn proof(&self) -> &Proof {
        &self.proof
    }
}

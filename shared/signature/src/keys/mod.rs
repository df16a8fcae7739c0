//! Keys that the provider publishes and the caller fetches.
//!
//! Nothing is fetched here. [`key_requests`] says which keys a request was signed with and how
//! each is had; the caller asks the provider, [`KeySource::read`] checks what it answered, and
//! [`crate::verify_with`] takes the keys. The host is always the definition's or the operator's.

mod certificate;
mod read;
mod request;

use std::fmt;

pub use read::UnusableKeys;
pub use request::{Credentials, Hidden, KeyRequest, KeySource};
pub(crate) use request::{is_id, may_visit};

use crate::lookup::Lookup;
use crate::verify::applies;
use crate::{EpochMillis, Provider, Request, Secret};

/// More keys than any provider signs one request with.
const MAX_REQUESTS: usize = 8;

/// The keys that verifying this request needs, none twice. A request without a signature, or not
/// well-formed enough to name a key, needs none, and verifying it says why.
///
/// ```
/// use hookdock_signature::{Headers, Request, Secret, catalog, key_requests};
///
/// let paypal = catalog::find("paypal").unwrap();
/// let headers = Headers::from_iter([
///     ("PAYPAL-TRANSMISSION-SIG", "..."),
///     ("PAYPAL-CERT-URL", "https://api.paypal.com/v1/notifications/certs/CERT-360caa42"),
/// ]);
/// let request = Request { method: "POST", url: "", headers: &headers, body: b"{}" };
/// let secret = Secret::new("s1", "a webhook's id")?;
/// let needed = key_requests(&paypal, &[secret], &request);
/// assert_eq!(needed[0].source().url(), headers.get_all("PAYPAL-CERT-URL").next().unwrap());
/// # Ok::<(), hookdock_signature::EmptySecret>(())
/// ```
#[must_use]
pub fn key_requests(
    provider: &Provider,
    secrets: &[Secret],
    request: &Request<'_>,
) -> Vec<KeyRequest> {
    let lookup = Lookup::new(provider, request);
    let mut needed: Vec<KeyRequest> = Vec::new();
    for scheme in provider.schemes().filter(|scheme| scheme.fetches_keys()) {
        if !applies(scheme, &lookup) {
            continue;
        }
        for secret in secrets {
            if let Ok(Some(request)) = KeyRequest::of(scheme, &lookup, secret)
                && !needed.contains(&request)
                && needed.len() < MAX_REQUESTS
            {
                needed.push(request);
            }
        }
    }
    needed
}

/// The keys that were fetched for one request.
#[derive(Clone, Debug, Default)]
pub struct Keys(Vec<(KeyRequest, Key)>);

impl Keys {
    /// No keys: enough for every provider that shares a secret.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Adds the key that answers a request.
    pub fn insert(&mut self, request: KeyRequest, key: Key) {
        self.0.push((request, key));
    }

    #[cfg_attr(
        not(feature = "public-key"),
        expect(dead_code, reason = "only public keys are fetched")
    )]
    pub(crate) fn get(&self, wanted: &KeyRequest) -> Option<&Key> {
        self.0.iter().find(|(request, _)| request == wanted).map(|(_, key)| key)
    }
}

/// A public key as its provider published it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    id: String,
    /// The algorithm it is for, where that is said.
    pub(crate) algorithm: Option<String>,
    pub(crate) bytes: Vec<u8>,
    valid_from: Option<EpochMillis>,
    valid_until: Option<EpochMillis>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Key {
    #[cfg_attr(
        not(feature = "public-key"),
        expect(dead_code, reason = "only public keys are fetched")
    )]
    pub(crate) fn is_valid(&self, now: EpochMillis) -> bool {
        self.valid_from.is_none_or(|from| from <= now)
            && self.valid_until.is_none_or(|until| now < until)
    }
}

/// All keys of one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet(Vec<Key>);

impl KeySet {
    /// The key of that id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Key> {
        self.0.iter().find(|key| key.id == id)
    }

    /// When the first of the keys ends, where that is known.
    #[must_use]
    pub fn valid_until(&self) -> Option<EpochMillis> {
        self.0.iter().filter_map(|key| key.valid_until).min()
    }
}

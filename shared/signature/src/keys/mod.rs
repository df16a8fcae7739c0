//! Keys that the provider publishes and the caller fetches.
//!
//! Nothing is fetched here. [`key_requests`] says which keys a request was signed with and how
//! each is fetched; the caller asks the provider, [`KeySource::read`] checks what it answered, and
//! [`crate::verify_with`] takes the keys. The host is always the definition's or the operator's.

mod certificate;
pub(crate) mod error;
pub(crate) mod key;
mod read;
pub(crate) mod request;

use request::KeyRequest;

use crate::lookup::Lookup;
use crate::presented::signatures::applies;
use crate::{Provider, Request, Secret};

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

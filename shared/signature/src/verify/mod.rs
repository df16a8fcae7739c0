//! From a request to proof or a reason.

mod attempt;
pub(crate) mod canonical;
mod credential;
#[cfg(feature = "public-key")]
mod fetched;
mod fits;
mod jwt;
pub(crate) mod mac;
#[cfg(feature = "public-key")]
mod public_key;
mod sns;

use std::cmp::Reverse;

use attempt::{Accepted, Attempt};
pub use fits::secret_fits;
use getset::CopyGetters;

use crate::lookup::Lookup;
use crate::presented::signatures::applies;
use crate::{EpochMillis, Keys, Provider, Rejection, Request, Scheme, Secret, Weakness};

/// That a request came from who holds the secret, and nothing else.
///
/// Only [`verify`] and [`verify_with`] make one.
#[derive(Clone, Debug, PartialEq, Eq, CopyGetters)]
pub struct Proof {
    /// The scheme that held, such as `hmac-sha256`.
    #[getset(get_copy = "pub")]
    scheme: &'static str,
    alternative: Option<String>,
    secret_id: String,
    /// When the provider says it signed.
    #[getset(get_copy = "pub")]
    provider_timestamp: Option<EpochMillis>,
    /// The age window the request had to lie in, if any.
    #[getset(get_copy = "pub")]
    tolerance_seconds: Option<u32>,
    /// Whether the signature covers the first of several items and nothing of the others.
    #[getset(get_copy = "pub")]
    only_first_item: bool,
    /// What the scheme that held leaves unproven.
    #[getset(get_copy = "pub")]
    weakness: Option<Weakness>,
}

impl Proof {
    fn new(scheme: &Scheme, accepted: Accepted) -> Self {
        Self {
            scheme: scheme.name(),
            alternative: scheme.alternative().map(str::to_owned),
            secret_id: accepted.secret_id,
            provider_timestamp: accepted.at,
            tolerance_seconds: scheme.tolerance_seconds(),
            only_first_item: scheme.signs_only_the_first_item(),
            weakness: scheme.weakness(),
        }
    }

    /// The name of the alternative that held, or nothing for the main scheme.
    #[must_use]
    pub fn alternative(&self) -> Option<&str> {
        self.alternative.as_deref()
    }

    /// The id of the secret that matched.
    #[must_use]
    pub fn secret_id(&self) -> &str {
        &self.secret_id
    }
}

/// Checks that a request was signed by the provider, at about `now`.
///
/// Every secret is tried against every presented signature, in time that does not
/// depend on which of them match. The checks run in this order, and the first that
/// fails is the reason: the parts of the request that the scheme needs, the
/// signature, the age. So [`Rejection::Stale`] and [`Rejection::FromTheFuture`]
/// always mean that the signature was right.
///
/// Alternatives that the request carries a signature for are tried after the main
/// scheme. When all of them refuse, the reason is that of the one that got furthest.
///
/// ```
/// use hookdock_signature::{EpochMillis, Headers, Request, Secret, catalog, verify};
///
/// let github = catalog::find("github").unwrap();
/// let secret = Secret::new("s1", "It's a Secret to Everybody")?;
/// let headers = Headers::from_iter([(
///     "X-Hub-Signature-256",
///     "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
/// )]);
/// let request = Request {
///     method: "POST",
///     url: "https://hooks.example/github",
///     headers: &headers,
///     body: b"Hello, World!",
/// };
/// let proof = verify(&github, &[secret], &request, EpochMillis::new(0)).unwrap();
/// assert_eq!(proof.secret_id(), "s1");
/// # Ok::<(), hookdock_signature::EmptySecret>(())
/// ```
///
/// # Errors
///
/// A [`Rejection`], whose variants say what each reason means.
pub fn verify(
    provider: &Provider,
    secrets: &[Secret],
    request: &Request<'_>,
    now: EpochMillis,
) -> Result<Proof, Rejection> {
    verify_with(provider, secrets, &Keys::none(), request, now)
}

/// As [`verify`], with keys that were fetched for this request.
///
/// [`crate::key_requests`] says which; a provider that shares a secret needs none.
///
/// ```
/// use hookdock_signature::{
///     EpochMillis, Headers, KeySource, Keys, Request, Secret, catalog, key_requests, verify_with,
/// };
///
/// // GET what is at `source.url()`; here nobody answers.
/// fn fetch(source: &KeySource) -> Vec<u8> {
///     assert_eq!(source.url(), "https://acme.kinde.com/.well-known/jwks.json");
///     br#"{"keys": []}"#.to_vec()
/// }
///
/// let kinde = catalog::find("kinde").unwrap();
/// let secrets = [Secret::new("s1", "https://acme.kinde.com")?];
/// let headers = Headers::default();
/// // {"alg":"RS256","kid":"k1"}, {} and no signature.
/// let body = b"eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.e30.";
/// let request = Request { method: "POST", url: "https://h.example/", headers: &headers, body };
/// let now = EpochMillis::new(1_800_000_000_000);
///
/// let mut keys = Keys::none();
/// for needed in key_requests(&kinde, &secrets, &request) {
///     let answer = needed.source().read(&fetch(needed.source()), Vec::new, now).unwrap();
///     if let Some(key) = answer.get(needed.id()).cloned() {
///         keys.insert(needed, key);
///     }
/// }
/// assert!(verify_with(&kinde, &secrets, &keys, &request, now).is_err());
/// # Ok::<(), hookdock_signature::EmptySecret>(())
/// ```
///
/// # Errors
///
/// As for [`verify`]; [`Rejection::UnknownKey`] where a key is missing.
pub fn verify_with(
    provider: &Provider,
    secrets: &[Secret],
    keys: &Keys,
    request: &Request<'_>,
    now: EpochMillis,
) -> Result<Proof, Rejection> {
    if secrets.is_empty() {
        return Err(Rejection::NoSecret);
    }
    let lookup = Lookup::new(provider, request);
    let attempt = Attempt { secrets, keys, lookup: &lookup, now };
    let mut refusal = None;
    for scheme in provider.schemes().filter(|scheme| applies(scheme, &lookup)) {
        if out_of_time(refusal.as_ref()) && scheme.tolerance_seconds().is_none() {
            continue;
        }
        match attempt.scheme(scheme) {
            Ok(accepted) => return Ok(Proof::new(scheme, accepted)),
            Err(rejection) if is_final(&rejection) => return Err(rejection),
            Err(rejection) => refusal = Some(more_telling(refusal, seen_by(scheme, rejection))),
        }
    }
    match refusal {
        Some(rejection) => Err(rejection),
        // No signature anywhere: the main scheme says what is missing.
        None => {
            let scheme = provider.scheme();
            attempt.scheme(scheme).map(|accepted| Proof::new(scheme, accepted))
        }
    }
}

/// A repeated header is nobody's honest request, and neither is what could be the challenge of a
/// handshake, whatever the alternatives say.
const fn is_final(rejection: &Rejection) -> bool {
    matches!(
        rejection,
        Rejection::RepeatedHeader { .. }
            | Rejection::RepeatedField { .. }
            | Rejection::LikeAChallenge
    )
}

/// A request that one scheme has found too old must not pass by another that knows no time.
const fn out_of_time(refusal: Option<&Rejection>) -> bool {
    matches!(refusal, Some(Rejection::Stale { .. } | Rejection::FromTheFuture { .. }))
}

/// The sender chooses the alternative, and one that the secret is not made for says nothing
/// about the secret.
fn seen_by(scheme: &Scheme, rejection: Rejection) -> Rejection {
    match rejection {
        Rejection::MalformedSecret { .. } if scheme.alternative().is_some() => Rejection::Mismatch,
        rejection => rejection,
    }
}

/// The reason of the scheme that got furthest: one that says which time is wrong knows
/// that the signature is right. Of two equals the first stands, of two times the nearer.
fn more_telling(first: Option<Rejection>, next: Rejection) -> Rejection {
    match first {
        Some(first) if reach(&first) >= reach(&next) => first,
        Some(_) | None => next,
    }
}

/// How far a scheme got, and how near the time was.
const fn reach(rejection: &Rejection) -> (u8, Reverse<u64>) {
    match rejection {
        Rejection::Stale { skew_seconds } | Rejection::FromTheFuture { skew_seconds } => {
            (3, Reverse(*skew_seconds))
        }
        Rejection::Mismatch => (2, Reverse(0)),
        Rejection::MalformedSecret { .. } | Rejection::UnknownVersion { .. } => (0, Reverse(0)),
        _ => (1, Reverse(0)),
    }
}

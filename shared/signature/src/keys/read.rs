//! What a provider answered, as keys.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::certificate;
use super::error::UnusableKeys;
use super::key::{Key, KeySet};
use super::request::KeySource;
use crate::definition::algorithm::Encoding;
use crate::definition::keys::KeyForm;
use crate::definition::path::JsonPath;
use crate::parse::json;
use crate::{EpochMillis, EpochSeconds, encoding};

/// More than any provider publishes.
const MAX_BYTES: usize = 128 * 1024;
const MAX_KEYS: usize = 64;

/// A key as RFC 7517 writes it. What is of another kind is left out.
#[derive(Deserialize)]
struct Jwk {
    kid: Option<String>,
    kty: String,
    crv: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    used_for: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    /// Plaid's: the second in which the key ended.
    expired_at: Option<i64>,
}

impl KeySource {
    /// Reads the body of the answer. `roots` are the trusted authorities' certificates in DER,
    /// asked for only where a chain has to lead to one of them.
    ///
    /// # Errors
    ///
    /// [`UnusableKeys`]: the provider answered, and not with keys.
    pub fn read(
        &self,
        answer: &[u8],
        roots: impl FnOnce() -> Vec<Vec<u8>>,
        now: EpochMillis,
    ) -> Result<KeySet, UnusableKeys> {
        if answer.len() > MAX_BYTES {
            return Err(UnusableKeys::TooLarge);
        }
        let id = || self.only.clone().unwrap_or_default();
        match &self.form {
            KeyForm::Jwks => jwks(answer),
            KeyForm::Jwk(at) => {
                let jwk: Jwk = serde_json::from_str(within(answer, at)?.get())
                    .map_err(|_| UnusableKeys::NoKey)?;
                let jwk = Jwk { kid: Some(id()), ..jwk };
                Ok(KeySet(vec![key(jwk).ok_or(UnusableKeys::NoKey)?]))
            }
            KeyForm::Spki(at) => {
                let text = json::string(within(answer, at)?);
                let bytes = text.as_deref().and_then(spki).ok_or(UnusableKeys::NoKey)?;
                Ok(KeySet(vec![Key::lasting(id(), bytes)]))
            }
            KeyForm::Certificate { subjects } => {
                certificate::read(answer, id(), subjects, roots, now).map(|key| KeySet(vec![key]))
            }
        }
    }
}

impl Key {
    fn lasting(id: String, bytes: Vec<u8>) -> Self {
        Self { id, algorithm: None, bytes, valid_from: None, valid_until: None }
    }
}

fn within<'a>(answer: &'a [u8], at: &JsonPath) -> Result<&'a RawValue, UnusableKeys> {
    json::document(answer).and_then(|root| at.find(root)).ok_or(UnusableKeys::NoKey)
}

fn jwks(answer: &[u8]) -> Result<KeySet, UnusableKeys> {
    #[derive(Deserialize)]
    struct Jwks<'a> {
        #[serde(borrow)]
        keys: Vec<&'a RawValue>,
    }
    let found: Jwks<'_> = serde_json::from_slice(answer).map_err(|_| UnusableKeys::NoKey)?;
    let keys = found.keys.iter().take(MAX_KEYS);
    let keys = keys.filter_map(|value| key(serde_json::from_str(value.get()).ok()?));
    Ok(KeySet(keys.collect()))
}

fn key(jwk: Jwk) -> Option<Key> {
    if jwk.used_for.as_deref().is_some_and(|used_for| used_for != "sig") {
        return None;
    }
    let part = |text: &Option<String>| Encoding::Base64url.decode(text.as_deref()?);
    let bytes = match (&*jwk.kty, jwk.crv.as_deref()) {
        ("RSA", _) => rsa(&part(&jwk.n)?, &part(&jwk.e)?)?,
        ("EC", Some(curve)) => point(length(curve)?, &part(&jwk.x)?, &part(&jwk.y)?)?,
        ("OKP", Some("Ed25519")) => part(&jwk.x).filter(|bytes| bytes.len() == 32)?,
        _ => return None,
    };
    let valid_until = jwk.expired_at.map(|seconds| EpochSeconds::new(seconds).to_millis());
    Some(Key { algorithm: jwk.alg, valid_until, ..Key::lasting(jwk.kid?, bytes) })
}

/// How many bytes a coordinate has.
fn length(curve: &str) -> Option<usize> {
    match curve {
        "P-256" => Some(32),
        "P-384" => Some(48),
        "P-521" => Some(66),
        _ => None,
    }
}

/// A point as X9.62 writes it, uncompressed.
fn point(length: usize, x: &[u8], y: &[u8]) -> Option<Vec<u8>> {
    (x.len() == length && y.len() == length).then(|| [&[4], x, y].concat())
}

#[cfg(feature = "public-key")]
fn rsa(n: &[u8], e: &[u8]) -> Option<Vec<u8>> {
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::signature::RsaPublicKeyComponents;
    let der = RsaPublicKeyComponents { n: trimmed(n), e: trimmed(e) }.as_der().ok()?;
    Some(der.as_ref().to_vec())
}

#[cfg(not(feature = "public-key"))]
const fn rsa(_: &[u8], _: &[u8]) -> Option<Vec<u8>> {
    None
}

/// Some publish the sign's zero as well.
#[cfg(feature = "public-key")]
fn trimmed(number: &[u8]) -> &[u8] {
    number.strip_prefix(&[0]).unwrap_or(number)
}

/// In PEM, whose lines some providers forget, or as base64.
fn spki(text: &str) -> Option<Vec<u8>> {
    let bare = text.trim().trim_start_matches("-----BEGIN PUBLIC KEY-----");
    let bare = bare.trim_end_matches("-----END PUBLIC KEY-----");
    let packed: String = bare.split_ascii_whitespace().collect();
    encoding::base64(&packed).filter(|bytes| !bytes.is_empty())
}

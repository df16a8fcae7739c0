//! JSON Web Signatures under a shared secret, in the compact form.

use serde::Deserialize;
use serde_json::Value;

use crate::mac;
use crate::spec::scheme::{Digest, Encoding};

/// A token that has the right form, and nothing more is known about it.
pub(crate) struct Jws<'t> {
    pub(crate) algorithm: Digest,
    signed: &'t str,
    signature: Vec<u8>,
    payload: Vec<u8>,
}

pub(crate) enum JwsError {
    /// Not three parts, not base64url, not JSON, or with parts one has to understand.
    Malformed,
    /// Signed otherwise, or not at all.
    UnknownAlgorithm,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    crit: Option<Value>,
}

impl<'t> Jws<'t> {
    pub(crate) fn parse(token: &'t str) -> Result<Self, JwsError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (head, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        let decode = |text: &str| Encoding::Base64url.decode(text).ok_or(JwsError::Malformed);
        let head: Head = serde_json::from_slice(&decode(head)?).map_err(|_| JwsError::Malformed)?;
        if head.crit.is_some() {
            return Err(JwsError::Malformed);
        }
        let algorithm = match &*head.alg {
            "HS256" => Digest::Sha256,
            "HS384" => Digest::Sha384,
            "HS512" => Digest::Sha512,
            _ => return Err(JwsError::UnknownAlgorithm),
        };
        let signature = decode(signature)?;
        if signature.len() != algorithm.length() {
            return Err(JwsError::Malformed);
        }
        Ok(Self { algorithm, signed, signature, payload: decode(payload)? })
    }

    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let expected =
            self.algorithm.of_pieces(secret.as_bytes(), &[self.signed.as_bytes().into()]);
        let presented = std::slice::from_ref(&self.signature);
        expected.is_some_and(|expected| mac::any_is(presented, &expected))
    }

    /// To be asked for after the signature was checked.
    pub(crate) fn claims(&self) -> Option<Value> {
        serde_json::from_slice(&self.payload).ok().filter(Value::is_object)
    }
}

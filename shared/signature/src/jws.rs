//! JSON Web Signatures in the compact form.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use crate::mac;
use crate::spec::scheme::{Algorithm, Digest, EcdsaFormat, Encoding, RsaDigest};

/// A token that has the right form, and nothing more is known about it.
pub(crate) struct Jws<'t> {
    pub(crate) algorithm: JwsAlgorithm,
    /// The key's id, where the token names one.
    pub(crate) kid: Option<String>,
    pub(crate) signed: Cow<'t, str>,
    pub(crate) signature: Vec<u8>,
    payload: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JwsAlgorithm {
    Shared(Digest),
    Public(Algorithm),
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
    kid: Option<String>,
    crit: Option<Value>,
}

type Result<T> = std::result::Result<T, JwsError>;

impl<'t> Jws<'t> {
    pub(crate) fn parse(token: &'t str) -> Result<Self> {
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (head, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        Self::of_parts(head, Cow::Borrowed(signed), decode(payload)?, signature)
    }

    /// A token whose payload travels apart: `head..signature`.
    pub(crate) fn parse_detached(token: &'t str, payload: &[u8]) -> Result<Self> {
        let (head, signature) = token.split_once("..").ok_or(JwsError::Malformed)?;
        let signed = format!("{head}.{}", Encoding::Base64url.encode(payload));
        Self::of_parts(head, Cow::Owned(signed), Vec::new(), signature)
    }

    fn of_parts(
        head: &str,
        signed: Cow<'t, str>,
        payload: Vec<u8>,
        signature: &str,
    ) -> Result<Self> {
        let head: Head = serde_json::from_slice(&decode(head)?).map_err(|_| JwsError::Malformed)?;
        if head.crit.is_some() {
            return Err(JwsError::Malformed);
        }
        let algorithm = JwsAlgorithm::named(&head.alg).ok_or(JwsError::UnknownAlgorithm)?;
        let signature = decode(signature)?;
        if algorithm.length().is_some_and(|length| signature.len() != length) {
            return Err(JwsError::Malformed);
        }
        Ok(Self { algorithm, kid: head.kid, signed, signature, payload })
    }

    pub(crate) fn is_signed_with(&self, digest: Digest, secret: &str) -> bool {
        let expected = digest.of_pieces(secret.as_bytes(), &[self.signed.as_bytes().into()]);
        let presented = std::slice::from_ref(&self.signature);
        expected.is_some_and(|expected| mac::any_is(presented, &expected))
    }

    /// To be asked for after the signature was checked.
    pub(crate) fn claims(&self) -> Option<Value> {
        serde_json::from_slice(&self.payload).ok().filter(Value::is_object)
    }
}

impl From<Algorithm> for JwsAlgorithm {
    fn from(algorithm: Algorithm) -> Self {
        Self::Public(algorithm)
    }
}

impl JwsAlgorithm {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "HS256" => Self::Shared(Digest::Sha256),
            "HS384" => Self::Shared(Digest::Sha384),
            "HS512" => Self::Shared(Digest::Sha512),
            "RS256" => Self::Public(Algorithm::RsaPkcs1(RsaDigest::Sha256)),
            "RS384" => Self::Public(Algorithm::RsaPkcs1(RsaDigest::Sha384)),
            "RS512" => Self::Public(Algorithm::RsaPkcs1(RsaDigest::Sha512)),
            "ES256" => Self::Public(Algorithm::EcdsaP256Sha256(EcdsaFormat::Fixed)),
            "EdDSA" => Self::Public(Algorithm::Ed25519),
            _ => return None,
        })
    }

    const fn length(self) -> Option<usize> {
        match self {
            Self::Shared(digest) => Some(digest.length()),
            Self::Public(algorithm) => algorithm.signature_length(),
        }
    }
}

fn decode(text: &str) -> Result<Vec<u8>> {
    Encoding::Base64url.decode(text).ok_or(JwsError::Malformed)
}

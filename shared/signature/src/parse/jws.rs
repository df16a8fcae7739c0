//! JSON Web Signatures in the compact form.

use std::borrow::Cow;
use std::io::Write as _;

use base64::encoded_len;
use base64::write::{EncoderStringWriter, EncoderWriter};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::definition::algorithm::{Encoding, JwsAlgorithm};
use crate::encoding::BASE64URL;

/// A token that has the right form, and nothing more is known about it.
pub(crate) struct Jws<'t> {
    pub(crate) algorithm: JwsAlgorithm,
    /// The key's id, where the token names one.
    pub(crate) kid: Option<String>,
    pub(crate) signed: Cow<'t, str>,
    pub(crate) signature: Vec<u8>,
    payload: &'t str,
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
    crit: Option<IgnoredAny>,
}

/// Longer than any head, a chain of certificates in it included.
const LONGEST_HEAD: usize = 16 * 1024;

type Result<T> = std::result::Result<T, JwsError>;

impl<'t> Jws<'t> {
    pub(crate) fn parse(token: &'t str) -> Result<Self> {
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (head, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        Self::of_parts(head, Cow::Borrowed(signed), payload, signature)
    }

    /// A token whose payload travels apart: `head..signature`.
    pub(crate) fn parse_detached(token: &'t str, payload: &Detached<'_>) -> Result<Self> {
        let (head, signature) = token.split_once("..").ok_or(JwsError::Malformed)?;
        let signed = payload.after(head).ok_or(JwsError::Malformed)?;
        Self::of_parts(head, Cow::Owned(signed), "", signature)
    }

    fn of_parts(
        head: &str,
        signed: Cow<'t, str>,
        payload: &'t str,
        signature: &str,
    ) -> Result<Self> {
        if head.len() > LONGEST_HEAD {
            return Err(JwsError::Malformed);
        }
        let head: Head = serde_json::from_slice(&decode(head)?).map_err(|_| JwsError::Malformed)?;
        if head.crit.is_some() {
            return Err(JwsError::Malformed);
        }
        let algorithm = JwsAlgorithm::from_name(&head.alg).ok_or(JwsError::UnknownAlgorithm)?;
        let signature = decode(signature)?;
        if algorithm.length().is_some_and(|length| signature.len() != length) {
            return Err(JwsError::Malformed);
        }
        Ok(Self { algorithm, kid: head.kid, signed, signature, payload })
    }

    /// To be asked for after the signature was checked.
    pub(crate) fn payload(&self) -> Option<Vec<u8>> {
        decode(self.payload).ok()
    }
}

/// A payload that is not in its token: the body in base64url, as RFC 7515 says; or with a time
/// before it, a dot between them, and all of that in base64url again (Neon Auth).
pub(crate) struct Detached<'a> {
    pub(crate) time: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

impl Detached<'_> {
    /// What is signed. Of the body there is no other copy on the way to it.
    fn after(&self, head: &str) -> Option<String> {
        let mut signed = String::with_capacity(self.length(head)?);
        signed.extend([head, "."]);
        let mut outer = EncoderStringWriter::from_consumer(signed, &BASE64URL);
        match self.time {
            None => outer.write_all(self.body).ok()?,
            Some(time) => {
                outer.write_all(time.as_bytes()).ok()?;
                outer.write_all(b".").ok()?;
                let mut inner = EncoderWriter::new(&mut outer, &BASE64URL);
                inner.write_all(self.body).ok()?;
                inner.finish().ok()?;
            }
        }
        Some(outer.into_inner())
    }

    fn length(&self, head: &str) -> Option<usize> {
        let outer = match self.time {
            None => self.body.len(),
            Some(time) => {
                let inner = encoded_len(self.body.len(), false)?;
                time.len().checked_add(1)?.checked_add(inner)?
            }
        };
        encoded_len(outer, false)?.checked_add(head.len())?.checked_add(1)
    }
}

impl JwsAlgorithm {
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

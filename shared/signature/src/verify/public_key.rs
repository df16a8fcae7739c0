//! Signatures that only the provider can make.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};

use crate::definition::algorithm::{
    Algorithm, Digest, EcdsaFormat, JwsAlgorithm, PublicKeyFormat, PublicKeyRule,
};
use crate::verify::canonical::Message;
use crate::{Key, encoding};

impl PublicKeyRule {
    /// The key's bytes, raw or as `SubjectPublicKeyInfo`.
    pub(crate) fn bytes(&self, text: &str) -> Option<Vec<u8>> {
        let text = match &self.strip_prefix {
            Some(prefix) => text.strip_prefix(&**prefix).unwrap_or(text),
            None => text,
        };
        match self.format {
            PublicKeyFormat::Hex => hex::decode(text).ok(),
            PublicKeyFormat::Base64 | PublicKeyFormat::Base64Spki => encoding::base64(text),
            PublicKeyFormat::Pem => pem(text),
        }
    }
}

/// The content of the only block. Blanks inside it are allowed, as PEM does.
fn pem(text: &str) -> Option<Vec<u8>> {
    let body = text.split_once("-----BEGIN PUBLIC KEY-----")?.1;
    let body = body.split_once("-----END PUBLIC KEY-----")?.0;
    let packed: String = body.split_ascii_whitespace().collect();
    encoding::base64(&packed)
}

/// A key that was parsed once, for all presented signatures.
pub(crate) struct PublicKey {
    algorithm: Algorithm,
    key: ParsedPublicKey,
}

/// What is signed, once per time stated.
enum Prepared {
    Digest(digest::Digest),
    /// Ed25519 reads the message twice, so it has to be in one piece.
    Whole(Vec<u8>),
}

impl PublicKey {
    /// A key that the operator wrote down.
    pub(crate) fn from_text(
        algorithm: Algorithm,
        rule: &PublicKeyRule,
        text: &str,
    ) -> Option<Self> {
        Self::new(algorithm, &rule.bytes(text)?)
    }

    /// A key that the provider published, if it is for that algorithm.
    pub(crate) fn published(algorithm: Algorithm, key: &Key) -> Option<Self> {
        let said = key.algorithm.as_deref();
        let fits = said.is_none_or(|name| {
            JwsAlgorithm::from_name(name) == Some(JwsAlgorithm::Public(algorithm))
        });
        Self::new(algorithm, &key.bytes).filter(|_| fits)
    }

    fn new(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        let key = ParsedPublicKey::new(implementation(algorithm), bytes).ok()?;
        Some(Self { algorithm, key })
    }

    /// Whether it signed a text that is in one piece.
    pub(crate) fn signed(&self, text: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(text, signature).is_ok()
    }

    /// Whether one of the presented signatures is right. Looks at all of them.
    pub(crate) fn any_is(
        &self,
        presented: &[Vec<u8>],
        message: &Message<'_>,
        timestamp: &str,
        secret: &str,
    ) -> bool {
        let prepared = self.prepare(message, timestamp, secret);
        presented.iter().fold(false, |found, signature| found | self.is(&prepared, signature))
    }

    fn prepare(&self, message: &Message<'_>, timestamp: &str, secret: &str) -> Prepared {
        let Some(algorithm) = digest_of(self.algorithm) else {
            let length = message.len(timestamp, secret.as_bytes());
            let mut whole = Vec::with_capacity(length);
            message.feed(timestamp, secret.as_bytes(), |bytes| whole.extend_from_slice(bytes));
            return Prepared::Whole(whole);
        };
        let mut context = digest::Context::new(algorithm);
        message.feed(timestamp, secret.as_bytes(), |bytes| context.update(bytes));
        let digest = context.finish();
        match self.algorithm {
            Algorithm::RsaPkcs1Sha256Twice => {
                Prepared::Digest(digest::digest(algorithm, digest.as_ref()))
            }
            _ => Prepared::Digest(digest),
        }
    }

    fn is(&self, prepared: &Prepared, signature: &[u8]) -> bool {
        match prepared {
            Prepared::Digest(digest) => self.key.verify_digest_sig(digest, signature).is_ok(),
            Prepared::Whole(message) => self.key.verify_sig(message, signature).is_ok(),
        }
    }
}

fn implementation(algorithm: Algorithm) -> &'static dyn VerificationAlgorithm {
    match algorithm {
        Algorithm::Ed25519 => &signature::ED25519,
        Algorithm::EcdsaP256Sha256(EcdsaFormat::Der) => &signature::ECDSA_P256_SHA256_ASN1,
        Algorithm::EcdsaP256Sha256(EcdsaFormat::Fixed) => &signature::ECDSA_P256_SHA256_FIXED,
        Algorithm::EcdsaP256Sha1 => &signature::ECDSA_P256_SHA1_ASN1,
        Algorithm::EcdsaP384Sha384 => &signature::ECDSA_P384_SHA384_FIXED,
        Algorithm::EcdsaP521Sha512 => &signature::ECDSA_P521_SHA512_FIXED,
        Algorithm::RsaPkcs1(Digest::Sha1) | Algorithm::RsaPss(Digest::Sha1) => {
            &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY
        }
        Algorithm::RsaPkcs1(Digest::Sha256) | Algorithm::RsaPkcs1Sha256Twice => {
            &signature::RSA_PKCS1_2048_8192_SHA256
        }
        Algorithm::RsaPkcs1(Digest::Sha384) => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RsaPkcs1(Digest::Sha512) => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::RsaPss(Digest::Sha256) => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::RsaPss(Digest::Sha384) => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::RsaPss(Digest::Sha512) => &signature::RSA_PSS_2048_8192_SHA512,
    }
}

const fn digest_of(algorithm: Algorithm) -> Option<&'static digest::Algorithm> {
    match algorithm {
        Algorithm::Ed25519 => None,
        Algorithm::EcdsaP256Sha1
        | Algorithm::RsaPkcs1(Digest::Sha1)
        | Algorithm::RsaPss(Digest::Sha1) => Some(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        Algorithm::EcdsaP256Sha256(_)
        | Algorithm::RsaPkcs1(Digest::Sha256)
        | Algorithm::RsaPkcs1Sha256Twice
        | Algorithm::RsaPss(Digest::Sha256) => Some(&digest::SHA256),
        Algorithm::EcdsaP384Sha384
        | Algorithm::RsaPkcs1(Digest::Sha384)
        | Algorithm::RsaPss(Digest::Sha384) => Some(&digest::SHA384),
        Algorithm::EcdsaP521Sha512
        | Algorithm::RsaPkcs1(Digest::Sha512)
        | Algorithm::RsaPss(Digest::Sha512) => Some(&digest::SHA512),
    }
}

//! Digests under a shared secret.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::code::claim::Claim;
use crate::compare::any_is;
use crate::definition::algorithm::{Construction, Digest, KeyFormat, KeyRule, Normalization};
use crate::definition::scheme::Shared;
use crate::encoding;
use crate::verify::canonical::Message;

pub(crate) type Key = Zeroizing<Vec<u8>>;

impl KeyRule {
    /// The bytes that a secret stands for, or nothing when it does not have the form.
    pub(crate) fn key(&self, secret: &str) -> Option<Key> {
        let mut text = Zeroizing::new(match self.normalize {
            Some(Normalization::Nfkd) => secret.nfkd().collect(),
            None => secret.to_owned(),
        });
        if let Some(rest) =
            self.strip_prefix.as_ref().and_then(|prefix| text.strip_prefix(&**prefix))
        {
            text = Zeroizing::new(rest.to_owned());
        }
        if text.is_empty() {
            return None;
        }
        text.push_str(self.suffix.as_deref().unwrap_or_default());
        let key = match self.format {
            KeyFormat::Utf8 => text.as_bytes().to_vec(),
            KeyFormat::Base64 => encoding::base64_key(&text)?,
            KeyFormat::Hex => hex::decode(&*text).ok()?,
            KeyFormat::Sha1 => Sha1::digest(text.as_bytes()).to_vec(),
            KeyFormat::Sha256 => Sha256::digest(text.as_bytes()).to_vec(),
        };
        if key.is_empty() { None } else { Some(Zeroizing::new(key)) }
    }
}

impl Digest {
    pub(crate) const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

impl Shared {
    /// Whether the secret is only a part of what is digested, and not the key of a MAC.
    pub(crate) fn is_plain_digest(&self) -> bool {
        matches!(self.construction, Construction::Hash)
    }

    /// What the sender should have presented.
    pub(crate) fn tag(
        &self,
        key: &[u8],
        message: &Message<'_>,
        timestamp: &str,
    ) -> Option<Vec<u8>> {
        match (self.construction, self.digest) {
            (Construction::Mac, Digest::Sha1) => mac::<Hmac<Sha1>>(key, message, timestamp),
            (Construction::Mac, Digest::Sha256) => mac::<Hmac<Sha256>>(key, message, timestamp),
            (Construction::Mac, Digest::Sha384) => mac::<Hmac<Sha384>>(key, message, timestamp),
            (Construction::Mac, Digest::Sha512) => mac::<Hmac<Sha512>>(key, message, timestamp),
            (Construction::Hash, Digest::Sha1) => Some(hash::<Sha1>(key, message, timestamp)),
            (Construction::Hash, Digest::Sha256) => Some(hash::<Sha256>(key, message, timestamp)),
            (Construction::Hash, Digest::Sha384) => Some(hash::<Sha384>(key, message, timestamp)),
            (Construction::Hash, Digest::Sha512) => Some(hash::<Sha512>(key, message, timestamp)),
        }
    }
}

impl Claim<'_> {
    /// Whether one of the signatures is right for one of the messages. Looks at all of
    /// both.
    pub(crate) fn holds(&self, digest: Digest, key: &[u8]) -> bool {
        self.messages.iter().fold(false, |found, pieces| {
            let expected = digest.of_pieces(key, pieces);
            found | expected.is_some_and(|expected| any_is(&self.signatures, &expected))
        })
    }
}

impl Digest {
    /// The HMAC of a message that is in pieces.
    pub(crate) fn of_pieces(self, key: &[u8], pieces: &[Cow<'_, [u8]>]) -> Option<Vec<u8>> {
        match self {
            Self::Sha1 => of_pieces::<Hmac<Sha1>>(key, pieces),
            Self::Sha256 => of_pieces::<Hmac<Sha256>>(key, pieces),
            Self::Sha384 => of_pieces::<Hmac<Sha384>>(key, pieces),
            Self::Sha512 => of_pieces::<Hmac<Sha512>>(key, pieces),
        }
    }
}

fn of_pieces<M: Mac + KeyInit>(key: &[u8], pieces: &[Cow<'_, [u8]>]) -> Option<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    pieces.iter().for_each(|piece| mac.update(piece));
    Some(mac.finalize().into_bytes().to_vec())
}

fn mac<M: Mac + KeyInit>(key: &[u8], message: &Message<'_>, timestamp: &str) -> Option<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    message.feed(timestamp, key, |bytes| mac.update(bytes));
    Some(mac.finalize().into_bytes().to_vec())
}

fn hash<D: sha2::Digest>(key: &[u8], message: &Message<'_>, timestamp: &str) -> Vec<u8> {
    let mut hash = D::new();
    message.feed(timestamp, key, |bytes| hash.update(bytes));
    hash.finalize().to_vec()
}

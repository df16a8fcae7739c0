//! Keys, as their providers published them.

use derive_more::Debug;

use super::request::KeyRequest;
use crate::EpochMillis;

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
    pub(crate) fn get(&self, needed: &KeyRequest) -> Option<&Key> {
        self.0.iter().find(|(request, _)| request == needed).map(|(_, key)| key)
    }
}

/// A public key as its provider published it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[debug("Key({id})")]
pub struct Key {
    pub(super) id: String,
    /// The algorithm it is for, where that is said.
    pub(crate) algorithm: Option<String>,
    pub(crate) bytes: Vec<u8>,
    pub(super) valid_from: Option<EpochMillis>,
    pub(super) valid_until: Option<EpochMillis>,
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
pub struct KeySet(pub(super) Vec<Key>);

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

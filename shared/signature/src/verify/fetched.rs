//! Keys that the caller fetched, found for each secret.

use super::attempt::{Attempt, Result};
use super::public_key::PublicKey;
use crate::definition::algorithm::Algorithm;
use crate::definition::keys::KeysRule;
use crate::{KeyRequest, Rejection, Secret};

impl<'a> Attempt<'a> {
    /// The key that the request names, as it is for each of the secrets. A key that is missing
    /// or out of date is only a reason to refuse when no secret has a better one.
    pub(crate) fn keys_for(
        &self,
        rule: &KeysRule,
        algorithm: Algorithm,
        kid: Option<&str>,
    ) -> Result<KeysFor<'a>> {
        let (mut found, mut reason) = (Vec::new(), None);
        for secret in self.secrets {
            match self.key_for(rule, algorithm, kid, secret) {
                Ok(key) => found.push((secret, key)),
                Err(rejection) => reason = reason.or(Some(rejection)),
            }
        }
        match reason {
            Some(reason) if found.is_empty() => Err(reason),
            _ => Ok(KeysFor(found)),
        }
    }

    fn key_for(
        &self,
        rule: &KeysRule,
        algorithm: Algorithm,
        kid: Option<&str>,
        secret: &Secret,
    ) -> Result<PublicKey> {
        let request = KeyRequest::new(rule, self.lookup, secret, kid.map(str::to_owned))?;
        let key = self.keys.get(&request).ok_or(Rejection::UnknownKey)?;
        if !key.is_valid(self.now) {
            return Err(Rejection::ExpiredKey);
        }
        PublicKey::published(algorithm, key).ok_or(Rejection::UnknownKey)
    }
}

/// A key for each secret that has one.
pub(crate) struct KeysFor<'a>(Vec<(&'a Secret, PublicKey)>);

impl KeysFor<'_> {
    pub(crate) fn of(&self, secret: &Secret) -> Option<&PublicKey> {
        let found = self.0.iter().find(|(owner, _)| std::ptr::eq(*owner, secret));
        found.map(|(_, key)| key)
    }
}

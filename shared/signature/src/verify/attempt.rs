//! One try to verify a request by one scheme.

use std::borrow::Cow;

#[cfg(feature = "public-key")]
use super::public_key::PublicKey;
use crate::definition::handshake::{HandshakeKind, Keyed};
#[cfg(feature = "public-key")]
use crate::definition::scheme::KeyFrom;
use crate::definition::scheme::{Coded, Kind, Public, Shared, Signed};
use crate::definition::signature::{Timestamp, TimestampSource, Unit};
use crate::definition::template::Segment;
use crate::lookup::Lookup;
use crate::parse::timestamp::instant;
use crate::presented::signatures::{self as present, Candidates};
use crate::verify::canonical::Message;
use crate::{EpochMillis, Keys, Provider, Rejection, Scheme, Secret, code, compare};

pub(crate) struct Attempt<'a> {
    pub(crate) secrets: &'a [Secret],
    #[cfg_attr(
        not(feature = "public-key"),
        expect(dead_code, reason = "only public keys are fetched")
    )]
    pub(crate) keys: &'a Keys,
    pub(crate) lookup: &'a Lookup<'a>,
    pub(crate) now: EpochMillis,
}

/// What a proof says beside the scheme.
pub(crate) struct Accepted {
    pub(crate) secret_id: String,
    pub(crate) at: Option<EpochMillis>,
}

pub(super) type Result<T> = std::result::Result<T, Rejection>;

/// A time as stated, and what it means.
struct Stated<'a> {
    text: Cow<'a, str>,
    at: EpochMillis,
}

/// What one secret has to be tried against.
struct Case<'c> {
    candidates: &'c Candidates,
    message: &'c Message<'c>,
    timestamp: &'c str,
}

/// A secret and the candidates that it signed.
struct Match<'c> {
    secret: &'c Secret,
    candidates: &'c Candidates,
    stated: Option<&'c Stated<'c>>,
}

impl<'a> Attempt<'a> {
    pub(crate) fn scheme(&self, scheme: &'a Scheme) -> Result<Accepted> {
        match &scheme.kind {
            Kind::Shared(shared) => self.shared(shared),
            Kind::Public(public) => self.public(public),
            Kind::Token(token) => self.token(token),
            Kind::Basic(source) => self.basic(source),
            Kind::Jwt(rule) => self.jwt(rule),
            Kind::Code(code) => self.code(code),
        }
    }

    fn shared(&self, shared: &'a Shared) -> Result<Accepted> {
        // A plain digest can be carried on over bytes that are appended to what it covers, after
        // a padding that no UTF-8 text contains.
        if shared.is_plain_digest() && std::str::from_utf8(self.lookup.request.body).is_err() {
            return Err(Rejection::Mismatch);
        }
        self.signed(&shared.signed, Some(shared.digest.length()), |secret, case| {
            let key = shared.key.key(secret.expose())?;
            let expected = shared.tag(&key, case.message, case.timestamp)?;
            Some(compare::any_is(&case.candidates.signatures, &expected))
        })
    }

    fn code(&self, Coded { module, timestamp }: &Coded) -> Result<Accepted> {
        let (rule, digest) = (module.key(), module.digest());
        let keys = self.secrets.iter().map(|secret| rule.key(secret.expose()));
        let mut trials: Vec<_> = keys.map(|key| (key, true)).collect();
        code::claims(*module, self.lookup, &mut |claim| {
            for (key, holds) in &mut trials {
                let key = key.as_ref().filter(|_| *holds);
                *holds = key.is_some_and(|key| claim.holds(digest, key));
            }
        })?;
        let beside = code::time_beside(*module, self.lookup);
        let stated = timestamp.as_ref().map(|timestamp| self.stated(timestamp, beside.as_deref()));
        let stated = stated.transpose()?;
        let outcomes = trials.into_iter().map(|(key, holds)| key.map(|_| holds));
        let accepted = self.outcome(outcomes)?;
        let at = stated.map(|stated| stated.at);
        if let (Some(timestamp), Some(at)) = (timestamp, at) {
            in_window(timestamp, self.now, at)?;
        }
        Ok(Accepted { at, ..accepted })
    }

    #[cfg(feature = "public-key")]
    fn public(&self, public: &'a Public) -> Result<Accepted> {
        let length = public.algorithm.signature_length();
        match &public.key {
            KeyFrom::Secret(rule) => self.signed(&public.signed, length, |secret, case| {
                let key = PublicKey::from_text(public.algorithm, rule, secret.expose())?;
                Some(key.any_is(&case.candidates.signatures, case.message, case.timestamp, ""))
            }),
            KeyFrom::Provider(rule) => {
                let keys = self.keys_for(rule, public.algorithm, None)?;
                self.signed(&public.signed, length, |secret, case| {
                    let key = keys.of(secret)?;
                    let Case { candidates, message, timestamp } = case;
                    Some(key.any_is(&candidates.signatures, message, timestamp, secret.expose()))
                })
            }
        }
    }

    #[cfg(not(feature = "public-key"))]
    #[expect(clippy::unused_self, reason = "stands in for the method that needs the feature")]
    fn public(&self, public: &'a Public) -> Result<Accepted> {
        Err(Rejection::Unsupported { what: public.algorithm.name().to_owned() })
    }

    /// `test` answers nothing for a secret that does not have the form of one.
    fn signed(
        &self,
        signed: &'a Signed,
        length: Option<usize>,
        test: impl Fn(&Secret, &Case<'_>) -> Option<bool>,
    ) -> Result<Accepted> {
        let candidates = present::signatures(signed, length, self.lookup)?;
        let message = &Message::resolve(&signed.message, self.lookup)?;
        if would_answer(self.lookup.provider, message) {
            return Err(Rejection::LikeAChallenge);
        }
        let stated = self.stated_before(signed, &candidates)?;
        let mut tally = Tally::default();
        let mut matches = Vec::new();
        for secret in self.secrets {
            for (candidates, stated) in candidates.iter().zip(&stated) {
                let timestamp = stated.as_ref().map_or("", |stated| &*stated.text);
                let case = Case { candidates, message, timestamp };
                if tally.is_match(secret, test(secret, &case)) {
                    matches.push(Match { secret, candidates, stated: stated.as_ref() });
                }
            }
        }
        match &signed.timestamp {
            None => tally.accepted(),
            Some(timestamp) => {
                tally.check()?;
                self.first_in_time(timestamp, matches)
            }
        }
    }

    fn first_in_time(&self, timestamp: &Timestamp, matches: Vec<Match<'_>>) -> Result<Accepted> {
        let mut reason = None;
        for found in matches {
            let at = match found.stated {
                Some(stated) => stated.at,
                None => self.stated(timestamp, found.candidates.timestamp.as_deref())?.at,
            };
            match in_window(timestamp, self.now, at) {
                Ok(()) => {
                    return Ok(Accepted { secret_id: found.secret.id().to_owned(), at: Some(at) });
                }
                Err(rejection) => reason = reason.or(Some(rejection)),
            }
        }
        Err(reason.unwrap_or(Rejection::Mismatch))
    }

    /// The times that are known before the signature is checked. A time that sits
    /// in a signed body waits, so that no unverified body is parsed for it.
    fn stated_before(
        &self,
        signed: &'a Signed,
        candidates: &[Candidates],
    ) -> Result<Vec<Option<Stated<'a>>>> {
        let early = signed.timestamp.as_ref().filter(|timestamp| {
            signed.message.has(&Segment::Timestamp) || !timestamp.source.is_in_body()
        });
        let stated = candidates.iter().map(|one| {
            early.map(|timestamp| self.stated(timestamp, one.timestamp.as_deref())).transpose()
        });
        stated.collect()
    }

    /// `beside` is the time that stands with the signature.
    fn stated(&self, timestamp: &Timestamp, beside: Option<&str>) -> Result<Stated<'a>> {
        let text = match &timestamp.source {
            TimestampSource::Header(name) => self.lookup.header(name)?.into(),
            TimestampSource::Json(path) => self.lookup.json(path)?,
            TimestampSource::Form(name) => self.lookup.form(name)?,
            TimestampSource::SignatureField => {
                beside.ok_or(Rejection::MalformedTimestamp)?.to_owned().into()
            }
        };
        let at = instant(&text, timestamp.unit).ok_or(Rejection::MalformedTimestamp)?;
        Ok(Stated { text, at })
    }

    /// `test` answers nothing for a secret that does not have the form of one.
    pub(crate) fn any_secret(&self, test: impl Fn(&Secret) -> Option<bool>) -> Result<Accepted> {
        self.outcome(self.secrets.iter().map(test))
    }

    /// What the secrets come to, each of which matched, did not, or has not the right form.
    pub(super) fn outcome(&self, outcomes: impl Iterator<Item = Option<bool>>) -> Result<Accepted> {
        let mut tally = Tally::default();
        for (secret, outcome) in self.secrets.iter().zip(outcomes) {
            tally.is_match(secret, outcome);
        }
        tally.accepted()
    }
}

/// Remembers the first secret that matched, and the first that has no right form.
#[derive(Default)]
struct Tally {
    matched: Option<String>,
    malformed: Option<String>,
}

impl Tally {
    fn is_match(&mut self, secret: &Secret, outcome: Option<bool>) -> bool {
        let (slot, hit) = match outcome {
            Some(false) => return false,
            Some(true) => (&mut self.matched, true),
            None => (&mut self.malformed, false),
        };
        slot.get_or_insert_with(|| secret.id().to_owned());
        hit
    }

    /// Says why, unless something matched.
    fn check(&self) -> Result<()> {
        match (&self.matched, &self.malformed) {
            (Some(_), _) => Ok(()),
            (None, Some(id)) => Err(Rejection::MalformedSecret { id: id.clone() }),
            (None, None) => Err(Rejection::Mismatch),
        }
    }

    fn accepted(self) -> Result<Accepted> {
        self.check()?;
        let secret_id = self.matched.ok_or(Rejection::Mismatch)?;
        Ok(Accepted { secret_id, at: None })
    }
}

/// Compares in the sender's unit: one that states whole seconds has cut off a part
/// of one, and that part must not count against it.
pub(crate) fn in_window(timestamp: &Timestamp, now: EpochMillis, at: EpochMillis) -> Result<()> {
    let Some(tolerance) = timestamp.tolerance_seconds else {
        return Ok(());
    };
    let now = match timestamp.unit {
        Unit::S => now.to_seconds().to_millis(),
        Unit::Ms | Unit::Iso8601 => now,
    };
    let age = now.saturating_since(at);
    let skew_seconds = age.unsigned_abs().div_ceil(1000);
    match (skew_seconds > u64::from(tolerance), age > 0) {
        (false, _) => Ok(()),
        (true, true) => Err(Rejection::Stale { skew_seconds }),
        (true, false) => Err(Rejection::FromTheFuture { skew_seconds }),
    }
}

/// Whether what is signed could be a challenge that is answered with its MAC. The attempt to pass
/// such an answer off as the signature of an event ends here.
fn would_answer(provider: &Provider, message: &Message<'_>) -> bool {
    provider.handshakes().iter().any(|handshake| match &handshake.kind {
        HandshakeKind::KeyedResponse(challenge, Keyed::Mac) => {
            message.is_made_of(challenge.max_length, |byte| challenge.has(byte))
        }
        _ => false,
    })
}

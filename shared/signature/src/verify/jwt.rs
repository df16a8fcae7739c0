//! Tokens that bind a request by their claims.

use std::borrow::Cow;
use std::ops::ControlFlow;

use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::definition::algorithm::{Algorithm, Digest, JwsAlgorithm};
use crate::definition::jwt::{DetachedTime, JwtRule, TokenKeys, TokenPlace};
use crate::definition::signature::{Timestamp, TimestampSource};
use crate::parse::jws::Jws;
use crate::parse::timestamp::instant;
use crate::parse::url::Url;
use crate::parse::{form, json};
use crate::presented::token::Presented;
use crate::verify::attempt::{Accepted, Attempt, in_window};
#[cfg(feature = "public-key")]
use crate::verify::public_key::PublicKey;
use crate::{EpochMillis, EpochSeconds, Rejection, Secret, compare};

type Result<T> = std::result::Result<T, Rejection>;

impl<'a> Attempt<'a> {
    /// The token's signature comes first, then what it binds, and its times last.
    pub(crate) fn jwt(&self, rule: &'a JwtRule) -> Result<Accepted> {
        let text = Presented::find(rule, self.lookup)?;
        let token = text.parse(rule)?;
        let accepted = self.signer(rule, &token)?;
        if let TokenPlace::Detached { time, .. } = &rule.place {
            let at = time.as_ref().map(|time| is_recent(&text, time, self.now)).transpose()?;
            return Ok(Accepted { at, ..accepted });
        }
        let payload = token.payload().unwrap_or_default();
        let claims = Claims::read(&payload).ok_or_else(|| text.malformed())?;
        self.binds(rule, &claims)?;
        self.in_time(rule, &claims)?;
        let at = claims.time("iat")?.or(claims.time("nbf")?).map(EpochSeconds::to_millis);
        Ok(Accepted { at, ..accepted })
    }

    /// The secret that signed, or that names whose public key did.
    fn signer(&self, rule: &'a JwtRule, token: &Jws<'_>) -> Result<Accepted> {
        match (&rule.keys, token.algorithm) {
            (TokenKeys::Shared(pinned), JwsAlgorithm::Shared(digest))
                if pinned.contains(&digest) =>
            {
                self.any_secret(|secret| {
                    let signed = is_signed_with(token, digest, secret);
                    Some(signed && self.says(rule, token, secret))
                })
            }
            (
                TokenKeys::Secret(pinned, _) | TokenKeys::Provider(pinned, _),
                JwsAlgorithm::Public(algorithm),
            ) if pinned.contains(&algorithm) => self.public_signer(rule, token, algorithm),
            _ => Err(Rejection::UnknownVersion { name: rule.place.name().to_owned() }),
        }
    }

    #[cfg(feature = "public-key")]
    fn public_signer(
        &self,
        rule: &'a JwtRule,
        token: &Jws<'_>,
        algorithm: Algorithm,
    ) -> Result<Accepted> {
        let is_good = |key: &PublicKey, secret: &Secret| {
            key.signed(token.signed.as_bytes(), &token.signature) && self.says(rule, token, secret)
        };
        match &rule.keys {
            TokenKeys::Shared(_) => Err(Rejection::Mismatch),
            TokenKeys::Secret(_, format) => self.any_secret(|secret| {
                let key = PublicKey::from_text(algorithm, format, secret.expose())?;
                Some(is_good(&key, secret))
            }),
            TokenKeys::Provider(_, keys) => {
                let kid = if keys.id.is_none() {
                    Some(crate::presented::token::kid_of(token, rule)?)
                } else {
                    None
                };
                let found = self.keys_for(keys, algorithm, kid.as_deref())?;
                self.any_secret(|secret| Some(is_good(found.of(secret)?, secret)))
            }
        }
    }

    #[cfg(not(feature = "public-key"))]
    #[expect(clippy::unused_self, reason = "stands in for the method that needs the feature")]
    fn public_signer(&self, _: &JwtRule, _: &Jws<'_>, algorithm: Algorithm) -> Result<Accepted> {
        Err(Rejection::Unsupported { what: algorithm.name().to_owned() })
    }

    /// Whether every claim that the definition fixes says one of its texts.
    fn says(&self, rule: &JwtRule, token: &Jws<'_>, secret: &Secret) -> bool {
        if rule.equals.is_empty() {
            return true;
        }
        let payload = token.payload().unwrap_or_default();
        let Some(claims) = Claims::read(&payload) else { return false };
        rule.equals.iter().all(|(claim, texts)| {
            texts.iter().any(|text| {
                let expected = self.lookup.fill(text, secret.expose(), "");
                let expected = expected.ok().filter(|expected| !expected.is_empty());
                expected.is_some_and(|expected| claims.says(claim, &expected))
            })
        })
    }

    fn binds(&self, rule: &'a JwtRule, claims: &Claims<'_>) -> Result<()> {
        let request = self.lookup.request;
        for claim in &rule.claims.needs {
            claims.get(claim)?;
        }
        if let Some(issuer) = &rule.issuer {
            claims.is("iss", self.lookup.name(issuer)?)?;
        }
        if let Some(claim) = &rule.claims.url_claim {
            claims.names(claim, request.url)?;
        }
        if let Some(claim) = &rule.claims.url_hash_claim {
            is_digest(claim, hex::decode(&*claims.text(claim)?).ok(), request.url.as_bytes())?;
        }
        if let Some(claim) = &rule.claims.query_hash_claim {
            let canonical = canonical_query(request.method, request.url)?;
            is_digest(claim, hex::decode(&*claims.text(claim)?).ok(), canonical.as_bytes())?;
        }
        match &rule.claims.body_hash {
            // Nothing could be hidden in a body that is not there.
            Some(hash) if !request.body.is_empty() || claims.has(&hash.claim) => {
                let stated = hash.encoding.decode(&claims.text(&hash.claim)?);
                is_digest(&hash.claim, stated, request.body)
            }
            _ => Ok(()),
        }
    }

    fn in_time(&self, rule: &JwtRule, claims: &Claims<'_>) -> Result<()> {
        let now = self.now.to_seconds();
        let leeway = i64::from(rule.claims.leeway_seconds);
        if let Some(limit) = rule.claims.max_age_seconds {
            let issued = claims.time("iat")?;
            let issued =
                issued.ok_or_else(|| Rejection::MissingField { name: "iat".to_owned() })?;
            let age = now.saturating_since(issued);
            if age > i64::from(limit) {
                return Err(Rejection::Stale { skew_seconds: age.unsigned_abs() });
            }
            if age < leeway.saturating_neg() {
                return Err(Rejection::FromTheFuture { skew_seconds: age.unsigned_abs() });
            }
        }
        if let Some(end) = claims.time("exp")? {
            let late = now.saturating_since(end);
            if late >= leeway {
                return Err(Rejection::Stale { skew_seconds: late.unsigned_abs() });
            }
        }
        if let Some(start) = claims.time("nbf")? {
            let early = start.saturating_since(now);
            if early > leeway {
                return Err(Rejection::FromTheFuture { skew_seconds: early.unsigned_abs() });
            }
        }
        Ok(())
    }
}

/// What a token says whose signature was right.
struct Claims<'p>(&'p RawValue);

impl<'p> Claims<'p> {
    fn read(payload: &'p [u8]) -> Option<Self> {
        json::document(payload).filter(|claims| json::is_object(claims)).map(Self)
    }

    fn find(&self, claim: &str) -> Option<&'p RawValue> {
        json::member(self.0, claim).filter(|value| !json::is_null(value))
    }

    fn has(&self, claim: &str) -> bool {
        self.find(claim).is_some()
    }

    fn get(&self, claim: &str) -> Result<&'p RawValue> {
        self.find(claim).ok_or_else(|| Rejection::MissingField { name: claim.to_owned() })
    }

    fn text(&self, claim: &str) -> Result<Cow<'p, str>> {
        json::string(self.get(claim)?).ok_or_else(|| malformed(claim))
    }

    fn is(&self, claim: &str, expected: &str) -> Result<()> {
        if self.text(claim)? == expected { Ok(()) } else { Err(Rejection::Mismatch) }
    }

    /// A text or a list of texts.
    fn names(&self, claim: &str, expected: &str) -> Result<()> {
        let value = self.get(claim)?;
        let is_text = json::string(value).is_some_and(|text| text == expected);
        if is_text || lists(value, expected) { Ok(()) } else { Err(Rejection::Mismatch) }
    }

    /// Whether a scalar is written like this, or a list has the text.
    fn says(&self, claim: &str, expected: &str) -> bool {
        self.find(claim).is_some_and(|value| {
            json::scalar(value).is_some_and(|text| text == expected) || lists(value, expected)
        })
    }

    fn time(&self, claim: &str) -> Result<Option<EpochSeconds>> {
        let Some(value) = self.find(claim) else { return Ok(None) };
        let seconds = json::integer(value).and_then(|number| number.as_i64());
        seconds.map(|seconds| Some(EpochSeconds::new(seconds))).ok_or_else(|| malformed(claim))
    }
}

fn lists(value: &RawValue, expected: &str) -> bool {
    let mut has = false;
    json::elements(value, |element| {
        has = json::string(element).is_some_and(|text| text == expected);
        if has { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    has
}

fn is_digest(claim: &str, stated: Option<Vec<u8>>, content: &[u8]) -> Result<()> {
    let stated = stated.filter(|stated| stated.len() == 32);
    let stated = stated.ok_or_else(|| malformed(claim))?;
    let same = compare::any_is(&[stated], &Sha256::digest(content));
    if same { Ok(()) } else { Err(Rejection::Mismatch) }
}

fn malformed(claim: &str) -> Rejection {
    Rejection::MalformedField { name: claim.to_owned() }
}

/// Atlassian's text for a request: method, path and sorted query, without the token.
fn canonical_query(method: &str, url: &str) -> Result<String> {
    let parts = Url::split(url);
    let path = parts.map_or("", |parts| parts.path).replace('&', "%26");
    let path = path.strip_suffix('/').unwrap_or(&path);
    let path = if path.is_empty() { "/" } else { path };
    let query = parts.and_then(|parts| parts.query).unwrap_or_default();
    let mut pairs = form::pairs(query.as_bytes())?;
    pairs.sort();
    let groups = pairs.chunk_by(|(a, _), (b, _)| a == b);
    let groups = groups.filter_map(|group| {
        let (name, _) = group.first().filter(|(name, _)| name != "jwt")?;
        let values: Vec<_> = group.iter().map(|(_, value)| rfc3986(value)).collect();
        Some(format!("{}={}", rfc3986(name), values.join(",")))
    });
    Ok(format!("{}&{path}&{}", method.to_uppercase(), groups.collect::<Vec<_>>().join("&")))
}

fn rfc3986(text: &str) -> String {
    crate::parse::url::escape(text, "-_.~")
}

fn is_signed_with(token: &Jws<'_>, digest: Digest, secret: &Secret) -> bool {
    let expected = digest.of_pieces(secret.expose().as_bytes(), &[token.signed.as_bytes().into()]);
    let presented = std::slice::from_ref(&token.signature);
    expected.is_some_and(|expected| compare::any_is(presented, &expected))
}

fn is_recent(
    presented: &Presented<'_, '_>,
    rule: &DetachedTime,
    now: EpochMillis,
) -> Result<EpochMillis> {
    let stated = presented.detached.as_ref().and_then(|detached| detached.time).unwrap_or_default();
    let at = instant(stated, rule.unit).ok_or(Rejection::MalformedTimestamp)?;
    let window = Timestamp {
        source: TimestampSource::Header(rule.header.clone()),
        unit: rule.unit,
        tolerance_seconds: Some(rule.tolerance_seconds),
        renewed_on_retry: None,
    };
    in_window(&window, now, at).map(|()| at)
}

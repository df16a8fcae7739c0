//! Tokens that bind a request by their claims.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::attempt::{Accepted, Attempt};
use crate::code::url::Url;
use crate::jws::{Jws, JwsError};
use crate::spec::jwt::JwtRule;
use crate::{EpochSeconds, Rejection, mac};

type Result<T> = std::result::Result<T, Rejection>;

impl<'a> Attempt<'a> {
    /// The token's signature comes first, then what it binds, and its times last.
    pub(crate) fn jwt(&self, rule: &'a JwtRule) -> Result<Accepted> {
        let name = || rule.header.clone();
        let malformed = || Rejection::MalformedHeader { name: name() };
        let value = self.input.header(&rule.header)?.trim();
        let token = value.strip_prefix(&*rule.prefix).ok_or_else(malformed)?;
        let unknown = || Rejection::UnknownVersion { name: name() };
        let token = Jws::parse(token.trim()).map_err(|error| match error {
            JwsError::Malformed => malformed(),
            JwsError::UnknownAlgorithm => unknown(),
        })?;
        if !rule.algorithms.contains(&token.algorithm) {
            return Err(unknown());
        }
        let accepted = self.any_secret(|secret| Some(token.is_signed_with(secret)))?;
        let claims = Claims(token.claims().ok_or_else(malformed)?);
        self.binds(rule, &claims)?;
        self.in_time(rule, &claims)?;
        let at = claims.time("iat")?.or(claims.time("nbf")?).map(EpochSeconds::to_millis);
        Ok(Accepted { at, ..accepted })
    }

    fn binds(&self, rule: &'a JwtRule, claims: &Claims) -> Result<()> {
        let request = self.input.request;
        for claim in &rule.claims.needs {
            claims.get(claim)?;
        }
        if let Some(issuer) = &rule.issuer {
            claims.is("iss", self.input.name(issuer)?)?;
        }
        if let Some(claim) = &rule.claims.url_claim {
            claims.names(claim, request.url)?;
        }
        if let Some(claim) = &rule.claims.url_hash_claim {
            is_digest(claim, hex::decode(claims.text(claim)?).ok(), request.url.as_bytes())?;
        }
        if let Some(claim) = &rule.claims.query_hash_claim {
            let canonical = canonical_query(request.method, request.url);
            is_digest(claim, hex::decode(claims.text(claim)?).ok(), canonical.as_bytes())?;
        }
        match &rule.claims.body_hash {
            // Nothing could be hidden in a body that is not there.
            Some(hash) if !request.body.is_empty() || claims.has(&hash.claim) => {
                let stated = hash.encoding.decode(claims.text(&hash.claim)?);
                is_digest(&hash.claim, stated, request.body)
            }
            _ => Ok(()),
        }
    }

    fn in_time(&self, rule: &JwtRule, claims: &Claims) -> Result<()> {
        let now = self.now.to_seconds();
        let leeway = i64::from(rule.claims.leeway_seconds);
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
struct Claims(Value);

impl Claims {
    fn has(&self, claim: &str) -> bool {
        self.0.get(claim).is_some_and(|value| !value.is_null())
    }

    fn get(&self, claim: &str) -> Result<&Value> {
        let value = self.0.get(claim).filter(|value| !value.is_null());
        value.ok_or_else(|| Rejection::MissingField { name: claim.to_owned() })
    }

    fn text(&self, claim: &str) -> Result<&str> {
        self.get(claim)?.as_str().ok_or_else(|| malformed(claim))
    }

    fn is(&self, claim: &str, expected: &str) -> Result<()> {
        if self.text(claim)? == expected { Ok(()) } else { Err(Rejection::Mismatch) }
    }

    /// A text or a list of texts.
    fn names(&self, claim: &str, expected: &str) -> Result<()> {
        let value = self.get(claim)?;
        let listed = value.as_array().is_some_and(|all| all.iter().any(|one| one == expected));
        if listed || value == expected { Ok(()) } else { Err(Rejection::Mismatch) }
    }

    fn time(&self, claim: &str) -> Result<Option<EpochSeconds>> {
        if !self.has(claim) {
            return Ok(None);
        }
        let seconds = self.get(claim)?.as_i64().ok_or_else(|| malformed(claim))?;
        Ok(Some(EpochSeconds::new(seconds)))
    }
}

fn is_digest(claim: &str, stated: Option<Vec<u8>>, content: &[u8]) -> Result<()> {
    let stated = stated.filter(|stated| stated.len() == 32);
    let stated = stated.ok_or_else(|| malformed(claim))?;
    let same = mac::any_is(&[stated], &Sha256::digest(content));
    if same { Ok(()) } else { Err(Rejection::Mismatch) }
}

fn malformed(claim: &str) -> Rejection {
    Rejection::MalformedField { name: claim.to_owned() }
}

/// Atlassian's text for a request: method, path and sorted query, without the token.
fn canonical_query(method: &str, url: &str) -> String {
    let parts = Url::split(url);
    let path = parts.map_or("", |parts| parts.path).replace('&', "%26");
    let path = path.strip_suffix('/').unwrap_or(&path);
    let path = if path.is_empty() { "/" } else { path };
    let query = parts.and_then(|parts| parts.query).unwrap_or_default();
    let mut values = std::collections::BTreeMap::<String, Vec<String>>::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "jwt" {
            values.entry(name.into_owned()).or_default().push(value.into_owned());
        }
    }
    let pairs = values.into_iter().map(|(name, mut values)| {
        values.sort();
        let values: Vec<_> = values.iter().map(|value| rfc3986(value)).collect();
        format!("{}={}", rfc3986(&name), values.join(","))
    });
    format!("{}&{path}&{}", method.to_uppercase(), pairs.collect::<Vec<_>>().join("&"))
}

fn rfc3986(text: &str) -> String {
    crate::code::url::escape(text, "-_.~")
}

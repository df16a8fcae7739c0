//! A secret that travels with every request.

use std::ops::ControlFlow;

use super::attempt::{Accepted, Attempt, Result};
use crate::definition::path::JsonPath;
use crate::definition::scheme::Token;
use crate::definition::signature::Source;
use crate::parse::json;
use crate::presented::signatures::{self as present, Carried};
use crate::{Rejection, compare, encoding};

impl<'a> Attempt<'a> {
    pub(super) fn token(&self, token: &'a Token) -> Result<Accepted> {
        if let Source::Json(path) = &token.source {
            return self.token_in_every_item(token, path);
        }
        let carried = present::values(&token.source, self.lookup)?;
        let presented = carried.iter().map(|carried| {
            bare_token(token, &carried.value).ok_or_else(|| carried.place.malformed())
        });
        let presented = presented.collect::<Result<Vec<_>>>()?;
        self.compare(|secret| {
            presented.iter().filter(|one| compare::same(one.as_bytes(), secret)).count() > 0
        })
    }

    /// A batch is as trustworthy as its least item: each has to carry one of the secrets, and they
    /// may be of several subscriptions. The sender says how many there are, so none of them is
    /// kept.
    fn token_in_every_item(&self, token: &Token, path: &JsonPath) -> Result<Accepted> {
        let body = self.lookup.body_as_json()?;
        let secrets =
            self.secrets.iter().map(|secret| compare::Alike::to(secret.expose().as_bytes()));
        let mut trials: Vec<_> = secrets.map(|secret| (secret, false)).collect();
        let (mut any, mut malformed, mut all_known) = (false, false, true);
        path.each(body, |value| {
            any |= value.is_some();
            let text = value.and_then(json::scalar);
            match text.as_deref().and_then(|text| bare_token(token, text)) {
                Some(text) => {
                    let text = compare::Alike::to(text.as_bytes());
                    let mut known = false;
                    for (secret, used) in &mut trials {
                        let same = secret.is(&text);
                        known |= same;
                        *used |= same;
                    }
                    all_known &= known;
                }
                None => malformed = true,
            }
            if any && malformed { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let name = || path.to_string();
        match (any, malformed) {
            (false, _) => Err(Rejection::MissingField { name: name() }),
            (true, true) => Err(Rejection::MalformedField { name: name() }),
            (true, false) => {
                self.outcome(trials.into_iter().map(|(_, used)| Some(used && all_known)))
            }
        }
    }

    pub(super) fn basic(&self, source: &'a Source) -> Result<Accepted> {
        let carried = present::values(source, self.lookup)?;
        let presented = carried.iter().map(credentials).collect::<Result<Vec<_>>>()?;
        self.compare(|secret| presented.iter().filter(|one| compare::same(one, secret)).count() > 0)
    }

    fn compare(&self, is_same: impl Fn(&[u8]) -> bool) -> Result<Accepted> {
        self.any_secret(|secret| Some(is_same(secret.expose().as_bytes())))
    }
}

fn bare_token<'c>(token: &Token, value: &'c str) -> Option<&'c str> {
    let value = value.trim();
    let bare = token.prefix.as_ref().map_or(Some(value), |prefix| prefix.strip(value));
    bare.filter(|text| !text.is_empty())
}

fn credentials(carried: &Carried<'_>) -> Result<Vec<u8>> {
    let (scheme, encoded) = carried.value.trim().split_once(' ').unwrap_or_default();
    let decoded = encoding::base64(encoded.trim_start());
    let decoded = decoded.filter(|bytes| !bytes.is_empty() && scheme.eq_ignore_ascii_case("basic"));
    decoded.ok_or_else(|| carried.place.malformed())
}

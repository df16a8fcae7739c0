//! The token that a request presents.

use crate::Rejection;
use crate::definition::jwt::{JwtRule, TokenPlace};
use crate::hosts::is_id;
use crate::lookup::Lookup;
use crate::parse::jws::{Detached, Jws, JwsError};

type Result<T> = std::result::Result<T, Rejection>;

/// A token where the request carries it.
pub(crate) struct Presented<'r, 'a> {
    place: &'r TokenPlace,
    token: &'a str,
    /// What a detached token signs.
    pub(crate) detached: Option<Detached<'a>>,
}

impl<'r, 'a> Presented<'r, 'a> {
    pub(crate) fn find(rule: &'r JwtRule, lookup: &Lookup<'a>) -> Result<Self> {
        let place = &rule.place;
        let (token, detached) = match place {
            TokenPlace::Header { name, prefix } => {
                let value = lookup.header(name)?.trim();
                let token = value.strip_prefix(&**prefix).ok_or_else(|| place.malformed())?;
                (token.trim(), None)
            }
            TokenPlace::Body => {
                let text = std::str::from_utf8(lookup.request.body).unwrap_or_default();
                (text.trim(), None)
            }
            TokenPlace::Detached { name, time } => {
                let time = time.as_ref().map(|time| lookup.header(&time.header)).transpose()?;
                let detached = Detached { time, body: lookup.request.body };
                (lookup.header(name)?.trim(), Some(detached))
            }
        };
        Ok(Self { place, token, detached })
    }

    pub(crate) fn parse(&self, rule: &JwtRule) -> Result<Jws<'a>> {
        let parsed = match &self.detached {
            Some(detached) => Jws::parse_detached(self.token, detached),
            None => Jws::parse(self.token),
        };
        parsed.map_err(|error| match error {
            JwsError::Malformed => self.malformed(),
            JwsError::UnknownAlgorithm => {
                Rejection::UnknownVersion { name: rule.place.name().to_owned() }
            }
        })
    }

    pub(crate) fn malformed(&self) -> Rejection {
        self.place.malformed()
    }
}

impl TokenPlace {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Header { name, .. } | Self::Detached { name, .. } => name,
            Self::Body => "body",
        }
    }

    pub(crate) fn malformed(&self) -> Rejection {
        let name = self.name().to_owned();
        match self {
            Self::Header { .. } | Self::Detached { .. } => Rejection::MalformedHeader { name },
            Self::Body => Rejection::MalformedField { name },
        }
    }
}

/// Which key the token says it was signed with.
pub(crate) fn kid(rule: &JwtRule, lookup: &Lookup<'_>) -> Result<String> {
    kid_of(&Presented::find(rule, lookup)?.parse(rule)?, rule)
}

pub(crate) fn kid_of(token: &Jws<'_>, rule: &JwtRule) -> Result<String> {
    let kid = token.kid.clone().filter(|kid| is_id(kid));
    kid.ok_or_else(|| rule.place.malformed())
}

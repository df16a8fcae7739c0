//! The signatures and tokens that a request presents.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::Rejection;
use crate::definition::keys::Carrier;
use crate::definition::scheme::{Scheme, Signed, When, WhenTest};
use crate::definition::signature::{Layout, Source};
use crate::lookup::Lookup;
use crate::presented::layout::{self, GrammarError, MAX_SIGNATURES};

/// Decoded signatures that go with one time.
pub(crate) struct Candidates {
    pub(crate) timestamp: Option<String>,
    pub(crate) signatures: Vec<Vec<u8>>,
}

/// A value and where it was, for the reason of a refusal.
pub(crate) struct Carried<'a> {
    pub(crate) place: FoundIn,
    pub(crate) value: Cow<'a, str>,
}

#[derive(Clone, Debug)]
pub(crate) enum FoundIn {
    Header(String),
    Field(String),
}

impl FoundIn {
    pub(crate) fn malformed(&self) -> Rejection {
        match self {
            Self::Header(name) => Rejection::MalformedHeader { name: name.clone() },
            Self::Field(name) => Rejection::MalformedField { name: name.clone() },
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Header(name) | Self::Field(name) => name.clone(),
        }
    }

    fn rejection(&self, error: GrammarError) -> Rejection {
        match error {
            GrammarError::Malformed => self.malformed(),
            GrammarError::UnknownVersion => Rejection::UnknownVersion { name: self.name() },
            GrammarError::TooMany => Rejection::TooManySignatures { name: self.name() },
            GrammarError::MissingTimestamp(name) => Rejection::MissingField { name },
            GrammarError::RepeatedTimestamp(name) => Rejection::RepeatedField { name },
        }
    }
}

/// Every value the definition points at; there is at least one.
pub(crate) fn values<'a>(
    source: &'a Source,
    lookup: &Lookup<'a>,
) -> Result<Vec<Carried<'a>>, Rejection> {
    let field = |name: &str, value| vec![Carried { place: FoundIn::Field(name.to_owned()), value }];
    Ok(match source {
        Source::Header { name, also } => {
            headers(lookup.name(name)?, also.iter().map(|name| &**name), lookup)?
        }
        Source::Numbered { prefix, max } => numbered(prefix, *max, lookup)?,
        Source::Query(name) => {
            let name = lookup.name(name)?;
            field(name, lookup.query(name)?)
        }
        Source::Form(name) => field(name, lookup.form(name)?),
        Source::Packed { header, field } => {
            let carrier = Carrier::Packed { header: header.clone(), field: field.clone() };
            let value = carrier.value(lookup)?.into();
            vec![Carried { place: FoundIn::Header(header.clone()), value }]
        }
        Source::Json(path) => field(&path.to_string(), lookup.json(path)?),
    })
}

/// Whether the request is one that the scheme is for, and carries something for it to check.
pub(crate) fn applies<'a>(scheme: &'a Scheme, lookup: &Lookup<'a>) -> bool {
    let when = scheme.when.as_ref().is_none_or(|when| holds(when, lookup));
    when && scheme.source().is_none_or(|source| is_present(source, lookup))
}

fn holds(when: &When, lookup: &Lookup<'_>) -> bool {
    let headers = lookup.request.headers;
    let value = || headers.single(&when.header).ok().flatten();
    match &when.test {
        WhenTest::Present => value().is_some(),
        WhenTest::Equals(text) => value().is_some_and(|value| value.trim() == text),
        WhenTest::StartsWith(text) => {
            value().is_some_and(|value| value.trim_start().starts_with(&**text))
        }
        WhenTest::NoneWith => !headers.iter().any(|(name, _)| when.excludes(name)),
    }
}

/// Whether the request has anything for this source, well-formed or not.
fn is_present<'a>(source: &'a Source, lookup: &Lookup<'a>) -> bool {
    let headers = lookup.request.headers;
    match source {
        Source::Header { name, also } => {
            let first = lookup.name(name).map_or(true, |name| headers.contains(name));
            first || also.iter().any(|name| headers.contains(name))
        }
        Source::Numbered { prefix, max } => {
            headers.iter().any(|(name, _)| number(name, prefix, *max).is_some())
        }
        Source::Packed { header, .. } => headers.contains(header),
        Source::Query(name) => lookup.name(name).map_or(true, |name| lookup.has_query(name)),
        Source::Form(name) => lookup.has_form(name),
        Source::Json(path) => lookup.has_json(path),
    }
}

/// What is in any of these headers; there is at least one.
pub(crate) fn headers<'a, 'n>(
    first: &'n str,
    also: impl Iterator<Item = &'n str>,
    lookup: &Lookup<'a>,
) -> Result<Vec<Carried<'a>>, Rejection> {
    let mut found = Vec::new();
    for name in std::iter::once(first).chain(also) {
        let value = lookup.request.headers.single(name);
        let value = value.map_err(|_| Rejection::RepeatedHeader { name: name.to_owned() })?;
        let place = FoundIn::Header(name.to_owned());
        found.extend(value.map(|value| Carried { place, value: value.into() }));
    }
    filled(found, first)
}

/// A header with nothing in it counts as absent beside one that has something.
fn filled<'a>(carried: Vec<Carried<'a>>, first: &str) -> Result<Vec<Carried<'a>>, Rejection> {
    let (filled, empty): (Vec<_>, Vec<_>) =
        carried.into_iter().partition(|carried| !carried.value.trim().is_empty());
    match (filled.is_empty(), empty.first()) {
        (false, _) => Ok(filled),
        (true, Some(empty)) => Err(empty.place.malformed()),
        (true, None) => Err(Rejection::MissingHeader { name: first.to_owned() }),
    }
}

/// One pass over the headers, however large the highest number is.
fn numbered<'a>(
    prefix: &str,
    max: u16,
    lookup: &Lookup<'a>,
) -> Result<Vec<Carried<'a>>, Rejection> {
    let mut found = BTreeMap::new();
    for (name, value) in lookup.request.headers.iter() {
        let Some(number) = number(name, prefix, max) else { continue };
        let name = format!("{prefix}{number}");
        let carried = Carried { place: FoundIn::Header(name.clone()), value: value.into() };
        if found.insert(number, carried).is_some() {
            return Err(Rejection::RepeatedHeader { name });
        }
    }
    filled(found.into_values().collect(), &format!("{prefix}1"))
}

fn number(name: &str, prefix: &str, max: u16) -> Option<u16> {
    let (head, tail) = name.split_at_checked(prefix.len())?;
    let number: u16 = tail.parse().ok()?;
    let plain = head.eq_ignore_ascii_case(prefix) && number.to_string() == tail;
    (plain && (1..=max).contains(&number)).then_some(number)
}

/// Splits and decodes. What does not decode, or has a length that no signature of
/// this kind has, counts as absent; when nothing is left, the first reason stands.
pub(crate) fn signatures<'a>(
    signed: &'a Signed,
    length: Option<usize>,
    lookup: &Lookup<'a>,
) -> Result<Vec<Candidates>, Rejection> {
    let left = match &signed.signature.layout {
        Layout::Pairs { match_left: Some(name), .. } => lookup.provider.setting(name),
        _ => None,
    };
    let carried = values(&signed.signature.source, lookup)?;
    let mut collected = Collected::new(carried.len().max(MAX_SIGNATURES));
    for Carried { place, value } in &carried {
        match layout::groups(&signed.signature, left, value) {
            Err(error) => collected.refuse(place.rejection(error)),
            Ok(groups) => {
                for group in groups {
                    collected.count(group.signatures.len(), place)?;
                    match decode(signed, length, &group) {
                        Some(candidates) => collected.add(candidates),
                        None => collected.refuse(place.malformed()),
                    }
                }
            }
        }
    }
    collected.finish()
}

struct Collected {
    limit: usize,
    count: usize,
    found: Vec<Candidates>,
    reason: Option<Rejection>,
}

impl Collected {
    const fn new(limit: usize) -> Self {
        Self { limit, count: 0, found: Vec::new(), reason: None }
    }

    fn count(&mut self, more: usize, place: &FoundIn) -> Result<(), Rejection> {
        self.count = self.count.saturating_add(more);
        if self.count > self.limit {
            return Err(place.rejection(GrammarError::TooMany));
        }
        Ok(())
    }

    /// Signatures without a time of their own share one digest of the body, in
    /// however many headers they came.
    fn add(&mut self, candidates: Candidates) {
        match self.found.last_mut() {
            Some(last) if last.timestamp.is_none() && candidates.timestamp.is_none() => {
                last.signatures.extend(candidates.signatures);
            }
            _ => self.found.push(candidates),
        }
    }

    fn refuse(&mut self, reason: Rejection) {
        self.reason.get_or_insert(reason);
    }

    fn finish(self) -> Result<Vec<Candidates>, Rejection> {
        match self.reason {
            Some(reason) if self.found.is_empty() => Err(reason),
            _ => Ok(self.found),
        }
    }
}

fn decode(signed: &Signed, length: Option<usize>, group: &layout::Group<'_>) -> Option<Candidates> {
    let decoded = group.signatures.iter().filter_map(|text| signed.encoding.decode(text));
    let signatures: Vec<_> =
        decoded.filter(|bytes| length.is_none_or(|length| bytes.len() == length)).collect();
    let timestamp = group.timestamp.map(str::to_owned);
    if signatures.is_empty() { None } else { Some(Candidates { timestamp, signatures }) }
}

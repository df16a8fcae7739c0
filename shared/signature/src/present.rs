//! The signatures and tokens that a request presents.

use std::collections::BTreeMap;

use crate::Rejection;
use crate::input::Input;
use crate::parse::layout::{self, GrammarError, MAX_SIGNATURES};
use crate::spec::keys::Carrier;
use crate::spec::scheme::{Layout, Signed, Source};

/// Decoded signatures that go with one time.
pub(crate) struct Candidates {
    pub(crate) timestamp: Option<String>,
    pub(crate) signatures: Vec<Vec<u8>>,
}

/// A value and where it was, for the reason of a refusal.
pub(crate) struct Carried {
    pub(crate) place: Place,
    pub(crate) value: String,
}

#[derive(Clone, Debug)]
pub(crate) enum Place {
    Header(String),
    Field(String),
}

impl Place {
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
pub(crate) fn values<'a>(source: &'a Source, input: &Input<'a>) -> Result<Vec<Carried>, Rejection> {
    let field = |name: &str, value| vec![Carried { place: Place::Field(name.to_owned()), value }];
    match source {
        Source::Header { name, also } => {
            headers(input.name(name)?, also.iter().map(|name| &**name), input)
        }
        Source::Numbered { prefix, max } => numbered(prefix, *max, input),
        Source::Query(name) => {
            let name = input.name(name)?;
            Ok(field(name, input.query(name)?))
        }
        Source::Form(name) => Ok(field(name, input.form(name)?)),
        Source::Packed { header, field } => {
            let carrier = Carrier::Packed { header: header.clone(), field: field.clone() };
            let value = carrier.value(input)?;
            Ok(vec![Carried { place: Place::Header(header.clone()), value }])
        }
        Source::Json(path) => {
            let place = Place::Field(path.to_string());
            let values = input.json_all(path)?.into_iter();
            Ok(values.map(|value| Carried { place: place.clone(), value }).collect())
        }
    }
}

/// Whether the request has anything for this source, well-formed or not.
pub(crate) fn is_present<'a>(source: &'a Source, input: &Input<'a>) -> bool {
    !matches!(
        values(source, input),
        Err(Rejection::MissingHeader { .. }
            | Rejection::MissingField { .. }
            | Rejection::BodyNotJson)
    )
}

/// What is in any of these headers; there is at least one.
pub(crate) fn headers<'n>(
    first: &'n str,
    also: impl Iterator<Item = &'n str>,
    input: &Input<'_>,
) -> Result<Vec<Carried>, Rejection> {
    let mut found = Vec::new();
    for name in std::iter::once(first).chain(also) {
        let value = input.request.headers.single(name);
        let value = value.map_err(|_| Rejection::RepeatedHeader { name: name.to_owned() })?;
        let place = Place::Header(name.to_owned());
        found.extend(value.map(|value| Carried { place, value: value.to_owned() }));
    }
    filled(found, first)
}

/// A header with nothing in it counts as absent beside one that has something.
fn filled(carried: Vec<Carried>, first: &str) -> Result<Vec<Carried>, Rejection> {
    let (filled, empty): (Vec<_>, Vec<_>) =
        carried.into_iter().partition(|carried| !carried.value.trim().is_empty());
    match (filled.is_empty(), empty.first()) {
        (false, _) => Ok(filled),
        (true, Some(empty)) => Err(empty.place.malformed()),
        (true, None) => Err(Rejection::MissingHeader { name: first.to_owned() }),
    }
}

/// One pass over the headers, however large the highest number is.
fn numbered(prefix: &str, max: u16, input: &Input<'_>) -> Result<Vec<Carried>, Rejection> {
    let mut found = BTreeMap::new();
    for (name, value) in input.request.headers.iter() {
        let Some(number) = number(name, prefix).filter(|number| (1..=max).contains(number)) else {
            continue;
        };
        let name = format!("{prefix}{number}");
        let carried = Carried { place: Place::Header(name.clone()), value: value.to_owned() };
        if found.insert(number, carried).is_some() {
            return Err(Rejection::RepeatedHeader { name });
        }
    }
    filled(found.into_values().collect(), &format!("{prefix}1"))
}

fn number(name: &str, prefix: &str) -> Option<u16> {
    let (head, tail) = name.split_at_checked(prefix.len())?;
    if !head.eq_ignore_ascii_case(prefix) {
        return None;
    }
    tail.parse().ok().filter(|number: &u16| number.to_string() == tail)
}

/// Splits and decodes. What does not decode, or has a length that no signature of
/// this kind has, counts as absent; when nothing is left, the first reason stands.
pub(crate) fn signatures<'a>(
    signed: &'a Signed,
    length: Option<usize>,
    input: &Input<'a>,
) -> Result<Vec<Candidates>, Rejection> {
    let left = match &signed.signature.layout {
        Layout::Pairs { match_left: Some(name), .. } => input.provider.setting(name),
        _ => None,
    };
    let carried = values(&signed.signature.source, input)?;
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

    fn count(&mut self, more: usize, place: &Place) -> Result<(), Rejection> {
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

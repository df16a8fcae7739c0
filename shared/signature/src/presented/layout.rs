//! How signatures, and sometimes a time, are written into one value.

use crate::definition::signature::{Layout, Prefix, Signature};

/// A header full of signatures must not buy the sender our time.
pub(crate) const MAX_SIGNATURES: usize = 32;
/// Groups have a time of their own, so each of them costs a digest of the body.
const MAX_GROUPS: usize = 4;

/// Signatures that go with one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group<'v> {
    pub(crate) timestamp: Option<&'v str>,
    pub(crate) signatures: Vec<&'v str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GrammarError {
    Malformed,
    UnknownVersion,
    MissingTimestamp(String),
    RepeatedTimestamp(String),
    TooMany,
}

/// Splits a value. What is in it of unknown versions counts as absent.
pub(crate) fn groups<'v>(
    signature: &Signature,
    left: Option<&str>,
    value: &'v str,
) -> Result<Vec<Group<'v>>, GrammarError> {
    let mut tally = Tally::new(signature.prefix.as_ref());
    match &signature.layout {
        Layout::Plain => tally.add(value),
        Layout::List { item_sep } => value.split(&**item_sep).for_each(|item| tally.add(item)),
        Layout::Tagged { tag, tag_sep, item_sep } => {
            for item in value.split(&**item_sep) {
                tally.add_named(item, tag_sep, |name| name == tag);
            }
        }
        Layout::Pairs { pair_sep, item_sep, .. } => {
            for item in value.split(&**item_sep) {
                tally.add_named(item, pair_sep, |name| left.is_none_or(|left| left == name));
            }
        }
        Layout::Positional { item_sep, timestamp } => {
            return positional(value, item_sep, *timestamp, tally);
        }
        Layout::KeyValue { field, item_sep, group_sep, timestamp } => {
            let keys = Keys { field, item_sep, timestamp: timestamp.as_deref() };
            return key_values(value, group_sep.as_deref(), &keys, signature.prefix.as_ref());
        }
    }
    Ok(vec![Group { timestamp: None, signatures: tally.finish()? }])
}

fn positional<'v>(
    value: &'v str,
    item_sep: &str,
    timestamp: usize,
    mut tally: Tally<'v, '_>,
) -> Result<Vec<Group<'v>>, GrammarError> {
    let mut stated = None;
    for (index, item) in value.split(item_sep).enumerate() {
        if index == timestamp {
            stated = Some(item.trim());
        } else {
            tally.add(item);
        }
    }
    let signatures = tally.finish()?;
    let missing = || GrammarError::MissingTimestamp(format!("#{timestamp}"));
    let stated = stated.filter(|text| !text.is_empty()).ok_or_else(missing)?;
    Ok(vec![Group { timestamp: Some(stated), signatures }])
}

/// A separator is written with its blanks and read without them.
fn without_blanks(separator: &str) -> &str {
    Some(separator.trim()).filter(|text| !text.is_empty()).unwrap_or(separator)
}

struct Keys<'s> {
    field: &'s str,
    item_sep: &'s str,
    timestamp: Option<&'s str>,
}

fn key_values<'v>(
    value: &'v str,
    group_sep: Option<&str>,
    keys: &Keys<'_>,
    prefix: Option<&Prefix>,
) -> Result<Vec<Group<'v>>, GrammarError> {
    let Some(group_sep) = group_sep else {
        return Ok(vec![key_value_group(value, keys, prefix)?]);
    };
    let texts = value.split(group_sep).filter(|text| !text.trim().is_empty());
    let texts: Vec<&str> = texts.take(MAX_GROUPS.saturating_add(1)).collect();
    if texts.len() > MAX_GROUPS {
        return Err(GrammarError::TooMany);
    }
    let groups = texts.into_iter().map(|text| key_value_group(text, keys, prefix));
    readable(groups)
}

/// A group that cannot be read counts as absent; when none can, the first reason stands.
fn readable<'v>(
    groups: impl Iterator<Item = Result<Group<'v>, GrammarError>>,
) -> Result<Vec<Group<'v>>, GrammarError> {
    let mut found = Vec::new();
    let mut reason = None;
    for group in groups {
        match group {
            Ok(group) => found.push(group),
            Err(error) => reason = reason.or(Some(error)),
        }
    }
    if found.is_empty() { Err(reason.unwrap_or(GrammarError::Malformed)) } else { Ok(found) }
}

fn key_value_group<'v>(
    text: &'v str,
    keys: &Keys<'_>,
    prefix: Option<&Prefix>,
) -> Result<Group<'v>, GrammarError> {
    let mut tally = Tally::new(prefix);
    let mut stated = None;
    for item in text.split(without_blanks(keys.item_sep)) {
        match (item.split_once('='), keys.timestamp) {
            (Some((name, value)), Some(timestamp)) if name.trim() == timestamp => {
                if stated.replace(value.trim()).is_some() {
                    return Err(GrammarError::RepeatedTimestamp(timestamp.to_owned()));
                }
            }
            _ => tally.add_named(item, "=", |name| name == keys.field),
        }
    }
    let signatures = tally.finish()?;
    if let (Some(timestamp), None | Some("")) = (keys.timestamp, stated) {
        return Err(GrammarError::MissingTimestamp(timestamp.to_owned()));
    }
    Ok(Group { timestamp: stated, signatures })
}

/// Collects signatures and remembers what else was seen.
struct Tally<'v, 's> {
    prefix: Option<&'s Prefix>,
    signatures: Vec<&'v str>,
    unknown: bool,
    too_many: bool,
}

impl<'v, 's> Tally<'v, 's> {
    const fn new(prefix: Option<&'s Prefix>) -> Self {
        Self { prefix, signatures: Vec::new(), unknown: false, too_many: false }
    }

    fn add_named(&mut self, item: &'v str, sep: &str, is_ours: impl Fn(&str) -> bool) {
        match item.trim().split_once(sep) {
            Some((name, value)) if is_ours(name.trim()) => self.add(value),
            Some(_) => self.unknown = true,
            None => {}
        }
    }

    fn add(&mut self, item: &'v str) {
        let item = item.trim();
        match (self.strip(item), item) {
            (_, "") | (Some(""), _) => {}
            (None, _) => self.unknown = true,
            (Some(_), _) if self.signatures.len() >= MAX_SIGNATURES => self.too_many = true,
            (Some(signature), _) => self.signatures.push(signature),
        }
    }

    fn strip(&self, item: &'v str) -> Option<&'v str> {
        match self.prefix {
            None => Some(item),
            Some(prefix) => prefix.strip(item),
        }
    }

    fn finish(self) -> Result<Vec<&'v str>, GrammarError> {
        match (self.signatures.is_empty(), self.unknown, self.too_many) {
            (_, _, true) => Err(GrammarError::TooMany),
            (false, ..) => Ok(self.signatures),
            (true, true, _) => Err(GrammarError::UnknownVersion),
            (true, false, _) => Err(GrammarError::Malformed),
        }
    }
}

impl Prefix {
    /// The rest of a value, or nothing when a required prefix is not there.
    pub(crate) fn strip<'v>(&self, value: &'v str) -> Option<&'v str> {
        match value.strip_prefix(&*self.text) {
            None if !self.required => Some(value),
            rest => rest.map(str::trim_start),
        }
    }
}

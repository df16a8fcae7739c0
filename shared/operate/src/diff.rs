//! How two bodies differ: by the members of their JSON, or by lines.

use std::collections::{BTreeMap, BTreeSet};

use hookdock_pipeline::model::names::TenantId;
use hookdock_pipeline::model::system::System;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::account::{VERSION, parse, unreadable};
use crate::name::Target;
use crate::operator::Operator;
use crate::ports::Place;
use crate::redact::{hidden, is_secret};
use crate::trouble::Trouble;

/// How deep JSON is taken apart; a deeper value is compared as a whole.
const DEEPEST: usize = 64;

/// How two bodies differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diff {
    /// The version of this form.
    pub version: u32,
    /// Whether they are the same, byte for byte.
    pub same: bool,
    /// What differs: JSON pointers, or numbers of lines where one of them is no JSON.
    pub changes: Vec<Change>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Where.
    pub at: String,
    /// What the first has there.
    pub a: Option<String>,
    /// What the second has there.
    pub b: Option<String>,
}

impl<P: Place, S: System> Operator<P, S> {
    /// How the bodies of two events differ, apart from what is at these pointers and below them.
    ///
    /// # Errors
    ///
    /// One of them is gone, or the place cannot be read.
    pub async fn diff(
        &self,
        a: &Target,
        b: &Target,
        tenant: Option<&TenantId>,
        ignore: &[String],
    ) -> Result<Diff, Trouble> {
        let (a, b) = (self.stored(a, tenant).await?, self.stored(b, tenant).await?);
        let a = parse(&a)?.body_bytes().map_err(|error| unreadable(&error))?;
        let b = parse(&b)?.body_bytes().map_err(|error| unreadable(&error))?;
        let (one, other) = match (members(&a), members(&b)) {
            (Some(a), Some(b)) => (a, b),
            _ => (lines(&a), lines(&b)),
        };
        let mut changes: Vec<Change> = Vec::new();
        let places: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        for at in places.into_iter().filter(|at| !is_ignored(at, ignore)) {
            if one.get(at) != other.get(at) {
                let shown =
                    |all: &BTreeMap<String, String>| all.get(at).map(|value| shown(at, value));
                changes.push(Change { at: at.clone(), a: shown(&one), b: shown(&other) });
            }
        }
        Ok(Diff { version: VERSION, same: a == b, changes })
    }
}

fn is_ignored(at: &str, ignore: &[String]) -> bool {
    ignore.iter().any(|pointer| {
        at.strip_prefix(pointer.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

fn shown(at: &str, value: &str) -> String {
    let name = at.rsplit('/').next().unwrap_or_default();
    if is_secret(name) { hidden(value.trim_matches('"')) } else { value.to_owned() }
}

/// The leaves of JSON by their pointers, each in its own words. `None`: it is no JSON.
fn members(body: &[u8]) -> Option<BTreeMap<String, String>> {
    let value: &RawValue = serde_json::from_slice(body).ok()?;
    let mut all = BTreeMap::new();
    leaves(value, String::new(), 0, &mut all);
    Some(all)
}

fn leaves(value: &RawValue, at: String, depth: usize, all: &mut BTreeMap<String, String>) {
    let text = value.get();
    let inner: Option<Vec<(String, &RawValue)>> = match text.chars().next() {
        _ if depth >= DEEPEST => None,
        Some('{') => serde_json::from_str::<BTreeMap<String, &RawValue>>(text)
            .ok()
            .map(|members| members.into_iter().collect()),
        Some('[') => serde_json::from_str::<Vec<&RawValue>>(text).ok().map(|items| {
            items.into_iter().enumerate().map(|(place, item)| (place.to_string(), item)).collect()
        }),
        _ => None,
    };
    match inner.filter(|inner| !inner.is_empty()) {
        Some(inner) => {
            for (name, value) in inner {
                let name = name.replace('~', "~0").replace('/', "~1");
                leaves(value, format!("{at}/{name}"), depth.saturating_add(1), all);
            }
        }
        None => drop(all.insert(at, text.to_owned())),
    }
}

fn lines(body: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(body);
    let lines = text.lines().enumerate();
    lines
        .map(|(number, line)| (format!("line {:06}", number.saturating_add(1)), line.to_owned()))
        .collect()
}

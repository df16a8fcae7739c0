//! A sample with its slots filled and what a person changed in it.

use anyhow::{Context as _, bail};
use hookdock_console::Edits;
use hookdock_embedded::SystemClock;
use hookdock_pipeline::model::system::System as _;
use hookdock_signature::{EpochMillis, Headers};
use serde_json::Value;

use crate::input::{self, rfc3339};
use crate::trigger::sample::Sample;

/// The time of an event whose id was given: the same id has to make the same bytes, or it would not
/// be a duplicate. 2026-01-01.
const OF_GIVEN_ID: EpochMillis = EpochMillis::new(1_767_225_600_000);

/// What is sent, before it is signed.
pub(crate) struct Draft {
    pub(crate) id: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// What goes into the slots.
struct Slots {
    id: String,
    event_at: EpochMillis,
    sent_at: EpochMillis,
}

impl Draft {
    /// The sample as it is sent at a time.
    pub(crate) fn of(sample: &Sample, edits: &Edits, sent_at: EpochMillis) -> anyhow::Result<Self> {
        let slots = Slots::of(&sample.id_prefix, edits, sent_at);
        let headers = sample.headers.iter().map(|(name, text)| (name.clone(), slots.text(text)));
        let body = match &edits.body {
            Some(text) => text.clone(),
            None => slots.json(sample.body.get()),
        };
        Ok(Self {
            headers: headers.collect(),
            body: edited(body, edits)?.into_bytes(),
            id: slots.id,
        })
    }
}

/// The body with what was changed in it; its bytes as they are where nothing was.
fn edited(body: String, edits: &Edits) -> anyhow::Result<String> {
    if edits.set.is_empty() && edits.remove.is_empty() {
        return Ok(body);
    }
    let mut body = serde_json::from_str(&body).context("the body is not JSON")?;
    for (pointer, text) in &edits.set {
        set(&mut body, pointer, text)?;
    }
    for pointer in &edits.remove {
        remove(&mut body, pointer)?;
    }
    Ok(body.to_string())
}

impl Slots {
    fn of(prefix: &str, edits: &Edits, sent_at: EpochMillis) -> Self {
        match &edits.id {
            Some(id) => Self { id: id.clone(), event_at: OF_GIVEN_ID, sent_at },
            None => {
                let id = format!("{prefix}hd_{:012x}", SystemClock.random() >> 80);
                Self { id, event_at: sent_at, sent_at }
            }
        }
    }

    /// What the slots of numbers stand for.
    fn numbers(&self) -> [(&'static str, i64); 4] {
        [
            ("{{number}}", self.id_number()),
            ("{{now}}", self.event_at.to_seconds().get()),
            ("{{now-ms}}", self.event_at.get()),
            ("{{sent-ms}}", self.sent_at.get()),
        ]
    }

    /// The JSON in the order of the sample. A string that is a slot of a number is that number.
    fn json(&self, text: &str) -> String {
        let id = Value::from(&*self.id).to_string();
        let text = self.numbers().into_iter().fold(text.to_owned(), |text, (slot, number)| {
            text.replace(&format!("\"{slot}\""), &number.to_string())
        });
        self.filled(&text, id.trim_matches('"'))
    }

    fn text(&self, text: &str) -> String {
        self.filled(text, &self.id)
    }

    fn filled(&self, text: &str, id: &str) -> String {
        let time = rfc3339(self.event_at.to_seconds().to_millis());
        let text = text.replace("{{id}}", id).replace("{{now-rfc3339}}", &time);
        let numbers = self.numbers().into_iter();
        numbers.fold(text, |text, (slot, number)| text.replace(slot, &number.to_string()))
    }

    /// Twelve digits, the same for the same id.
    fn id_number(&self) -> i64 {
        let digits = |number: i64, byte: u8| {
            number.wrapping_mul(31).wrapping_add(byte.into()).rem_euclid(900_000_000_000)
        };
        self.id.bytes().fold(7, digits).saturating_add(100_000_000_000)
    }
}

/// Sets a member, or adds it to an object that is there.
fn set(body: &mut Value, pointer: &str, text: &str) -> anyhow::Result<()> {
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    if let Some(there) = body.pointer_mut(pointer) {
        *there = value;
        return Ok(());
    }
    let (parent, name) = parts(pointer)?;
    match body.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.insert(name, value)),
        Some(Value::Array(items)) if name == "-" => items.push(value),
        _ => bail!("the sample has no object at {parent:?} to set {name:?} in"),
    }
    Ok(())
}

fn remove(body: &mut Value, pointer: &str) -> anyhow::Result<()> {
    let (parent, name) = parts(pointer)?;
    let removed = match body.pointer_mut(parent) {
        Some(Value::Object(members)) => members.remove(&name),
        Some(Value::Array(items)) => {
            let at = name.parse().ok().filter(|at| *at < items.len());
            at.map(|at: usize| items.remove(at))
        }
        _ => None,
    };
    removed.map(drop).with_context(|| format!("the sample has nothing at {pointer:?} to remove"))
}

/// The parent's pointer, and the name of the member in it.
fn parts(pointer: &str) -> anyhow::Result<(&str, String)> {
    let parts = pointer.rsplit_once('/');
    let (parent, name) = parts
        .with_context(|| format!("{pointer:?} is no JSON pointer, such as /data/object/amount"))?;
    Ok((parent, name.replace("~1", "/").replace("~0", "~")))
}

/// `POINTER=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(pointer, _)| pointer.starts_with('/'));
    let (pointer, value) = pair.ok_or("write POINTER=VALUE, such as /data/object/amount=2000")?;
    Ok((pointer.to_owned(), value.to_owned()))
}

/// A body to send in place of the sample's.
pub(crate) fn body(file: &std::path::Path) -> anyhow::Result<String> {
    let text = String::from_utf8(input::bytes(file)?);
    text.ok().with_context(|| format!("{} is not text", file.display()))
}

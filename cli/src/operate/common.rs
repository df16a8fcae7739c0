//! What all commands have: the place, and how an answer is written.

use std::io::{IsTerminal as _, stdin};

use anyhow::Context as _;
use bytes::Bytes;
use clap::{Args, ValueEnum};
use hookdock_embedded::SystemClock;
use hookdock_pipeline::model::system::System as _;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::look::{Look, LookArguments};
use super::place::{Api, PlaceArguments};
use crate::output;

/// What all commands have.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// table, wide, json (that of the API), ndjson, or id (names alone)
    #[arg(short, long, value_enum, hide_possible_values = true, default_value_t = Format::Table)]
    pub(crate) output: Format,
    #[command(flatten)]
    look: LookArguments,
    /// Say nothing beside the answer
    #[arg(short, long)]
    quiet: bool,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    // For a person, 80 characters wide
    Table,
    // For a person, as wide as need be
    Wide,
    // The answer of the API
    Json,
    // Its items, one on each line
    Ndjson,
    // Names alone
    Id,
}

impl Common {
    /// The API of the place, which is named first.
    pub(crate) async fn open(&self) -> anyhow::Result<Api> {
        let api = self.place.open().await?;
        if !self.quiet && self.is_for_people() {
            let now = Timestamp::from_millisecond(SystemClock.now().get()).unwrap_or_default();
            let (name, zone) = (output::safe(&api.name), self.look().zone_name(now));
            output::eprintln(&format!("place: {name}   times: {zone}"));
        }
        Ok(api)
    }

    fn is_for_people(&self) -> bool {
        matches!(self.output, Format::Table | Format::Wide)
    }

    pub(crate) fn look(&self) -> Look {
        self.look.look(self.output == Format::Wide)
    }

    /// Says something beside the answer.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet && self.is_for_people() {
            output::eprintln(text);
        }
    }

    /// Prints the answer in the form that is asked for: as it came, or as what `show` and `names`
    /// make of it.
    pub(crate) fn print<T: DeserializeOwned>(
        &self,
        answer: &Bytes,
        show: impl FnOnce(&T, Look) -> String,
        names: impl FnOnce(&T) -> Vec<String>,
    ) -> anyhow::Result<T> {
        let read: T = serde_json::from_slice(answer).context("the answer has another form")?;
        match self.output {
            Format::Json => output::print(&String::from_utf8_lossy(answer))?,
            Format::Ndjson => {
                for item in items(answer)? {
                    output::print(&item)?;
                }
            }
            Format::Id => {
                for name in names(&read) {
                    output::print(&output::safe(&name))?;
                }
            }
            Format::Table | Format::Wide => output::print(&show(&read, self.look()))?,
        }
        Ok(read)
    }
}

/// The items of a page or of a list; an answer of another kind is one item.
fn items(answer: &Bytes) -> anyhow::Result<Vec<String>> {
    let value: serde_json::Value = serde_json::from_slice(answer)?;
    let items = value.get("items").unwrap_or(&value);
    Ok(match items.as_array() {
        Some(items) => items.iter().map(ToString::to_string).collect(),
        None => vec![items.to_string()],
    })
}

/// Whether a person types the number.
pub(super) fn is_confirmed(what: &str, number: u64) -> anyhow::Result<bool> {
    output::eprintln(&format!("{what} Type the number to go on:"));
    if !stdin().is_terminal() {
        output::eprintln(
            "hookdock: nothing was done\n  why   nobody is there to say yes\n  next  add --yes",
        );
        return Ok(false);
    }
    let mut typed = String::new();
    stdin().read_line(&mut typed)?;
    Ok(typed.trim() == number.to_string())
}

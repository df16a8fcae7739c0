//! PROVIDERS.md, made from the catalogue.

use std::error::Error;
use std::fmt::Write as _;

use hookdock_signature::describe::card;
use hookdock_signature::{Items, Provider, Scheme, Selector, Trust, catalog};
use serde::Deserialize;

/// Senders without a definition.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotShipped {
    pub(crate) provider: Vec<Reason>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) reason: String,
}

const HEAD: &str = "\
# Providers

Made from [catalog](catalog) by

```console
$ cargo run -p hookdock-signature --example providers > shared/signature/PROVIDERS.md
```

- *verified*: checked against the provider's own text or code.
- *third-party*: an independent public verifier says the same; the provider's text was not read.
- *unconfirmed*: from memory. Try it with a live delivery before you rely on it.

An event id that the signature covers cannot be changed by whoever captured a request; for any other, and for one that several events share, Hookdock adds the digest of the event's bytes.
One that may be new with each try is no id of the event at all: the digest of the body takes its place, if there is a body.
An event type that is not signed is whatever a sender writes; an event keeps the type that it was first recorded under.
The weakness says what somebody can send who has seen one request: *parts-of-body*, another body in what is not signed; *checksum*, another body with the same checksum; *unsigned-body*, any body.
A provider that may put several events in one request has the places where they are in the column *split at*: each item there is an event of its own, with its own id.
The class says what hangs on a provider's events, at worst: *money* or goods, who may use what (*access*), the work of a model (*ai*), *customers*, what a team is told of its own *tools*, or, for a scheme, *any* of these.
A dash means: not known. The [cards](#cards) say more: how an endpoint is set up, what is weak, retries, handshakes and pitfalls.
";

/// The whole document.
pub(crate) fn document() -> Result<String, Box<dyn Error>> {
    let providers: Vec<Provider> = catalog::ids().filter_map(catalog::find).collect();
    let mut text = HEAD.to_owned();
    writeln!(text, "\n{}\n", counts(&providers))?;
    text.push_str("| id | name | class | scheme | weakness | trust | event id | event type | split at | answer within |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for provider in &providers {
        writeln!(text, "{}", row(provider))?;
    }
    text.push_str("\n## Cards\n\nThe same as `hookdock providers ID` prints.\n");
    for provider in &providers {
        text.push_str(&section(provider));
    }
    text.push_str("\n## Not shipped\n\n| id | name | why |\n| --- | --- | --- |\n");
    for Reason { id, name, reason } in not_shipped()?.provider {
        writeln!(text, "| {id} | {name} | {reason} |")?;
    }
    Ok(text)
}

pub(crate) fn not_shipped() -> Result<NotShipped, toml::de::Error> {
    toml::from_str(include_str!("../../not-shipped.toml"))
}

fn counts(providers: &[Provider]) -> String {
    let count = |trust| providers.iter().filter(|one| one.trust().scheme == trust).count();
    let [verified, third_party, unconfirmed] =
        [Trust::Verified, Trust::ThirdParty, Trust::Unconfirmed].map(count);
    format!(
        "{} definitions: {verified} verified, {third_party} third-party, {unconfirmed} unconfirmed.",
        providers.len()
    )
}

fn row(provider: &Provider) -> String {
    let id = provider.id();
    let name = provider.name();
    let class = provider.class().map_or_else(dash, |class| class.as_str().to_owned());
    let weakness = provider.weakness().map_or_else(dash, |weakness| weakness.as_str().to_owned());
    let event_type = provider.event_type().map_or_else(dash, |selector| id_text(selector, true));
    let trust = provider.trust().scheme.as_str();
    let event_id = provider.event_id();
    let event_id =
        event_id.map_or_else(dash, |selector| id_text(selector, provider.event_id_is_unique()));
    let split = provider.items().map_or_else(dash, places);
    let within = provider.answer_within().map_or_else(dash, |wait| format!("{} s", wait.as_secs()));
    let schemes = schemes(provider);
    format!(
        "| [{id}](catalog/{id}.toml) | {name} | {class} | {schemes} | {weakness} | {trust} | {event_id} | {event_type} | {split} | {within} |"
    )
}

/// The card of a provider.
fn section(provider: &Provider) -> String {
    let mut text = format!("\n### {} ({})\n\n", provider.name(), provider.id());
    let rows = card(provider).into_iter().map(|(name, words)| {
        let words = words.lines().map(plain).collect::<Vec<_>>().join("<br>");
        format!("- {name}: {words}\n")
    });
    text.extend(rows);
    text
}

/// A text as Markdown shows it unchanged. What a definition has in backquotes stays so.
fn plain(line: &str) -> String {
    let quoted = |(number, part): (usize, &str)| match number % 2 {
        0 => escaped(part),
        _ => format!("`{part}`"),
    };
    line.split('`').enumerate().map(quoted).collect()
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if matches!(character, '*' | '_' | '[' | ']' | '<' | '|') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

fn id_text(selector: &Selector, unique: bool) -> String {
    let covered = if selector.is_covered() { "signed" } else { "not signed" };
    let shared = if unique { "" } else { ", shared" };
    format!("`{selector}`, {covered}{shared}")
}

fn places(items: &Items) -> String {
    let form = items.form().map(|name| format!("`{name}`: ")).unwrap_or_default();
    let places = items.places().into_iter().map(|place| match place.id {
        Some(id) => format!("{form}`{}` by {}", place.at, id_text(id, place.unique)),
        None => format!("{form}`{}`", place.at),
    });
    places.collect::<Vec<_>>().join("; ")
}

fn dash() -> String {
    "\u{2013}".to_owned()
}

/// The main scheme, then those of alternatives that differ from it.
fn schemes(provider: &Provider) -> String {
    let all = std::iter::once(provider.scheme()).chain(provider.alternatives());
    let mut names: Vec<&str> = all.map(Scheme::name).collect();
    names.dedup();
    names.join(", ")
}

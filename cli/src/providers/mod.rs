//! `hookdock providers`: the catalogue, listed, searched and described.

mod card;
mod list;

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use hookdock_signature::describe::Definition;
use hookdock_signature::{Provider, catalog};

use crate::providers::card::Card;
use crate::providers::list::List;
use crate::{exit, input, output};

const EXAMPLES: &str = "\
Examples:
  hookdock providers                        all of them
  hookdock providers pay                    those with `pay` in an id, a name or a header
  hookdock providers X-Hub-Signature-256    those that sign with this header
  hookdock providers stripe                 all that is known of one

Trust: verified = checked against the provider's own text or code; third-party = an
independent verifier says the same; unconfirmed = nobody has checked it.";

/// The arguments of `hookdock providers`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// An id to describe, or a part of an id, a name or a header to search for
    search: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Lists the catalogue, or describes one provider.
///
/// # Errors
///
/// Nothing matches, or standard output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match arguments.search.as_deref().and_then(catalog::find) {
        Some(provider) => Card::of(&provider).print(arguments.json)?,
        None => list(arguments)?.print(arguments.json)?,
    }
    Ok(exit::DONE)
}

fn list(arguments: &Arguments) -> anyhow::Result<List> {
    let search = arguments.search.as_deref().unwrap_or_default().to_lowercase();
    let all = catalog::ids().filter_map(catalog::find);
    let found: Vec<Provider> = all.filter(|provider| is_match(provider, &search)).collect();
    if found.is_empty() {
        bail!(
            "no provider has {search:?} in its id, name or headers; {}",
            input::next_step(&search)
        );
    }
    if !arguments.json {
        output::eprintln(&format!("{}; `hookdock providers ID` describes one", count(found.len())));
    }
    Ok(List::of(&found))
}

fn count(number: usize) -> String {
    if number == 1 { "1 provider".to_owned() } else { format!("{number} providers") }
}

fn is_match(provider: &Provider, search: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(search);
    has(provider.id())
        || has(provider.name())
        || Definition::of(provider).headers().into_iter().any(has)
}

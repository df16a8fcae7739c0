//! `hookdock cost`: what a month on AWS costs, by line, from list prices.

mod bill;
mod break_even;
mod figures;
mod flood;
#[cfg(test)]
mod tests;
mod text;
mod workload;

use std::process::ExitCode;

use clap::{Args, value_parser};
use serde::Serialize;

use crate::cost::bill::Bill;
use crate::cost::break_even::BreakEven;
use crate::cost::figures::{FIGURES, Figures, Milliseconds};
use crate::cost::flood::Flood;
use crate::cost::workload::Workload;
use crate::{exit, output};

const EXAMPLES: &str = "\
Examples:
  hookdock cost                          a million events of 4 KiB
  hookdock cost --store inline           the same, in messages instead of objects
  hookdock cost --break-even             from which size on an object is cheaper
  hookdock cost --flood                  requests that are refused, up to the limit of the stage
  hookdock cost --batch 1 --steps 5      events that come one by one, to a job of five steps";

/// The arguments of `hookdock cost`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    workload: Workload,
    /// Compare both stores over sizes of bodies
    #[arg(long, conflicts_with = "sources")]
    break_even: bool,
    /// The price of refused requests, at so many a second: the template's `ThrottleRate`
    #[arg(long, value_name = "RATE", num_args = 0..=1, default_missing_value = "500")]
    #[arg(value_parser = value_parser!(u32).range(1..=100_000))]
    #[arg(conflicts_with_all = ["sources", "break_even"])]
    flood: Option<u32>,
    /// Print the prices and durations, each with where it was read
    #[arg(long)]
    sources: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A bill, and what it was made from.
#[derive(Debug, Serialize)]
struct Account<'a> {
    region: &'a str,
    /// When the prices were read.
    read: &'a str,
    workload: &'a Workload,
    milliseconds: &'a Milliseconds,
    ingest_ms: f64,
    processor_ms: f64,
    /// One delivery as it is kept.
    stored_bytes: f64,
    bill: Bill,
}

/// Prints the bill.
///
/// # Errors
///
/// Standard output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { workload, break_even, flood, sources, json } = arguments;
    let figures = Figures::built_in()?;
    if *sources {
        output::print(FIGURES)?;
    } else if *break_even {
        let even = BreakEven::of(workload, &figures);
        if *json { output::print_json(&even) } else { output::print(&even.text()) }?;
    } else if let Some(rate) = flood {
        let flood = Flood::of(*rate, workload, &figures);
        if *json { output::print_json(&flood) } else { output::print(&flood.text()) }?;
    } else {
        let account = Account::of(workload, &figures);
        if *json { output::print_json(&account) } else { output::print(&account.text()) }?;
    }
    Ok(exit::DONE)
}

impl<'a> Account<'a> {
    fn of(workload: &'a Workload, figures: &'a Figures) -> Self {
        Self {
            region: &figures.region,
            read: &figures.read,
            workload,
            milliseconds: &figures.milliseconds,
            ingest_ms: workload.ingest_ms(figures),
            processor_ms: workload.processor_ms(figures),
            stored_bytes: workload.stored_bytes(),
            bill: Bill::of(workload, figures),
        }
    }
}

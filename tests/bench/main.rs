//! What the functions cost on Lambda.
//!
//! ```console
//! $ tests/run bench
//! $ cargo bench -p hookdock-tests --bench lambda -- receive --calls 5000 --latency-ms 5 --json
//! ```
//!
//! Each function is started as Lambda starts it, under a Runtime API of our own, and calls
//! stand-ins for the services of AWS, over TLS unless it is told otherwise. Only ratios within one
//! run mean anything, and only on a quiet machine; instructions and memory are the same on any day.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a run that breaks has measured nothing"
)]
#![expect(clippy::print_stdout, reason = "the tables are what it is for")]
#![expect(clippy::disallowed_methods, reason = "it measures time and starts processes")]
#![expect(clippy::cast_precision_loss, reason = "counts are small")]

mod bodies;
mod candidates;
mod events;
mod figures;
mod function;
mod instructions;
mod lambda;
mod page;
mod process;
mod receive;
mod stubs;
mod table;
mod targets;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use stubs::Policy;

/// Where `sam build` leaves a function.
macro_rules! built {
    ($function:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../target/stack/build/", $function, "/bootstrap")
    };
}

/// What the functions cost on Lambda.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    measure: Measure,
    #[command(flatten)]
    functions: Functions,
    /// JSON in place of tables.
    #[arg(long, global = true)]
    json: bool,
    /// Cargo says so to every benchmark.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Measure {
    /// Ingest beside other receivers.
    Receive(receive::Options),
    /// The processor.
    Process(process::Options),
    /// Ingest with large bodies; fails where the largest take too much memory.
    Bodies,
    /// Counts instructions, and holds them to what is recorded.
    Instructions {
        /// Records them instead.
        #[arg(long)]
        record: bool,
    },
    /// All that a quiet machine is wanted for, as the page `tests/bench/RESULTS.md`.
    Page,
}

/// The functions as they are deployed: what `sam build` has made, unless others are named.
#[derive(Args)]
struct Functions {
    /// The program of ingest.
    #[arg(long, global = true, default_value = built!("IngestFunction"))]
    ingest: PathBuf,
    /// The program of the processor.
    #[arg(long, global = true, default_value = built!("ProcessorFunction"))]
    processor: PathBuf,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Arguments { measure, functions, json, .. } = Arguments::parse();
    std::fs::create_dir_all(folder()).expect("a folder");
    let policy = Policy::trusted(Duration::ZERO);
    match measure {
        Measure::Receive(options) => {
            let run = receive::run(&candidates::all(&functions), &options, &policy).await;
            print(&run, run.section(), json);
        }
        Measure::Process(options) => {
            let run = process::run(&functions, &options, &policy).await;
            print(&run, run.section(), json);
        }
        Measure::Bodies => {
            let run = bodies::run(&functions, &policy).await;
            print(&run, run.section(), json);
            return run.verdict();
        }
        Measure::Instructions { record } => {
            let policy = Policy { host: "127.0.0.1", ..policy };
            return instructions::run(&functions, &policy, record).await;
        }
        Measure::Page => page::write(&functions, &policy).await,
    }
    ExitCode::SUCCESS
}

fn print(run: &impl Serialize, section: String, json: bool) {
    let json = json.then(|| serde_json::to_string_pretty(run).expect("JSON"));
    println!("{}", json.unwrap_or(section));
}

/// Where what is installed and made for the benchmark lies.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench")
}

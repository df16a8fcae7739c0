//! How much Hookdock takes, and how fast it answers meanwhile.
//!
//! ```console
//! $ tests/run load
//! $ cargo bench -p hookdock-tests --bench load -- --seconds 2 --only hookdock
//! ```
//!
//! The load is open: requests come at random times that were drawn beforehand, whether or not
//! earlier ones were answered, and a latency counts from the time at which its request was due. So
//! a server that stalls is charged for everybody who waited.
//!
//! Measured are `hookdock dev --data` and the nearest rival, on the same requests in the same run;
//! what is durable when each answers is in the report. Then many ingest functions at once, each
//! under a Runtime API of its own, with stand-ins for AWS that take their time.
//! Everything listens on loopback and is stopped at the end. Only ratios within one run mean
//! anything, and only on a quiet machine.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a run that breaks has measured nothing"
)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the report is what it is for")]
#![expect(clippy::disallowed_methods, reason = "it measures time and starts processes")]

mod arrivals;
mod disk;
mod due;
mod flood;
mod functions;
mod hookdock;
mod latencies;
mod pages;
mod plots;
mod ramp;
mod rates;
mod rival;
mod scenarios;
mod server;
mod webhooks;

#[path = "../bench/events.rs"]
#[expect(dead_code, reason = "the benchmark of the functions uses the rest")]
mod events;
#[path = "../bench/function.rs"]
#[expect(dead_code, reason = "the benchmark of the functions uses the rest")]
mod function;
#[path = "../bench/lambda.rs"]
mod lambda;
#[path = "../bench/stubs.rs"]
#[expect(dead_code, reason = "the benchmark of the functions uses the rest")]
mod stubs;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::pages::Report;

/// How much Hookdock takes, and how fast it answers meanwhile.
#[derive(Parser)]
struct Options {
    /// How long each rate is kept up
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// The size of a webhook
    #[arg(long, default_value_t = 4096)]
    bytes: usize,
    /// Connections that requests share; the rival refuses more than a hundred at once
    #[arg(long, default_value_t = 96)]
    connections: usize,
    /// The first rate, per second
    #[arg(long, default_value_t = 50.0)]
    from: f64,
    /// The last rate, per second
    #[arg(long, default_value_t = 16000.0)]
    to: f64,
    /// The program of ingest
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release/ingest"))]
    ingest: PathBuf,
    /// Only this part: hookdock, rival or functions
    #[arg(long)]
    only: Option<String>,
    /// Write the figures and plots here
    #[arg(long)]
    write: Option<PathBuf>,
    /// Quote the figures in this file, between its marks
    #[arg(long)]
    quote: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn wants(&self, part: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == part)
    }

    fn lasting(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let options = Options::parse();
    std::fs::create_dir_all(folder()).expect("a folder");
    let report = tokio::select! {
        report = Report::measured(&options) => report,
        // What was started ends with whatever waits for it.
        () = asked_to_stop() => return,
    };
    if let Some(place) = &options.write {
        report.write(place);
    }
    if let Some(file) = &options.quote {
        report.quote(file);
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report).expect("JSON"));
    } else {
        println!("{}", report.text());
    }
}

/// Ctrl-C, or the signal of a supervisor.
async fn asked_to_stop() {
    let mut terminate = signal(SignalKind::terminate()).expect("a signal");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Where what is made for the run lies; `function` and `stubs` ask for it too.
fn folder() -> PathBuf {
    target("load")
}

fn target(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(name)
}

//! Large bodies: time, and memory that is held to a limit.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;

use crate::Functions;
use crate::events::{self, Body};
use crate::figures::{cell, mib, milliseconds, percentile};
use crate::function::Function;
use crate::stubs::Policy;
use crate::table::Table;

const SIZES: [(&str, usize); 3] = [("256 KiB", 256 << 10), ("1 MiB", 1 << 20), ("4 MiB", 4 << 20)];
/// The size whose peak is the idle figure.
const SMALL: (&str, usize) = ("4 KiB", 4 << 10);
const CALLS: usize = 20;
/// How many times its own size a body may take, on top of the idle figure.
const TIMES: f64 = 4.0;

#[derive(Serialize)]
pub(crate) struct Run {
    rows: Vec<Row>,
}

/// One size of bodies. Times are in milliseconds.
#[derive(Serialize)]
struct Row {
    size: &'static str,
    kind: &'static str,
    p50: f64,
    cpu: f64,
    peak_mib: f64,
    /// What the body takes on top of the idle figure, in its own size.
    times: Option<f64>,
}

pub(crate) async fn run(functions: &Functions, policy: &Policy) -> Run {
    let mut rows = Vec::new();
    for (kind, name) in [(Body::Text, "text"), (Body::Base64, "base64")] {
        let small = row(functions, policy, kind, name, SMALL).await;
        let idle = small.peak_mib;
        rows.push(small);
        for size in SIZES {
            let large = row(functions, policy, kind, name, size).await;
            let times = (large.peak_mib - idle) / mib(size.1 as u64);
            rows.push(Row { times: Some(times), ..large });
        }
    }
    Run { rows }
}

async fn row(
    functions: &Functions,
    policy: &Policy,
    kind: Body,
    name: &'static str,
    (size, bytes): (&'static str, usize),
) -> Row {
    let event = |bytes| events::webhook(kind, &kind.of_size(bytes), 0);
    let (small, event) = (event(SMALL.1), event(bytes));
    let mut function = Function::start("ingest", &[PathBuf::from(&functions.ingest)], policy).await;
    for _ in 0..CALLS {
        function.accepts(&small).await;
    }
    let before = function.cpu();
    let mut times = Vec::<Duration>::new();
    for _ in 0..CALLS {
        times.push(function.accepts(&event).await);
    }
    Row {
        size,
        kind: name,
        p50: milliseconds(percentile(&times, 50)),
        cpu: milliseconds(function.cpu().saturating_sub(before)) / CALLS as f64,
        peak_mib: mib(function.peak_kib() * 1024),
        times: None,
    }
}

impl Run {
    /// By the largest bodies: the idle figure is not the same in each run, and what it moves by is
    /// much of a small one.
    pub(crate) fn verdict(&self) -> ExitCode {
        let [.., (largest, _)] = SIZES;
        let mut rows = self.rows.iter().filter(|row| row.size == largest);
        let missed = rows.any(|row| row.times.is_some_and(|times| times > TIMES));
        if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    pub(crate) fn section(&self) -> String {
        let about = format!(
            "Ingest over TLS, medians of {CALLS} calls, milliseconds and MiB. Text is JSON as \
             GitHub writes it; base64 is how the gateway hands on what is no text. The peak may \
             be that of {} and {TIMES} times the body.",
            SMALL.0
        );
        let mut table =
            Table::new(&["body", "kind", "warm call", "CPU", "peak", "times the body", ""]);
        for row in &self.rows {
            let verdict = match row.times {
                None => "",
                Some(times) if times <= TIMES => "met",
                Some(_) => "missed",
            };
            let [size, kind, verdict] = [row.size, row.kind, verdict].map(str::to_owned);
            let times = row.times.map(cell).unwrap_or_default();
            let figures = [row.p50, row.cpu, row.peak_mib].map(cell);
            table.row([size, kind].into_iter().chain(figures).chain([times, verdict]).collect());
        }
        format!("## Large bodies\n\n{about}\n\n{table}")
    }
}

//! The processor: batches of what ingest has stored and queued, and one job for each event.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::Functions;
use crate::events::{self, Body};
use crate::figures::{cell, median, mib, milliseconds, percentile};
use crate::function::Function;
use crate::stubs::{Calls, Objects, PUT_OBJECT, Policy, SEND_MESSAGE, operation};
use crate::table::Table;

/// Messages in a batch.
const SIZES: [usize; 2] = [1, 10];

#[derive(Args, Clone, Serialize)]
pub(crate) struct Options {
    /// Warm batches of each size.
    #[arg(long, default_value_t = 300)]
    pub(crate) batches: usize,
    /// How often it is started; the medians count.
    #[arg(long, default_value_t = 7)]
    pub(crate) starts: usize,
    /// How long a service takes to answer.
    #[arg(long, default_value_t = 0)]
    pub(crate) latency_ms: u64,
}

/// What ingest has left behind.
pub(crate) struct Queue {
    messages: Vec<String>,
    pub(crate) objects: Arc<Objects>,
}

#[derive(Serialize)]
pub(crate) struct Run {
    options: Options,
    rows: Vec<Row>,
}

/// What was measured of batches of one size. Times are in milliseconds.
#[derive(Serialize)]
struct Row {
    messages: usize,
    init: f64,
    first: f64,
    p50: f64,
    p99: f64,
    cpu_of_one: f64,
    peak_mib: f64,
    calls_of_one: Vec<(String, f64)>,
}

pub(crate) async fn run(functions: &Functions, options: &Options, policy: &Policy) -> Run {
    let queue = queue(&functions.ingest, policy).await;
    let latency = Duration::from_millis(options.latency_ms);
    let policy = Policy { latency, objects: Arc::clone(&queue.objects), ..policy.clone() };
    let mut rows = Vec::new();
    for messages in SIZES {
        rows.push(row(&functions.processor, &queue, messages, options, &policy).await);
    }
    Run { options: options.clone(), rows }
}

async fn row(
    program: &Path,
    queue: &Queue,
    messages: usize,
    options: &Options,
    policy: &Policy,
) -> Row {
    let (command, batch) = ([PathBuf::from(program)], queue.batch(messages));
    let mut function = Function::start("processor", &command, policy).await;
    let mut starts = vec![(function.init, function.accepts(&batch).await)];
    for _ in 1..options.starts {
        function = Function::start("processor", &command, policy).await;
        starts.push((function.init, function.accepts(&batch).await));
    }
    let (cpu, calls) = (function.cpu(), function.aws.calls());
    let mut warm = Vec::new();
    for _ in 0..options.batches {
        warm.push(function.accepts(&batch).await);
    }
    let processed = (messages * options.batches) as f64;
    Row {
        messages,
        init: milliseconds(median(starts.iter().map(|start| start.0))),
        first: milliseconds(median(starts.iter().map(|start| start.1))),
        p50: milliseconds(percentile(&warm, 50)),
        p99: milliseconds(percentile(&warm, 99)),
        cpu_of_one: milliseconds(function.cpu().saturating_sub(cpu)) / processed,
        peak_mib: mib(function.peak_kib() * 1024),
        calls_of_one: each(&function.aws.calls().since(&calls), processed),
    }
}

fn each(calls: &Calls, processed: f64) -> Vec<(String, f64)> {
    calls.iter().map(|(name, count)| (name.to_owned(), count as f64 / processed)).collect()
}

impl Queue {
    /// The event that the first so many messages make.
    pub(crate) fn batch(&self, messages: usize) -> Bytes {
        events::batch(&self.messages[..messages])
    }
}

/// Has ingest take several events, so that what the processor gets is what it would get.
pub(crate) async fn queue(ingest: &Path, policy: &Policy) -> Queue {
    let mut function = Function::start("ingest", &[PathBuf::from(ingest)], policy).await;
    let body = Body::Text.of_size(4096);
    for number in 0..SIZES[SIZES.len() - 1] {
        function.accepts(&events::webhook(Body::Text, &body, number)).await;
    }
    let (mut messages, mut objects) = (Vec::new(), HashMap::new());
    for request in function.aws.requests() {
        match operation(&request).as_str() {
            PUT_OBJECT => {
                objects.insert(request.uri().path().to_owned(), request.into_body());
            }
            SEND_MESSAGE => messages.push(message(request.body())),
            _ => {}
        }
    }
    Queue { messages, objects: Arc::new(objects) }
}

fn message(request: &[u8]) -> String {
    let request: Value = serde_json::from_slice(request).expect("JSON");
    request["MessageBody"].as_str().expect("a body").to_owned()
}

impl Run {
    pub(crate) fn section(&self) -> String {
        let Options { batches, starts, latency_ms } = &self.options;
        let about = format!(
            "What ingest has stored and queued, of 4,096 bytes each, over TLS, from services that \
             take {latency_ms} ms; for each event one job with one step, which publishes to a \
             topic. {batches} warm batches, medians of {starts} starts, milliseconds and MiB."
        );
        let heads =
            ["messages in a batch", "init", "first batch", "p50", "p99", "CPU of one", "peak"];
        let mut table = Table::new(&[&heads[..], &["calls for one"]].concat());
        for row in &self.rows {
            let figures = [row.init, row.first, row.p50, row.p99, row.cpu_of_one, row.peak_mib];
            let calls = row.calls_of_one.iter().map(|(name, count)| format!("{name} {count}"));
            let cells = [row.messages.to_string()].into_iter().chain(figures.map(cell));
            table.row(cells.chain([calls.collect::<Vec<_>>().join(", ")]).collect());
        }
        format!("## The processor\n\n{about}\n\n{table}")
    }
}

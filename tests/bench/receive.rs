//! Ingest beside other receivers, in one run.
//!
//! Calls take turns in short blocks, so that a slow moment of the machine hits all of them.

use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http::Request;
use serde::Serialize;
use serde_json::json;

use crate::candidates::{Candidate, Who};
use crate::events::{self, Body};
use crate::figures::{cell, median, mib, milliseconds, percentile};
use crate::function::Function;
use crate::stubs::{PUT_OBJECT, Policy, SEND_MESSAGE, operation};
use crate::table::Table;
use crate::targets::{self, Target};

/// Calls of one function before the next has its turn.
const BLOCK: usize = 50;

#[derive(Args, Clone, Serialize)]
pub(crate) struct Options {
    /// Warm calls of each.
    #[arg(long, default_value_t = 1000)]
    pub(crate) calls: usize,
    /// How often each is started; the medians count.
    #[arg(long, default_value_t = 7)]
    pub(crate) starts: usize,
    /// The size of the webhook's body.
    #[arg(long, default_value_t = 4096)]
    pub(crate) bytes: usize,
    /// How long a service takes to answer.
    #[arg(long, default_value_t = 0)]
    pub(crate) latency_ms: u64,
    /// Services that speak plain HTTP.
    #[arg(long)]
    pub(crate) plain: bool,
}

/// One run over all candidates.
#[derive(Serialize)]
pub(crate) struct Run {
    options: Options,
    rows: Vec<Row>,
    targets: Vec<Target>,
}

/// What was measured of one function. Times are in milliseconds.
#[derive(Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) who: Who,
    pub(crate) init: f64,
    pub(crate) first: f64,
    /// Both.
    pub(crate) start: f64,
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) cpu: f64,
    pub(crate) peak_mib: f64,
    pub(crate) size_mib: f64,
    pub(crate) zip_mib: f64,
    /// Calls to AWS during init, and for each webhook.
    pub(crate) at_init: usize,
    pub(crate) put_object: f64,
    pub(crate) send_message: f64,
    pub(crate) other: f64,
    pub(crate) connections: usize,
}

/// A candidate at work.
struct Subject<'a> {
    candidate: &'a Candidate,
    policy: Policy,
    function: Function,
    starts: Vec<(Duration, Duration)>,
    warm: Vec<Duration>,
    cpu: Duration,
}

pub(crate) async fn run(candidates: &[Candidate], options: &Options, policy: &Policy) -> Run {
    let policy = terms_of(options, policy);
    let body = Body::Text.of_size(options.bytes);
    let event = events::webhook(Body::Text, &body, 0);
    for candidate in candidates.iter().filter(|one| one.who != Who::Floor) {
        prove(candidate, &policy).await;
    }
    let mut subjects = Vec::new();
    for candidate in candidates {
        subjects.push(Subject::start(candidate, &policy, &event).await);
    }
    for _ in 1..options.starts {
        for subject in &mut subjects {
            subject.start_anew(&event).await;
        }
    }
    for _ in 0..options.calls.div_ceil(BLOCK) {
        for subject in &mut subjects {
            subject.block(&event).await;
        }
    }
    let rows: Vec<_> = subjects.iter().map(Subject::row).collect();
    Run { options: options.clone(), targets: targets::of(&rows), rows }
}

fn terms_of(options: &Options, policy: &Policy) -> Policy {
    Policy {
        authority: policy.authority.clone().filter(|_| !options.plain),
        latency: Duration::from_millis(options.latency_ms),
        ..policy.clone()
    }
}

/// A receiver that is measured refuses what is forged, and stores and queues what is not.
async fn prove(candidate: &Candidate, policy: &Policy) {
    let (name, body) = (candidate.who.name(), &Body::Text.of_size(1024));
    let text = String::from_utf8_lossy(body);
    let mut function = Function::start(name, &candidate.command, policy).await;
    let (_, answer) = function.call(&events::forged(Body::Text, body)).await;
    assert_eq!(answer["statusCode"], 401, "{name} on a forged webhook: {answer}");
    let calls = function.aws.calls();
    let written = calls.of(PUT_OBJECT) + calls.of(SEND_MESSAGE);
    assert_eq!(written, 0, "{name} has kept a forged webhook");
    function.accepts(&events::webhook(Body::Text, body, 1)).await;
    let requests = function.aws.requests();
    let [put] = &asked(&requests, PUT_OBJECT)[..] else { panic!("{name} has not stored it once") };
    let [send] = &asked(&requests, SEND_MESSAGE)[..] else {
        panic!("{name} has not queued it once")
    };
    // Some SDKs frame what they send, so it is no JSON here.
    let (stored, text) = (String::from_utf8_lossy(put.body()), json!(text).to_string());
    assert!(stored.contains(&text), "{name} has stored another body: {stored}");
    let key = put.uri().path().trim_start_matches("/bench/");
    let message = String::from_utf8_lossy(send.body());
    assert!(message.contains(key), "{name} has queued no reference to {key}: {message}");
    for request in [put, send] {
        let signed = request.headers().get("authorization").expect("a signature").as_bytes();
        assert!(signed.starts_with(b"AWS4-HMAC-SHA256 "), "{name} has signed otherwise");
    }
}

fn asked<'a>(requests: &'a [Request<Bytes>], what: &str) -> Vec<&'a Request<Bytes>> {
    requests.iter().filter(|request| operation(request) == what).collect()
}

impl<'a> Subject<'a> {
    async fn start(candidate: &'a Candidate, policy: &Policy, event: &Bytes) -> Self {
        let mut policy = policy.clone();
        if candidate.who == Who::Floor {
            policy.authority = None;
        }
        let mut function = Function::start(candidate.who.name(), &candidate.command, &policy).await;
        let starts = vec![(function.init, function.accepts(event).await)];
        Self { candidate, policy, function, starts, warm: Vec::new(), cpu: Duration::ZERO }
    }

    async fn start_anew(&mut self, event: &Bytes) {
        let again = Self::start(self.candidate, &self.policy, event).await;
        self.starts.extend(again.starts);
        self.function = again.function;
    }

    async fn block(&mut self, event: &Bytes) {
        let before = self.function.cpu();
        for _ in 0..BLOCK {
            self.warm.push(self.function.accepts(event).await);
        }
        self.cpu += self.function.cpu().saturating_sub(before);
    }

    fn row(&self) -> Row {
        let (function, upload) = (&self.function, self.candidate.upload());
        let calls = function.aws.calls().since(&function.calls_of_init);
        let each = |count: usize| count as f64 / (self.warm.len() + 1) as f64;
        let warm = |percent| milliseconds(percentile(&self.warm, percent));
        let start = |time: fn(&(Duration, Duration)) -> Duration| {
            milliseconds(median(self.starts.iter().map(time)))
        };
        Row {
            who: self.candidate.who,
            init: start(|(init, _)| *init),
            first: start(|(_, first)| *first),
            start: start(|(init, first)| *init + *first),
            p50: warm(50),
            p90: warm(90),
            p99: warm(99),
            cpu: milliseconds(self.cpu) / self.warm.len() as f64,
            peak_mib: mib(function.peak_kib() * 1024),
            size_mib: mib(upload.bytes),
            zip_mib: mib(upload.zipped),
            at_init: function.calls_of_init.other_than(&[]),
            put_object: each(calls.of(PUT_OBJECT)),
            send_message: each(calls.of(SEND_MESSAGE)),
            other: each(calls.other_than(&[PUT_OBJECT, SEND_MESSAGE])),
            connections: function.aws.calls().connections,
        }
    }
}

impl Run {
    /// Tables of the figures, of the ratios, and of what was to be reached.
    pub(crate) fn section(&self) -> String {
        let Options { calls, starts, bytes, latency_ms, plain } = &self.options;
        let over = if *plain { "plain HTTP" } else { "TLS" };
        let services = match latency_ms {
            0 => "services that answer at once".to_owned(),
            latency => format!("services that take {latency} ms to answer"),
        };
        let title = format!("Ingest beside others, over {over}, {services}");
        let about = format!(
            "A webhook of {bytes} bytes, {calls} warm calls, medians of {starts} starts. \
             Times in milliseconds, sizes in MiB."
        );
        let mut parts = vec![
            format!("## {title}"),
            about,
            self.figures(),
            "As multiples of ingest's figures:".into(),
            self.ratios(),
        ];
        if !plain && *latency_ms == 0 {
            parts.extend(["What was to be reached:".to_owned(), targets::table(&self.targets)]);
        }
        parts.iter().map(|part| part.trim_end()).collect::<Vec<_>>().join("\n\n")
    }

    fn figures(&self) -> String {
        let mut table = Table::new(&[
            "function",
            "init",
            "first",
            "both",
            "p50",
            "p90",
            "p99",
            "CPU",
            "peak",
            "size",
            "zip",
            "calls at init",
            "PUT",
            "SEND",
            "other",
            "connections",
        ]);
        for row in &self.rows {
            let times = [row.init, row.first, row.start, row.p50, row.p90, row.p99];
            let sizes = [row.peak_mib, row.size_mib, row.zip_mib];
            let calls = [row.put_object, row.send_message, row.other];
            let mut cells = vec![row.who.name().to_owned()];
            cells.extend(times.map(cell));
            cells.push(format!("{:.3}", row.cpu));
            cells.extend(sizes.map(cell));
            cells.push(row.at_init.to_string());
            cells.extend(calls.map(|count| count.to_string()));
            cells.push(row.connections.to_string());
            table.row(cells);
        }
        table.to_string()
    }

    fn ratios(&self) -> String {
        let mut table =
            Table::new(&["function", "init", "first", "both", "p50", "p99", "CPU", "peak", "zip"]);
        let figures = |row: &Row| {
            [row.init, row.first, row.start, row.p50, row.p99, row.cpu, row.peak_mib, row.zip_mib]
        };
        let ours = figures(targets::row(&self.rows, Who::Ingest));
        for row in &self.rows {
            let ratios =
                figures(row).into_iter().zip(ours).map(|(theirs, ours)| cell(theirs / ours));
            table.row([row.who.name().to_owned()].into_iter().chain(ratios).collect());
        }
        table.to_string()
    }
}

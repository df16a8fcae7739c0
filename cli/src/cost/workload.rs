//! What comes in, what becomes of it, and what that takes.

use std::ops::RangeInclusive;

use clap::builder::RangedI64ValueParser;
use clap::{Args, ValueEnum, value_parser};
use serde::Serialize;

use super::figures::Figures;

/// The memory, in MB, at which a function has one whole vCPU (AWS Lambda developer guide,
/// "Configure Lambda function memory", read 2026-11).
const MB_OF_A_CPU: f64 = 1769.0;

/// What a stored delivery has besides the body: 16 headers, ids, digests. `cli/tests/it/cost.rs`
/// compares it with one.
const ENVELOPE_BYTES: f64 = 1500.0;

/// How much a JSON body grows when it is text inside JSON: its quotes are escaped.
const ESCAPED: f64 = 1.1;

/// A reference, and what SQS hands out with it.
const REFERENCE_BYTES: f64 = 2048.0;

/// What SQS bills as one request, and the most that Hookdock makes of a message.
pub(crate) const SQS_CHUNK: f64 = 65_536.0;

/// What a run holds, and what each saved step adds.
const RUN_BYTES: f64 = 700.0;
const STEP_BYTES: f64 = 200.0;

/// How deliveries are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Store {
    // Each is an object in S3, and its reference a message
    Object,
    // Each is a message of its own; the processor archives a batch as one object
    Inline,
}

/// What the functions run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Architecture {
    // The default of the template
    Arm64,
    // Intel and AMD
    #[value(name = "x86_64")]
    #[serde(rename = "x86_64")]
    X86,
}

/// Whether the functions send traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tracing {
    // The default of the template: one a second, and 5 % of the rest
    Active,
    // Pass on what comes in, send nothing
    PassThrough,
}

/// A month's work. The defaults are those of template.yaml where it has one.
#[derive(Debug, Clone, Args, Serialize)]
pub(crate) struct Workload {
    /// Different events in a month
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000)]
    pub(crate) events: u64,
    /// The size of a body
    #[arg(long, value_name = "COUNT", default_value_t = 4096)]
    pub(crate) bytes: u64,
    /// How deliveries are kept: `object` or `inline`
    #[arg(long, value_enum, hide_possible_values = true, default_value_t = Store::Object)]
    pub(crate) store: Store,
    /// Percentage of the events that are delivered twice
    #[arg(long, value_parser = percent, value_name = "PERCENT", default_value_t = 0.0)]
    pub(crate) duplicates: f64,
    /// Percentage of the events that belong to a tenant
    #[arg(long, value_parser = percent, value_name = "PERCENT", default_value_t = 0.0)]
    pub(crate) tenants: f64,
    /// Jobs for each event
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub(crate) jobs: u32,
    /// Saved steps in each job
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) steps: u32,
    /// How long a job waits for what it calls, in ms
    #[arg(long, value_parser = milliseconds, value_name = "MS", default_value_t = 0.0)]
    pub(crate) job_ms: f64,
    /// Messages in a batch of the processor: 1 without load
    #[arg(long, value_parser = value_parser!(u32).range(1..=10), value_name = "COUNT", default_value_t = 10)]
    pub(crate) batch: u32,
    /// Endpoints: one secret each
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub(crate) endpoints: u32,
    /// The tables are encrypted with a KMS key of your own
    #[arg(long)]
    pub(crate) table_key: bool,
    /// What the functions run on: `arm64` or `x86_64`
    #[arg(long, value_enum, hide_possible_values = true, default_value_t = Architecture::Arm64)]
    pub(crate) architecture: Architecture,
    /// Memory of ingest, in MB
    #[arg(long, value_parser = memory(), value_name = "MB", default_value_t = 256)]
    pub(crate) ingest_memory: u32,
    /// Memory of the processor, in MB
    #[arg(long, value_parser = memory(), value_name = "MB", default_value_t = 512)]
    pub(crate) processor_memory: u32,
    /// A measured duration of a call of ingest, in ms
    #[arg(long, value_parser = milliseconds, value_name = "MS")]
    pub(crate) ingest_ms: Option<f64>,
    /// A measured duration of a batch of the processor, in ms
    #[arg(long, value_parser = milliseconds, value_name = "MS")]
    pub(crate) processor_ms: Option<f64>,
    /// How long deliveries are kept
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    pub(crate) retention_days: u32,
    /// How long logs are kept
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    pub(crate) log_days: u32,
    /// What is logged for each delivery, in bytes
    #[arg(long, value_name = "COUNT", default_value_t = 1900)]
    pub(crate) log_bytes: u32,
    /// Traces: `active` or `pass-through`
    #[arg(long, value_enum, hide_possible_values = true, default_value_t = Tracing::PassThrough)]
    pub(crate) tracing: Tracing,
    /// Whether inline applies to large bodies too, to compare.
    #[arg(skip)]
    #[serde(skip)]
    pub(crate) any_size: bool,
}

impl Workload {
    /// Requests that are accepted: events, and some of them once more.
    pub(crate) fn deliveries(&self) -> f64 {
        self.events() + self.repeats()
    }

    pub(crate) fn events(&self) -> f64 {
        self.events as f64
    }

    pub(crate) fn repeats(&self) -> f64 {
        self.events() * self.duplicates / 100.0
    }

    pub(crate) fn of_tenants(&self) -> f64 {
        self.deliveries() * self.tenants / 100.0
    }

    /// Calls of the processor.
    pub(crate) fn batches(&self) -> f64 {
        self.deliveries() / f64::from(self.batch)
    }

    pub(crate) fn runs(&self) -> f64 {
        self.events() * f64::from(self.jobs)
    }

    /// A stored delivery, wherever it is.
    pub(crate) fn stored_bytes(&self) -> f64 {
        self.bytes as f64 * ESCAPED + ENVELOPE_BYTES
    }

    /// What does not fit into a message that is billed as one request is an object in any case.
    pub(crate) fn kept(&self) -> Store {
        let fits = REFERENCE_BYTES + self.stored_bytes() <= SQS_CHUNK;
        if fits || self.any_size { self.store } else { Store::Object }
    }

    pub(crate) fn message_bytes(&self) -> f64 {
        match self.kept() {
            Store::Object => REFERENCE_BYTES,
            Store::Inline => REFERENCE_BYTES + self.stored_bytes(),
        }
    }

    pub(crate) fn objects(&self) -> f64 {
        match self.kept() {
            Store::Object => self.deliveries(),
            Store::Inline => self.batches(),
        }
    }

    /// A delivery is read once for all jobs, unless it came in the message. A repeat is read before
    /// it is known to be one.
    pub(crate) fn object_reads(&self) -> f64 {
        match self.kept() {
            Store::Object if self.jobs > 0 => self.deliveries(),
            Store::Object | Store::Inline => 0.0,
        }
    }

    /// The event is noted; each run is claimed, settled, and written twice for each step. A
    /// repeat is noted, and finds each run claimed. A tenant's event is in an index as well.
    pub(crate) fn write_units(&self) -> f64 {
        let steps = f64::from(self.steps);
        let written = RUN_BYTES + STEP_BYTES * steps;
        let later_writes = (1.0 + 2.0 * steps) * (written / 1024.0).ceil();
        let runs = self.runs() * (1.0 + later_writes);
        let refused = self.repeats() * f64::from(self.jobs);
        self.deliveries() + runs + refused + self.events() * self.tenants / 100.0
    }

    pub(crate) fn ledger_bytes(&self) -> f64 {
        let of_run = RUN_BYTES + STEP_BYTES * f64::from(self.steps);
        self.events() * RUN_BYTES + self.runs() * of_run
    }

    /// One call of ingest: what it waits for, and its own work on its share of a CPU.
    pub(crate) fn ingest_ms(&self, figures: &Figures) -> f64 {
        let takes = &figures.milliseconds;
        let put = match self.kept() {
            Store::Object => takes.s3_put.takes,
            Store::Inline => 0.0,
        };
        self.ingest_ms.unwrap_or(put + takes.sqs_send.takes + self.own_ms(figures))
    }

    /// The own work of a call of ingest.
    pub(crate) fn own_ms(&self, figures: &Figures) -> f64 {
        on_a_share(figures.milliseconds.ingest_cpu.takes, self.ingest_memory)
    }

    /// One batch: its messages wait side by side, and share the CPU. What is read is read beside
    /// the first two writes.
    pub(crate) fn processor_ms(&self, figures: &Figures) -> f64 {
        let takes = &figures.milliseconds;
        let write = takes.dynamodb_write.takes;
        let archive = match self.kept() {
            Store::Object if self.jobs > 0 => (takes.s3_get.takes - 2.0 * write).max(0.0),
            Store::Object => 0.0,
            Store::Inline => takes.s3_put.takes,
        };
        let writes = 1.0 + f64::from(self.jobs) * (2.0 + 2.0 * f64::from(self.steps));
        let waits = archive + writes * write + f64::from(self.jobs) * self.job_ms;
        let own = takes.processor_cpu.takes * f64::from(self.batch);
        self.processor_ms.unwrap_or(waits + on_a_share(own, self.processor_memory))
    }

    /// Traces, when events come evenly: that costs the most.
    pub(crate) fn traces(&self) -> f64 {
        const SECONDS: f64 = 30.0 * 24.0 * 3600.0;
        let calls = self.deliveries();
        match self.tracing {
            Tracing::Active => calls.min(SECONDS) + 0.05 * (calls - SECONDS).max(0.0),
            Tracing::PassThrough => 0.0,
        }
    }
}

/// What Lambda has.
fn memory() -> RangedI64ValueParser<u32> {
    value_parser!(u32).range(128..=10_240)
}

fn percent(text: &str) -> Result<f64, String> {
    within(text, 0.0..=100.0)
}

fn milliseconds(text: &str) -> Result<f64, String> {
    // Lambda stops a call after a quarter of an hour.
    within(text, 0.0..=900_000.0)
}

fn within(text: &str, bounds: RangeInclusive<f64>) -> Result<f64, String> {
    let number = text.parse::<f64>().map_err(|error| error.to_string())?;
    let (least, most) = (bounds.start(), bounds.end());
    bounds.contains(&number).then_some(number).ok_or_else(|| format!("not from {least} to {most}"))
}

fn on_a_share(cpu_ms: f64, memory_mb: u32) -> f64 {
    cpu_ms * (MB_OF_A_CPU / f64::from(memory_mb)).max(1.0)
}

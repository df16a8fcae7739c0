//! The bill, line by line.

use std::collections::BTreeSet;

use serde::Serialize;

use super::figures::{Figures, Price};
use super::workload::{Architecture, SQS_CHUNK, Workload};

pub(super) const GB: f64 = (1_u64 << 30) as f64;
pub(super) const API_CHUNK: f64 = 524_288.0;

/// An answer with its headers.
pub(super) const ANSWER_BYTES: f64 = 300.0;

/// Reads of an endpoint's secret by one function that is never idle: every five minutes.
const SECRET_READS: f64 = 30.0 * 24.0 * 12.0;

/// The maintenance is called each minute of a month of 30 days.
const TICKS: f64 = 60.0 * 24.0 * 30.0;

/// A tick that finds nothing: sixteen queries side by side take about 20 ms, of 128 MB.
const TICK_GB_SECONDS: f64 = 0.020 * 0.125;

/// Each of them is half a unit, as it may be a moment behind.
const TICK_READ_UNITS: f64 = 16.0 * 0.5;

/// An idle trigger asks five times every 20 seconds.
const IDLE_POLLS: f64 = 30.0 * 24.0 * 3600.0 / 20.0 * 5.0;

/// DynamoDB caches a table's key for five minutes for each who calls it ("DynamoDB encryption at
/// rest usage notes", read 2026-11). Here: one worker that is never idle, and two tables.
const KEY_CALLS: f64 = 2.0 * SECRET_READS;

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// One line.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) what: &'static str,
    /// In the unit of the price.
    pub(crate) quantity: f64,
    pub(crate) unit: String,
    pub(crate) dollars_each: f64,
    pub(crate) dollars: f64,
    /// How well the price is founded.
    pub(crate) trust: &'static str,
    /// Where AWS states it, and what was read.
    page: String,
    source: String,
}

/// What a month costs.
#[derive(Debug, Serialize)]
pub(crate) struct Bill {
    /// What events cost.
    pub(crate) events: Vec<Line>,
    /// What the stack costs while nothing comes in.
    pub(crate) standing: Vec<Line>,
    pub(crate) dollars_for_events: f64,
    pub(crate) dollars_per_million: f64,
    pub(crate) dollars_standing: f64,
}

impl Bill {
    pub(crate) fn of(workload: &Workload, figures: &Figures) -> Self {
        let events: Vec<Line> =
            [receiving(workload, figures), keeping(workload, figures), working(workload, figures)]
                .into_iter()
                .flatten()
                .collect();
        let standing = standing(workload, figures);
        let total = |lines: &[Line]| lines.iter().map(|line| line.dollars).sum::<f64>();
        let for_events = total(&events);
        Self {
            dollars_for_events: for_events,
            dollars_per_million: for_events / workload.events().max(1.0) * 1e6,
            dollars_standing: total(&standing),
            events,
            standing,
        }
    }
}

impl Line {
    pub(super) fn new(what: &'static str, count: f64, price: &Price) -> Self {
        let quantity = count / price.per;
        Self {
            what,
            quantity,
            unit: price.unit.clone(),
            dollars_each: price.dollars,
            dollars: quantity * price.dollars,
            trust: price.trust.as_str(),
            page: price.page.clone(),
            source: price.source.clone(),
        }
    }
}

fn receiving(workload: &Workload, figures: &Figures) -> Vec<Line> {
    let prices = &figures.prices;
    let deliveries = workload.deliveries();
    let requests = deliveries * chunks(workload.bytes as f64, API_CHUNK);
    let seconds = deliveries * workload.ingest_ms(figures) / 1000.0;
    let gb = f64::from(workload.ingest_memory) / 1024.0;
    vec![
        Line::new("API Gateway: requests", requests, &prices.http_api_request),
        Line::new("data out: the answers", deliveries * ANSWER_BYTES / GB, &prices.transfer_out),
        Line::new("ingest: requests", deliveries, &prices.lambda_request),
        Line::new("ingest: duration", seconds * gb, compute(workload, figures)),
    ]
}

fn keeping(workload: &Workload, figures: &Figures) -> Vec<Line> {
    let prices = &figures.prices;
    let months = f64::from(workload.retention_days) / 30.0;
    let stored = workload.deliveries() * workload.stored_bytes() / GB;
    let chunks_each = chunks(workload.message_bytes(), SQS_CHUNK);
    vec![
        Line::new("S3: PUT", workload.objects(), &prices.s3_put),
        Line::new("S3: GET", workload.object_reads(), &prices.s3_get),
        Line::new("S3: storage", stored * months, &prices.s3_storage),
        Line::new("SQS: sends", workload.deliveries() * chunks_each, &prices.sqs_request),
        Line::new("SQS: receives and deletes", taken(workload), &prices.sqs_request),
        Line::new("SQS: fair queue", workload.of_tenants() * chunks_each, &prices.sqs_fair),
    ]
}

fn working(workload: &Workload, figures: &Figures) -> Vec<Line> {
    let prices = &figures.prices;
    let seconds = workload.batches() * workload.processor_ms(figures) / 1000.0;
    let gb = f64::from(workload.processor_memory) / 1024.0;
    let logged = workload.deliveries() * f64::from(workload.log_bytes) / GB;
    let log_months = f64::from(workload.log_days) / 30.0;
    // Records live for a month.
    let ledger = workload.ledger_bytes() / GB;
    vec![
        Line::new("processor: requests", workload.batches(), &prices.lambda_request),
        Line::new("processor: duration", seconds * gb, compute(workload, figures)),
        Line::new("DynamoDB: writes", workload.write_units(), &prices.dynamodb_write),
        Line::new("DynamoDB: storage", ledger, &prices.dynamodb_storage),
        Line::new("logs: ingestion", logged, &prices.logs_ingested),
        Line::new("logs: storage", logged * log_months, &prices.logs_stored),
        Line::new("X-Ray: traces", workload.traces(), &prices.trace),
    ]
}

/// What is paid for being there.
fn standing(workload: &Workload, figures: &Figures) -> Vec<Line> {
    let prices = &figures.prices;
    let endpoints = f64::from(workload.endpoints);
    vec![
        Line::new("Secrets Manager: secrets", endpoints, &prices.secret),
        Line::new("Secrets Manager: reads", endpoints * SECRET_READS, &prices.secret_read),
        Line::new("SQS: the idle trigger", IDLE_POLLS, &prices.sqs_request),
        Line::new("maintenance: ticks", TICKS, &prices.schedule),
        Line::new("maintenance: requests", TICKS, &prices.lambda_request),
        Line::new("maintenance: duration", TICKS * TICK_GB_SECONDS, compute(workload, figures)),
        Line::new("maintenance: reads", TICKS * TICK_READ_UNITS, &prices.dynamodb_read),
        Line::new("CloudWatch: alarms", alarm_metrics(endpoints), &prices.alarm),
        Line::new("CloudWatch: metrics", own_metrics(endpoints), &prices.metric),
        Line::new("KMS: the tables' key", f64::from(u8::from(workload.table_key)), &prices.key),
        Line::new(
            "KMS: calls",
            KEY_CALLS * f64::from(u8::from(workload.table_key)),
            &prices.key_call,
        ),
    ]
}

/// An alarm is paid by the metrics that it looks at; one that is grouped by endpoint looks at one
/// for each.
fn alarm_metrics(endpoints: f64) -> f64 {
    let alarms = of_the_template("AWS::CloudWatch::Alarm").map(|alarm| {
        match alarm.matches("MetricStat:").count() {
            _ if alarm.contains("GROUP BY Endpoint") => endpoints,
            0 => 1.0,
            metrics => metrics as f64,
        }
    });
    alarms.sum()
}

/// Two filters can write to one metric. One with the endpoint in it is a metric for each.
fn own_metrics(endpoints: f64) -> f64 {
    let named = of_the_template("AWS::Logs::MetricFilter").filter_map(|filter| {
        let (_, rest) = filter.split_once("MetricName: ")?;
        Some((rest.lines().next()?, filter.contains("Key: Endpoint")))
    });
    let metrics: BTreeSet<_> = named.collect();
    metrics.into_iter().map(|(_, for_each)| if for_each { endpoints } else { 1.0 }).sum()
}

/// The resources of that type, as they are written.
fn of_the_template(resource: &str) -> impl Iterator<Item = &'static str> {
    let kind = format!("    Type: {resource}\n");
    TEMPLATE.split("\n\n").filter(move |block| block.contains(&kind))
}

/// A batch is received in one request for each 64 KiB of it, and deleted in one.
fn taken(workload: &Workload) -> f64 {
    let received = workload.message_bytes() * f64::from(workload.batch);
    workload.batches() * (chunks(received, SQS_CHUNK) + 1.0)
}

pub(super) fn compute<'a>(workload: &Workload, figures: &'a Figures) -> &'a Price {
    match workload.architecture {
        Architecture::Arm64 => &figures.prices.lambda_arm64,
        Architecture::X86 => &figures.prices.lambda_x86_64,
    }
}

/// What is counted in pieces costs at least one.
pub(super) fn chunks(bytes: f64, piece: f64) -> f64 {
    (bytes / piece).ceil().max(1.0)
}

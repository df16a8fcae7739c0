//! What requests cost that are refused: anybody can send them.

use serde::Serialize;

use super::bill::{ANSWER_BYTES, API_CHUNK, GB, Line, chunks, compute};
use super::figures::Figures;
use super::workload::Workload;

const MILLION: f64 = 1e6;
const DAY_SECONDS: f64 = 86_400.0;

/// How often one function asks for unknown names in a second: the rate limit of
/// `shared/aws/src/secrets/cache.rs`. What is over it is answered without asking.
const LOOK_UPS_PER_SECOND: f64 = 20.0;

/// Requests of one kind, each of which is refused.
#[derive(Debug, Serialize)]
pub(crate) struct Refused {
    pub(crate) what: &'static str,
    /// What a million of them cost.
    pub(crate) lines: Vec<Line>,
    pub(crate) dollars_per_million: f64,
    /// What a day of them costs at the limit of the stage.
    pub(crate) dollars_per_day: f64,
}

/// A flood of refused requests, up to the limit of the stage. What is over it gets 429 from the
/// gateway.
#[derive(Debug, Serialize)]
pub(crate) struct Flood {
    pub(crate) requests_per_second: u32,
    pub(crate) refused: [Refused; 2],
}

impl Flood {
    pub(crate) fn of(rate: u32, workload: &Workload, figures: &Figures) -> Self {
        Self {
            requests_per_second: rate,
            refused: [
                Refused::of("signature is wrong", rate, 0.0, workload, figures),
                Refused::of(
                    "endpoint is unknown",
                    rate,
                    look_ups(rate, figures),
                    workload,
                    figures,
                ),
            ],
        }
    }
}

impl Refused {
    /// `asked` is the share of the requests for which Secrets Manager is asked.
    fn of(
        what: &'static str,
        rate: u32,
        asked: f64,
        workload: &Workload,
        figures: &Figures,
    ) -> Self {
        let lines = lines(asked, workload, figures);
        let dollars_per_million = lines.iter().map(|line| line.dollars).sum();
        let millions_a_day = f64::from(rate) * DAY_SECONDS / MILLION;
        Self {
            what,
            lines,
            dollars_per_million,
            dollars_per_day: dollars_per_million * millions_a_day,
        }
    }
}

/// What a million cost. Nothing is stored or queued. They log at most what a delivery logs.
fn lines(asked: f64, workload: &Workload, figures: &Figures) -> Vec<Line> {
    let prices = &figures.prices;
    let requests = MILLION * chunks(workload.bytes as f64, API_CHUNK);
    let waits = asked * figures.milliseconds.secret_read.takes;
    let seconds = MILLION * (workload.own_ms(figures) + waits) / 1000.0;
    let gb = f64::from(workload.ingest_memory) / 1024.0;
    let logged = MILLION * f64::from(workload.log_bytes) / GB;
    let log_months = f64::from(workload.log_days) / 30.0;
    vec![
        Line::new("API Gateway: requests", requests, &prices.http_api_request),
        Line::new("data out: the answers", MILLION * ANSWER_BYTES / GB, &prices.transfer_out),
        Line::new("ingest: requests", MILLION, &prices.lambda_request),
        Line::new("ingest: duration", seconds * gb, compute(workload, figures)),
        Line::new("Secrets Manager: reads", MILLION * asked, &prices.secret_read),
        Line::new("logs: ingestion", logged, &prices.logs_ingested),
        Line::new("logs: storage", logged * log_months, &prices.logs_stored),
    ]
}

/// The share of requests for ever new names that are looked up: as many functions run at once as
/// the look-ups keep busy, and each has a rate limit.
fn look_ups(rate: u32, figures: &Figures) -> f64 {
    let rate = f64::from(rate);
    let functions = (rate * figures.milliseconds.secret_read.takes / 1000.0).ceil();
    (functions * LOOK_UPS_PER_SECOND / rate).min(1.0)
}

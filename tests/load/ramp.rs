//! Rates that grow until a server does not carry them.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::Options;
use crate::arrivals::{Outcome, all_busy, one_by_one, send};
use crate::disk::Disk;
use crate::due::times;
use crate::latencies::Percentiles;
use crate::rates::next_rate;
use crate::server::Server;
use crate::webhooks::Webhooks;

/// What a rate that is carried may cost the slowest in a hundred.
const ENDURED: Duration = Duration::from_millis(500);

/// How much of what came is answered before the last comes, where nothing piles up.
const KEPT_UP: f64 = 0.95;

/// A lone sender's requests.
const LONE: usize = 300;

/// One rate.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    pub(crate) per_second: f64,
    pub(crate) offered: usize,
    pub(crate) accepted: usize,
    pub(crate) refused: usize,
    pub(crate) lost: usize,
    /// Answers while requests still came, per second.
    pub(crate) answered_per_second: f64,
    pub(crate) waited: Percentiles,
    pub(crate) carried: bool,
}

/// One server.
#[derive(Debug, Serialize)]
pub(crate) struct Climb {
    pub(crate) name: &'static str,
    /// What is durable when it answers.
    pub(crate) durable: &'static str,
    /// One request after the other.
    pub(crate) alone: Percentiles,
    pub(crate) steps: Vec<Step>,
    /// Accepted while every connection is busy all the time, however long that takes.
    pub(crate) busy_per_second: f64,
    /// For each accepted request, with all that was done for it meanwhile.
    pub(crate) cpu_ms: f64,
    pub(crate) flushes: Option<f64>,
}

impl Step {
    pub(crate) fn of(per_second: f64, outcome: &Outcome, lasting: Duration) -> Self {
        let waited = outcome.latencies().percentiles();
        let all = outcome.accepted.len() == outcome.offered;
        let answered = outcome.answered_by(lasting) as f64;
        let kept_up = answered >= outcome.offered as f64 * KEPT_UP;
        Self {
            per_second,
            offered: outcome.offered,
            accepted: outcome.accepted.len(),
            refused: outcome.refused,
            lost: outcome.lost,
            answered_per_second: answered / lasting.as_secs_f64(),
            carried: all && kept_up && waited.p99_ms <= ENDURED.as_secs_f64() * 1000.0,
            waited,
        }
    }
}

impl Climb {
    /// Rates that grow until one is not carried, then some between.
    pub(crate) async fn of(
        name: &'static str,
        durable: &'static str,
        server: &Server,
        webhooks: &Arc<Webhooks>,
        options: &Options,
    ) -> Self {
        let alone = one_by_one(webhooks, server.port, LONE).await.percentiles();
        let disk = Disk::of(&server.data);
        let before = (server.cpu(), disk.flushes());
        let mut steps = Vec::new();
        while let Some(rate) = next(&steps, options) {
            let times = times(rate, options.lasting());
            let outcome = send(webhooks, server.port, times, options.connections).await;
            let step = Step::of(rate, &outcome, options.lasting());
            eprintln!("{name}: {step:?}");
            steps.push(step);
        }
        let busy = all_busy(webhooks, server.port, options.lasting(), options.connections).await;
        let accepted = steps.iter().map(|step| step.accepted).sum::<usize>() + busy;
        let accepted = accepted.max(1) as f64;
        let cpu = server.cpu().saturating_sub(before.0);
        let flushes = before.1.zip(disk.flushes()).map(|(then, now)| now.saturating_sub(then));
        Self {
            name,
            durable,
            alone,
            steps,
            busy_per_second: busy as f64 / options.seconds.max(1) as f64,
            cpu_ms: cpu.as_secs_f64() * 1000.0 / accepted,
            flushes: flushes.map(|count| count as f64 / accepted),
        }
    }

    /// The most that were carried, per second.
    pub(crate) fn carried(&self) -> f64 {
        carried(&self.steps)
    }
}

/// The most that were carried, per second.
pub(crate) fn carried(steps: &[Step]) -> f64 {
    let carried = steps.iter().filter(|step| step.carried);
    carried.map(|step| step.answered_per_second).fold(0.0, f64::max)
}

/// The rate to try next.
pub(crate) fn next(steps: &[Step], options: &Options) -> Option<f64> {
    let rates = |carried: bool| {
        let like = steps.iter().filter(move |step| step.carried == carried);
        like.map(|step| step.per_second)
    };
    let (carried, missed) = (rates(true).reduce(f64::max), rates(false).reduce(f64::min));
    next_rate(carried, missed, options.from..=options.to)
}

//! A burst and its backlog; ingest while the workers have all they can do.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::Options;
use crate::arrivals::send;
use crate::due::times;
use crate::hookdock::{self, WORKERS, Work};
use crate::latencies::Percentiles;
use crate::ramp::Step;
use crate::webhooks::Webhooks;

/// How long a burst and its backlog are watched at most.
const LONGEST: Duration = Duration::from_secs(30);

const SAMPLE: Duration = Duration::from_millis(250);

/// A burst from nothing, and what became of its backlog.
#[derive(Debug, Serialize)]
pub(crate) struct Burst {
    pub(crate) workers: usize,
    pub(crate) burst: Step,
    /// Seconds since the beginning, and how many events were not yet worked on.
    pub(crate) backlog: Vec<(f64, usize)>,
    /// Events worked on per second, once no more came in.
    pub(crate) drained_per_second: f64,
}

/// The same load on a server whose workers rest, and on one whose workers do not.
#[derive(Debug, Serialize)]
pub(crate) struct Saturated {
    pub(crate) per_second: f64,
    pub(crate) resting: Percentiles,
    pub(crate) saturated: Percentiles,
    /// How many events still waited at the end: the workers had no rest.
    pub(crate) left: usize,
}

impl Burst {
    pub(crate) async fn of(
        rate: f64,
        workers: usize,
        webhooks: &Arc<Webhooks>,
        options: &Options,
    ) -> Self {
        let server = hookdock::start(Work::Notice, workers).await;
        let started = Instant::now();
        let mut worked = vec![(Duration::ZERO, 0)];
        let load = times(rate, options.lasting());
        let mut sending = pin!(send(webhooks, server.port, load, options.connections));
        let outcome = loop {
            tokio::select! {
                outcome = &mut sending => break outcome,
                () = tokio::time::sleep(SAMPLE) => worked.push((started.elapsed(), server.worked())),
            }
        };
        let (end, done) = (started.elapsed(), server.worked());
        worked.push((end, done));
        while server.worked() < outcome.accepted.len() && started.elapsed() < LONGEST {
            tokio::time::sleep(SAMPLE).await;
            worked.push((started.elapsed(), server.worked()));
        }
        let waiting = |(at, worked): (Duration, usize)| {
            (at.as_secs_f64(), outcome.answered_by(at).saturating_sub(worked))
        };
        let backlog = worked.into_iter().map(waiting).collect();
        let drained = server.worked().saturating_sub(done) as f64;
        let took = started.elapsed().saturating_sub(end).as_secs_f64();
        Self {
            workers,
            burst: Step::of(rate, &outcome, options.lasting()),
            backlog,
            drained_per_second: drained / took.max(f64::EPSILON),
        }
    }
}

impl Saturated {
    pub(crate) async fn of(rate: f64, webhooks: &Arc<Webhooks>, options: &Options) -> Self {
        let load = || times(rate, options.lasting());
        let resting = {
            let server = hookdock::start(Work::None, WORKERS).await;
            send(webhooks, server.port, load(), options.connections).await
        };
        let server = hookdock::start(Work::Notice, WORKERS).await;
        let fill = times(rate * 2.0, options.lasting());
        let filled = send(webhooks, server.port, fill, options.connections).await;
        let saturated = send(webhooks, server.port, load(), options.connections).await;
        let accepted = filled.accepted.len() + saturated.accepted.len();
        Self {
            per_second: rate,
            resting: resting.latencies().percentiles(),
            saturated: saturated.latencies().percentiles(),
            left: accepted.saturating_sub(server.worked()),
        }
    }
}

//! Live events beside an old backlog.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;

use crate::Options;
use crate::arrivals::send;
use crate::due::times;
use crate::hookdock::{self, WORKERS, Work};
use crate::latencies::{Latencies, Percentiles};
use crate::server::Server;
use crate::webhooks::Webhooks;

/// What a provider sends after it was down.
const OLD: f64 = 100_000.0;

/// What another one sends meanwhile, per second.
const LIVE: f64 = 50.0;

/// How long the last live event may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long live events wait from the moment they are accepted until their run is settled.
#[derive(Debug, Serialize)]
pub(crate) struct Flood {
    pub(crate) live_per_second: f64,
    /// With nothing else to do.
    pub(crate) resting: Percentiles,
    /// With an old backlog, all of it of another endpoint.
    pub(crate) flooded: Percentiles,
    /// How much of it there was when the first live event came, and when the last was settled.
    pub(crate) old: usize,
    pub(crate) old_left: usize,
}

impl Flood {
    pub(crate) async fn of(rate: f64, webhooks: &Arc<Webhooks>, options: &Options) -> Self {
        let server = hookdock::start(Work::Notice, WORKERS).await;
        let resting = waits(&server, options).await.percentiles();
        drop(server);
        let server = hookdock::start(Work::Notice, WORKERS).await;
        let old = times(rate, Duration::from_secs_f64(OLD / rate));
        let sent = send(webhooks, server.port, old, options.connections).await.accepted.len();
        let old = sent.saturating_sub(server.worked());
        let flooded = waits(&server, options).await.percentiles();
        let old_left = sent.saturating_sub(server.worked());
        Self { live_per_second: LIVE, resting, flooded, old, old_left }
    }
}

/// Sends live events, and waits until each is settled.
async fn waits(server: &Server, options: &Options) -> Latencies {
    let live = Arc::new(Webhooks::to("live", options.bytes));
    let load = times(LIVE, options.lasting() * 2);
    let accepted = send(&live, server.port, load, options.connections).await.accepted.len();
    let asked = Instant::now();
    loop {
        let waits = waits_in(&server.said_of_live());
        if waits.len() == accepted {
            return waits.into_iter().collect();
        }
        assert!(asked.elapsed() < PATIENCE, "{} of {accepted} are settled", waits.len());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Between two lines of the log on the same delivery.
fn waits_in(lines: &[String]) -> Vec<Duration> {
    let mut accepted = HashMap::new();
    let mut waits = Vec::new();
    for line in lines {
        let at: Timestamp = line.split(' ').next().and_then(|at| at.parse().ok()).expect("a time");
        let id = line.split(' ').find(|word| word.starts_with("delivery.id=")).expect("an id");
        if line.contains("delivery accepted") {
            accepted.insert(id, at);
        } else if line.contains("run settled") {
            // The two lines are written by two tasks, and either may be the first.
            let wait = accepted.get(id).map(|accepted| at.duration_since(*accepted));
            waits.push(wait.and_then(|wait| wait.try_into().ok()).unwrap_or_default());
        }
    }
    waits
}

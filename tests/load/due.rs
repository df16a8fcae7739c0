//! When requests are due.

use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The same times in every run.
const SEED: u64 = 0x686f_6f6b;

/// Times at which something is due, as of independent senders: the gaps are exponential.
pub(crate) fn times(rate: f64, lasting: Duration) -> Vec<Duration> {
    let mut chance = Rng::with_seed(SEED);
    let mut at = Duration::ZERO;
    std::iter::from_fn(|| {
        at += Duration::from_secs_f64(-(1.0 - chance.f64()).ln() / rate);
        (at < lasting).then_some(at)
    })
    .collect()
}

/// Says of each time that it has come. A thread of its own, for Tokio's timer rounds to whole
/// milliseconds.
pub(crate) fn due(times: Vec<Duration>) -> (Instant, UnboundedReceiver<Instant>) {
    let (tell, told) = unbounded_channel();
    // A moment to get ready.
    let start = Instant::now() + Duration::from_millis(20);
    thread::spawn(move || {
        for time in times {
            let at = start + time;
            thread::sleep(at.saturating_duration_since(Instant::now()));
            if tell.send(at).is_err() {
                return;
            }
        }
    });
    (start, told)
}

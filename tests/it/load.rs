//! What the load test estimates with.

#![expect(clippy::disallowed_methods, reason = "it is about the clock of this machine")]

#[path = "../load/due.rs"]
mod due;
#[path = "../load/latencies.rs"]
mod latencies;
#[path = "../load/rates.rs"]
mod rates;

use std::time::{Duration, Instant};

use latencies::Latencies;
use rates::next_rate;

#[test]
fn requests_are_due_at_random_times_of_the_right_rate_and_the_same_in_every_run() {
    let (rate, lasting) = (500.0, Duration::from_secs(20));
    let times = due::times(rate, lasting);
    // 10,000 are expected, and a Poisson process strays by its root: 100.
    assert!((9_600..10_400).contains(&times.len()), "{}", times.len());
    assert!(times.is_sorted() && times.iter().all(|time| *time < lasting));
    let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
    // A gap is longer than the mean in 37 of 100 cases, and never regular.
    let long = gaps.filter(|gap| *gap > Duration::from_secs_f64(1.0 / rate)).count();
    assert!((3_400..4_000).contains(&long), "{long}");
    assert_eq!(times, due::times(rate, lasting));
}

#[tokio::test]
async fn nothing_is_due_before_its_time_and_nothing_waits_for_what_was_due_before() {
    let times = [0, 5, 5, 30].map(Duration::from_millis);
    let (start, mut told) = due::due(times.to_vec());
    // Nobody takes the first three until the last is due.
    std::thread::sleep(Duration::from_millis(80));
    let mut due = Vec::new();
    while let Some(at) = told.recv().await {
        assert!(at <= Instant::now());
        due.push(at - start);
    }
    assert_eq!(due, times);
}

#[test]
fn percentiles_are_times_that_were_measured() {
    let check = |count: u64, expected: [f64; 4]| {
        let latencies: Latencies = (1..=count).rev().map(Duration::from_millis).collect();
        let found = latencies.percentiles();
        let found = [found.p50_ms, found.p90_ms, found.p99_ms, found.max_ms];
        assert_eq!(found, expected, "of {count}");
    };
    check(0, [0.0; 4]);
    check(1, [1.0; 4]);
    check(2, [1.0, 2.0, 2.0, 2.0]);
    check(100, [50.0, 90.0, 99.0, 100.0]);
    check(1000, [500.0, 900.0, 990.0, 1000.0]);
}

#[test]
fn rates_grow_until_one_is_missed_and_then_close_in() {
    let near = |rate: f64| (rate * 10.0).round() / 10.0;
    for (carried, missed, expected) in [
        (None, None, Some(50.0)),
        (Some(50.0), None, Some(70.0)),
        (Some(6000.0), None, None),
        (Some(100.0), Some(140.0), Some(118.3)),
        (Some(118.3), Some(140.0), Some(128.7)),
        (Some(128.7), Some(140.0), None),
        // The first was too much already.
        (None, Some(50.0), Some(25.0)),
        (None, Some(6.25), None),
        // A slow moment of the machine: more was carried before.
        (Some(100.0), Some(70.0), None),
    ] {
        let found = next_rate(carried, missed, 50.0..=8000.0).map(near);
        assert_eq!(found, expected, "{carried:?}, {missed:?}");
    }
}

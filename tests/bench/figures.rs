//! Figures, how they are written, and what they depend on.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

pub(crate) fn percentile(times: &[Duration], percent: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() * percent / 100).copied().unwrap_or_default()
}

pub(crate) fn median(times: impl Iterator<Item = Duration>) -> Duration {
    percentile(&times.collect::<Vec<_>>(), 50)
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

pub(crate) fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Three digits that count.
pub(crate) fn cell(number: f64) -> String {
    match number {
        0.0..10.0 => format!("{number:.2}"),
        10.0..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

/// What a program says of its version.
pub(crate) fn version(program: &Path) -> String {
    let said = Command::new(program).arg("--version").output().expect("it can be started").stdout;
    String::from_utf8(said).expect("UTF-8").trim().to_owned()
}

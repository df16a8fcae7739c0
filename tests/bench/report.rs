//! The figures, as a table and as JSON.

use std::time::Duration;

use serde::Serialize;

use crate::function::Function;

/// What was measured of one function. Times are in milliseconds.
#[derive(Serialize)]
pub(crate) struct Row {
    name: &'static str,
    init_ms: f64,
    first_ms: f64,
    p50_ms: f64,
    p90_ms: f64,
    p99_ms: f64,
    cpu_ms: f64,
    peak_mib: f64,
    zip_mib: f64,
    /// Calls to AWS during init, and for each event.
    init_calls: usize,
    put_object: f64,
    send_message: f64,
    other: f64,
    connections: usize,
}

impl Row {
    /// `starts` are those of all processes that were started, this one among them.
    pub(crate) fn of(function: &Function, starts: &[(Duration, Duration)], zip_bytes: u64) -> Self {
        let calls = function.warm.len().max(1);
        let warm = |percent| milliseconds(percentile(&function.warm, percent));
        let (init, all) = function.calls_to_aws();
        let each = |count: usize| count as f64 / (calls + 1) as f64;
        let (inits, firsts): (Vec<_>, Vec<_>) = starts.iter().copied().unzip();
        let init_calls = init.get_secret + init.other;
        Self {
            name: function.name,
            init_ms: milliseconds(percentile(&inits, 50)),
            first_ms: milliseconds(percentile(&firsts, 50)),
            p50_ms: warm(50),
            p90_ms: warm(90),
            p99_ms: warm(99),
            cpu_ms: milliseconds(function.cpu) / calls as f64,
            peak_mib: function.peak_kib() as f64 / 1024.0,
            zip_mib: zip_bytes as f64 / f64::from(1 << 20),
            init_calls,
            put_object: each(all.put_object),
            send_message: each(all.send_message),
            other: each(all.get_secret + all.other - init_calls),
            connections: all.connections,
        }
    }

    fn cells(&self) -> [String; 13] {
        let [short, long] = [|cell: f64| format!("{cell:.1}"), |cell: f64| format!("{cell:.2}")];
        [
            short(self.init_ms),
            long(self.first_ms),
            long(self.p50_ms),
            long(self.p90_ms),
            long(self.p99_ms),
            format!("{:.3}", self.cpu_ms),
            short(self.peak_mib),
            long(self.zip_mib),
            self.put_object.to_string(),
            self.send_message.to_string(),
            self.other.to_string(),
            self.init_calls.to_string(),
            self.connections.to_string(),
        ]
    }
}

const HEADS: [&str; 13] = [
    "init ms", "first ms", "p50 ms", "p90 ms", "p99 ms", "CPU ms", "peak MiB", "zip MiB", "PUT",
    "SEND", "other", "at init", "connects",
];

pub(crate) fn print(rows: &[Row], as_json: bool) {
    if as_json {
        println!("{}", serde_json::to_string_pretty(rows).expect("JSON"));
        return;
    }
    println!("{:<20}{}", "", HEADS.map(|head| format!("{head:>9}")).concat());
    for row in rows {
        println!("{:<20}{}", row.name, row.cells().map(|cell| format!("{cell:>9}")).concat());
    }
}

fn percentile(times: &[Duration], percent: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() * percent / 100).copied().unwrap_or_default()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

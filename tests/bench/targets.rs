//! What was to be reached: 4 KiB, TLS, one run, medians.

use serde::Serialize;

use crate::candidates::Who;
use crate::figures::cell;
use crate::receive::Row;
use crate::table::Table;

/// A figure and its limit.
#[derive(Serialize)]
pub(crate) struct Target {
    what: &'static str,
    figure: f64,
    at_most: f64,
    met: bool,
}

pub(crate) fn of(rows: &[Row]) -> Vec<Target> {
    let [ours, node, python, floor] =
        [Who::Ingest, Who::Node, Who::Python, Who::Floor].map(|who| row(rows, who));
    let target = |what, figure, at_most| Target { what, figure, at_most, met: figure <= at_most };
    vec![
        target("CPU of a warm call, of Node's", ours.cpu / node.cpu, 1.0 / 10.0),
        target("CPU of a warm call, of Python's", ours.cpu / python.cpu, 1.0 / 10.0),
        target("CPU of a warm call, of the sockets'", ours.cpu / floor.cpu, 8.0),
        target("warm call, of Node's", ours.p50 / node.p50, 1.0 / 5.0),
        target("p99, of p50", ours.p99 / ours.p50, 2.0),
        target("init and first call, of Node's", ours.start / node.start, 1.0 / 25.0),
        target("first call, of a warm one", ours.first / ours.p50, 2.0),
        target("peak memory, MiB", ours.peak_mib, 14.0),
        target("zip, MiB", ours.zip_mib, 4.0),
        target("PUTs for each webhook", ours.put_object, 1.0),
        target("SENDs for each webhook", ours.send_message, 1.0),
        target("other calls for each webhook", ours.other, 0.0),
    ]
}

pub(crate) fn row(rows: &[Row], who: Who) -> &Row {
    rows.iter().find(|row| row.who == who).expect("everyone is measured")
}

pub(crate) fn table(targets: &[Target]) -> String {
    let mut table = Table::new(&["of ingest", "at most", "measured", ""]);
    for Target { what, figure, at_most, met } in targets {
        let verdict = if *met { "met" } else { "missed" };
        table.row(vec![(*what).to_owned(), cell3(*at_most), cell3(*figure), verdict.to_owned()]);
    }
    table.to_string()
}

/// Ratios below one need a digit more.
fn cell3(number: f64) -> String {
    if number < 1.0 { format!("{number:.3}") } else { cell(number) }
}

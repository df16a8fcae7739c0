//! The bill for a person.

use comfy_table::{CellAlignment, Table, presets};

use super::Account;
use super::bill::Line;
use super::break_even::BreakEven;
use super::flood::Flood;

const NOTES: &str = "\
Without the free tier. Nothing is charged for transfer within the region, or for keys that AWS owns,
which are used unless you give your own (--table-key). The durations of calls are estimates: `hookdock cost --sources` has them.";

impl Account<'_> {
    pub(super) fn text(&self) -> String {
        let mut table = columns(["", "QUANTITY", "UNIT", "EACH", "DOLLARS", "PRICE IS"]);
        table.add_rows(self.bill.events.iter().map(cells));
        table.add_row(total("events", self.bill.dollars_for_events));
        table.add_row(total("per million events", self.bill.dollars_per_million));
        table.add_rows(self.bill.standing.iter().map(cells));
        table.add_row(total("standing, each month", self.bill.dollars_standing));
        let calls = format!(
            "A call of ingest is taken to last {:.0} ms, a batch of the processor {:.0} ms.",
            self.ingest_ms, self.processor_ms
        );
        let prices = format!("List prices of {}, {}.", self.region, self.read);
        format!("{table}\n\n{prices} {NOTES}\n{calls}")
    }
}

impl BreakEven {
    pub(crate) fn text(&self) -> String {
        let mut table = columns(["KiB", "OBJECT", "INLINE"]);
        table.add_rows(self.sizes.iter().map(|size| {
            [(size.bytes / 1024).to_string(), dollars(size.object), dollars(size.inline)]
        }));
        let from = match self.from_bytes {
            Some(bytes) => format!(
                "Were every body in its message, an object would be cheaper from {} KiB on.",
                bytes / 1024
            ),
            None => "An object is never cheaper.".to_owned(),
        };
        format!("{table}\n\nDollars per million events. {from}")
    }
}

impl Flood {
    pub(super) fn text(&self) -> String {
        let mut table = columns(["", "QUANTITY", "UNIT", "EACH", "DOLLARS", "PRICE IS"]);
        for refused in &self.refused {
            table.add_row(head(refused.what));
            table.add_rows(refused.lines.iter().map(cells));
            table.add_row(total("per million requests", refused.dollars_per_million));
            table.add_row(total("a day at the limit", refused.dollars_per_day));
        }
        let rate = self.requests_per_second;
        format!(
            "{table}\n\nThe limit is {rate} requests a second; what is over it gets 429 from the \
             gateway. For unknown\nendpoints, one function asks Secrets Manager at most 20 times a \
             second."
        )
    }
}

fn columns<const N: usize>(heads: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(heads);
    for (place, column) in table.column_iter_mut().enumerate() {
        if ![0, 2, 5].contains(&place) || N == 3 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn cells(line: &Line) -> [String; 6] {
    [
        line.what.to_owned(),
        format!("{:.3}", line.quantity),
        line.unit.clone(),
        line.dollars_each.to_string(),
        dollars(line.dollars),
        line.trust.to_owned(),
    ]
}

fn head(what: &str) -> [String; 6] {
    let nothing = String::new;
    [format!("the {what}"), nothing(), nothing(), nothing(), nothing(), nothing()]
}

fn total(what: &str, sum: f64) -> [String; 6] {
    let nothing = String::new;
    [what.to_uppercase(), nothing(), nothing(), nothing(), dollars(sum), nothing()]
}

fn dollars(sum: f64) -> String {
    format!("{sum:.2}")
}

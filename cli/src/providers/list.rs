//! The catalogue, one line for each provider.

use std::io::IsTerminal as _;
use std::time::Duration;

use comfy_table::{Table, presets};
use hookdock_signature::{Provider, Trust, TrustMarks};
use serde::Serialize;

use crate::output;

/// What is listed.
#[derive(Debug, Serialize)]
pub(crate) struct List {
    providers: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    id: String,
    name: String,
    scheme: &'static str,
    trust: TrustMarks,
    answer_within_ms: Option<u128>,
}

impl List {
    pub(crate) fn of(providers: &[Provider]) -> Self {
        Self { providers: providers.iter().map(Row::of).collect() }
    }

    /// A table for a person, lines with tabs for a program.
    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        match (json, std::io::stdout().is_terminal()) {
            (true, _) => output::print_json(self),
            (false, true) => output::print(&self.table().to_string()),
            (false, false) => output::print(&self.lines()),
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_header(["ID", "NAME", "SCHEME", "TRUST", "TIME LIMIT"])
            .add_rows(self.providers.iter().map(Row::cells));
        table
    }

    fn lines(&self) -> String {
        let lines: Vec<_> = self.providers.iter().map(|row| row.cells().join("\t")).collect();
        lines.join("\n")
    }
}

impl Row {
    fn of(provider: &Provider) -> Self {
        Self {
            id: provider.id().to_owned(),
            name: provider.name().to_owned(),
            scheme: provider.scheme().name(),
            trust: provider.trust(),
            answer_within_ms: provider.answer_within().map(|limit| limit.as_millis()),
        }
    }

    fn cells(&self) -> [String; 5] {
        [
            self.id.clone(),
            self.name.clone(),
            self.scheme.to_owned(),
            self.trust.scheme.as_str().to_owned(),
            self.limit(),
        ]
    }

    /// The limit, and that nobody has checked it where nobody has.
    fn limit(&self) -> String {
        let unconfirmed = self.trust.delivery == Trust::Unconfirmed;
        match self.answer_within_ms.and_then(|limit| u64::try_from(limit).ok()) {
            None => "unknown".to_owned(),
            Some(limit) if unconfirmed => format!("{} (unconfirmed)", seconds(limit)),
            Some(limit) => seconds(limit),
        }
    }
}

/// A limit in milliseconds as people write it.
fn seconds(milliseconds: u64) -> String {
    format!("{} s", Duration::from_millis(milliseconds).as_secs_f64())
}

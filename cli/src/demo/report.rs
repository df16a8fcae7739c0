//! What became of what was sent: read back from the stack, compared, and shown.

use comfy_table::{ContentArrangement, Table, presets};
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::ingest::http::DELIVERY_HEADER;
use hookdock_pipeline::ledger::EventRef;
use hookdock_pipeline::model::names::DeliveryId;
use reqwest::Response;
use serde::Serialize;

use crate::demo::cases::Case;
use crate::demo::outcome::{CaseResult, State};
use crate::output;
use crate::server::Local;

/// How a case was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    delivery: Option<DeliveryId>,
}

/// What became of a case.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    case: &'static str,
    #[serde(flatten)]
    result: CaseResult,
    stored_at: Option<String>,
    /// Whether the stored body is byte for byte what was sent.
    exact_bytes: bool,
    right: bool,
}

/// What became of everything.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    right: bool,
    rows: Vec<Row>,
}

impl Answer {
    pub(crate) fn of(response: &Response) -> Self {
        let delivery = response.headers().get(DELIVERY_HEADER.as_str());
        Self {
            status: response.status().as_u16(),
            delivery: delivery.and_then(|id| id.to_str().ok()?.parse().ok()),
        }
    }
}

impl Row {
    /// Reads back what became of a case.
    pub(crate) fn of(local: &Local, case: &Case, answer: &Answer) -> anyhow::Result<Self> {
        let stored = match &answer.delivery {
            Some(delivery) => local.stored(delivery)?,
            None => None,
        };
        let mut row = Self {
            case: case.title,
            result: CaseResult::unknown(answer.status),
            stored_at: None,
            exact_bytes: false,
            right: false,
        };
        if let Some((name, object)) = stored {
            let stored = StoredDelivery::parse(&object)?;
            row.exact_bytes = stored.body_bytes()? == case.body.as_bytes();
            row.stored_at = Some(name);
            let event = EventRef { endpoint: stored.endpoint, key: stored.event.key };
            row.follow(local, &event)?;
        }
        row.right = row.is_right(case.expected);
        Ok(row)
    }

    fn follow(&mut self, local: &Local, event: &EventRef) -> anyhow::Result<()> {
        let Some(record) = local.events()?.into_iter().find(|record| record.event() == *event)
        else {
            return Ok(());
        };
        let runs = local.runs(event)?;
        self.result.deliveries = record.deliveries;
        self.result.attempts = runs.iter().map(|run| run.attempt).sum();
        self.result.state = State::of(&record, &runs);
        Ok(())
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.result.state != State::Open
    }

    fn is_right(&self, expected: CaseResult) -> bool {
        let stored = self.stored_at.is_some() && self.exact_bytes;
        self.result == expected && stored == (expected.state != State::Refused)
    }
}

impl Report {
    pub(crate) fn of(local: &Local, sent: &[(Case, Answer)]) -> anyhow::Result<Self> {
        let rows = sent.iter().map(|(case, answer)| Row::of(local, case, answer));
        let rows: Vec<Row> = rows.collect::<anyhow::Result<_>>()?;
        let dead = rows.iter().filter(|row| row.result.state == State::Dead).count();
        let right = rows.iter().all(|row| row.right) && local.dead_letters()?.len() == dead;
        Ok(Self { right, rows })
    }

    pub(crate) fn is_right(&self) -> bool {
        self.right
    }

    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            output::print_json(self)
        } else {
            output::print(&format!("{}\n{}", self.table(), self.summary()))
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(["sent", "answer", "state", "deliveries", "attempts", "stored at", ""]);
        for row in &self.rows {
            table.add_row(row.cells());
        }
        table
    }

    fn summary(&self) -> String {
        let right = self.rows.iter().filter(|row| row.right).count();
        let verdict =
            if self.right { "everything is as it should be" } else { "NOT as it should be" };
        format!("{right} of {} outcomes are right: {verdict}.", self.rows.len())
    }
}

impl Row {
    fn cells(&self) -> [String; 7] {
        let count = |number: u64| {
            if number == 0 { "-".to_owned() } else { number.to_string() }
        };
        [
            self.case.to_owned(),
            self.result.answer.to_string(),
            self.result.state.to_string(),
            count(self.result.deliveries),
            count(self.result.attempts.into()),
            self.stored_at.clone().unwrap_or_else(|| "nothing stored".to_owned()),
            if self.right { "\u{2713}" } else { "\u{2717} wrong" }.to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            case: "a case",
            result: CaseResult::done(1),
            stored_at: Some("deliveries/stripe/x.json".to_owned()),
            exact_bytes: true,
            right: false,
        }
    }

    #[test]
    fn an_outcome_is_right_only_if_every_part_of_it_is() {
        let right = CaseResult::done(1);
        assert!(row().is_right(right));
        for wrong in [
            Row { result: CaseResult { answer: 503, ..right }, ..row() },
            Row { result: CaseResult { state: State::Dead, ..right }, ..row() },
            Row { result: CaseResult { state: State::Open, ..right }, ..row() },
            Row { result: CaseResult { deliveries: 2, ..right }, ..row() },
            Row { result: CaseResult { attempts: 2, ..right }, ..row() },
            Row { stored_at: None, ..row() },
            Row { exact_bytes: false, ..row() },
        ] {
            assert!(!wrong.is_right(right), "{wrong:?}");
        }
    }

    #[test]
    fn a_refused_delivery_must_have_left_nothing_behind() {
        let refused =
            Row { result: CaseResult::refused(), stored_at: None, exact_bytes: false, ..row() };
        assert!(refused.is_right(CaseResult::refused()));
        let stored = Row { stored_at: Some("x".to_owned()), exact_bytes: true, ..refused };
        assert!(!stored.is_right(CaseResult::refused()));
    }
}

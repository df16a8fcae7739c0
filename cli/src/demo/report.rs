//! What became of what was sent: read back from the stack, compared, and shown.

use comfy_table::{ContentArrangement, Table, presets};
use hookdock_pipeline::http::DELIVERY_HEADER;
use hookdock_pipeline::ledger::{EventRecord, EventRef, Run};
use hookdock_pipeline::names::DeliveryId;
use hookdock_pipeline::stored::StoredDelivery;
use reqwest::Response;
use serde::Serialize;

use crate::demo::cases::Case;
use crate::stack::Local;

/// What must become of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    answer: u16,
    state: State,
    deliveries: u64,
    attempts: u32,
}

/// What a person wants to know of an event's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// The signature was refused; nothing was stored and nothing runs.
    Refused,
    /// Not ended yet.
    Open,
    /// The job ran.
    Done,
    /// There was nothing to run.
    Ignored,
    /// It failed for good, and lies in the dead-letter queue.
    Dead,
}

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
    answer: u16,
    state: State,
    deliveries: u64,
    attempts: u32,
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

impl Expected {
    pub(crate) const fn done(deliveries: u64) -> Self {
        Self { answer: 200, state: State::Done, deliveries, attempts: 1 }
    }

    pub(crate) const fn dead(attempts: u32) -> Self {
        Self { answer: 200, state: State::Dead, deliveries: 1, attempts }
    }

    pub(crate) const fn refused() -> Self {
        Self { answer: 401, state: State::Refused, deliveries: 0, attempts: 0 }
    }
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
            answer: answer.status,
            state: if answer.status < 400 { State::Open } else { State::Refused },
            deliveries: 0,
            attempts: 0,
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
        let Some(record) = local.events()?.into_iter().find(|record| record.event == *event) else {
            return Ok(());
        };
        let runs = local.runs(event)?;
        self.deliveries = record.deliveries;
        self.attempts = runs.iter().map(|run| run.attempt).sum();
        self.state = state(&record, &runs);
        Ok(())
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.state != State::Open
    }

    fn is_right(&self, expected: Expected) -> bool {
        let stored = self.stored_at.is_some() && self.exact_bytes;
        let actual = Expected {
            answer: self.answer,
            state: self.state,
            deliveries: self.deliveries,
            attempts: self.attempts,
        };
        actual == expected && stored == (expected.state != State::Refused)
    }
}

fn state(record: &EventRecord, runs: &[Run]) -> State {
    match (record.ignored, runs.first().map(|run| run.state.name())) {
        (Some(_), _) | (None, Some("ignored")) => State::Ignored,
        (None, Some("done")) => State::Done,
        (None, Some("dead")) => State::Dead,
        (None, _) => State::Open,
    }
}

impl Report {
    pub(crate) fn of(local: &Local, sent: &[(Case, Answer)]) -> anyhow::Result<Self> {
        let rows = sent.iter().map(|(case, answer)| Row::of(local, case, answer));
        let rows: Vec<Row> = rows.collect::<anyhow::Result<_>>()?;
        let dead = rows.iter().filter(|row| row.state == State::Dead).count();
        let right = rows.iter().all(|row| row.right) && local.dead_letters()?.len() == dead;
        Ok(Self { right, rows })
    }

    pub(crate) fn is_right(&self) -> bool {
        self.right
    }

    #[expect(clippy::print_stdout, reason = "the report is what the command is for")]
    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
        } else {
            println!("{}\n{}", self.table(), self.summary());
        }
        Ok(())
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
            self.answer.to_string(),
            self.state.text().to_owned(),
            count(self.deliveries),
            count(self.attempts.into()),
            self.stored_at.clone().unwrap_or_else(|| "nothing stored".to_owned()),
            if self.right { "\u{2713}" } else { "\u{2717} wrong" }.to_owned(),
        ]
    }
}

impl State {
    fn text(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Open => "open",
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::Dead => "dead",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            case: "a case",
            answer: 200,
            state: State::Done,
            deliveries: 1,
            attempts: 1,
            stored_at: Some("deliveries/stripe/x.json".to_owned()),
            exact_bytes: true,
            right: false,
        }
    }

    #[test]
    fn an_outcome_is_right_only_if_every_part_of_it_is() {
        assert!(row().is_right(Expected::done(1)));
        for wrong in [
            Row { answer: 503, ..row() },
            Row { state: State::Dead, ..row() },
            Row { state: State::Open, ..row() },
            Row { deliveries: 2, ..row() },
            Row { attempts: 2, ..row() },
            Row { stored_at: None, ..row() },
            Row { exact_bytes: false, ..row() },
        ] {
            assert!(!wrong.is_right(Expected::done(1)), "{wrong:?}");
        }
    }

    #[test]
    fn a_refused_delivery_must_have_left_nothing_behind() {
        let refused = Row {
            answer: 401,
            state: State::Refused,
            deliveries: 0,
            attempts: 0,
            stored_at: None,
            exact_bytes: false,
            ..row()
        };
        assert!(refused.is_right(Expected::refused()));
        let stored = Row { stored_at: Some("x".to_owned()), exact_bytes: true, ..refused };
        assert!(!stored.is_right(Expected::refused()));
    }
}

//! What everything in one simulation shares.

use std::fmt;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use hookdock_pipeline::ledger::{Run, RunState};

use crate::sim::Violation;
use crate::sim::book::Book;
use crate::sim::climate::{AFTERLIFE, Climate, STORM};
use crate::sim::executor::{Fortune, Universe};
use crate::stack::START;

/// Time, chance, trouble, the book of what happened, and the trace.
pub(crate) struct World {
    pub(crate) universe: Universe,
    pub(crate) climate: Climate,
    book: Mutex<Book>,
    /// `None`: nobody is going to read it.
    trace: Option<Mutex<Vec<String>>>,
}

impl World {
    pub(crate) fn new(seed: u64, traced: bool) -> Self {
        let universe = Universe::new(seed);
        let climate = Climate::of(&universe);
        let trace = traced.then(Mutex::default);
        Self { universe, climate, book: Mutex::default(), trace }
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("one thread, and no panic while it holds the lock")
    }

    /// Whether things go wrong now: in the first minutes, and in those after the records' life.
    pub(crate) fn storms(&self) -> bool {
        let now = self.universe.now();
        let second = START.plus(AFTERLIFE);
        now < START.plus(STORM) || (second <= now && now < second.plus(STORM))
    }

    /// Whether the target of the job that keeps an order is down now.
    pub(crate) fn is_down(&self) -> bool {
        let (from, to) = self.climate.down;
        let now = self.universe.now();
        START.plus(from) <= now && now < START.plus(to)
    }

    /// What becomes of a process that could go on.
    pub(crate) fn fortune(&self) -> Fortune {
        if !self.storms() {
            Fortune::Lives
        } else if self.universe.happens(self.climate.deaths) {
            self.book().tally.deaths += 1;
            Fortune::Dies
        } else if self.universe.happens(self.climate.stalls) {
            self.book().tally.stalls += 1;
            let (least, most) = (Duration::from_millis(500), Duration::from_secs(120));
            Fortune::Stalls(self.universe.between(least, most))
        } else {
            Fortune::Lives
        }
    }

    /// Writes a line of the trace.
    pub(crate) fn note(&self, who: &str, what: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            let seconds = START.until(self.universe.now()).as_secs_f64();
            let line = format!("{seconds:>14.3}  {who:<12}{}", what());
            trace.lock().expect("one thread").push(line);
        }
    }

    /// Notes what must never be. The first one counts.
    pub(crate) fn violated(&self, invariant: &'static str, detail: impl FnOnce() -> String) {
        let mut book = self.book();
        if book.violation.is_none() {
            book.violation = Some(Violation { invariant, detail: detail() });
        }
    }

    pub(crate) fn trace(&self) -> Vec<String> {
        let lines = self.trace.as_ref().map(|trace| trace.lock().expect("one thread").clone());
        lines.unwrap_or_default()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("universe", &self.universe).finish_non_exhaustive()
    }
}

/// A run on one line, for people.
pub(crate) fn described(run: &Run) -> String {
    let second = |time: hookdock_signature::EpochMillis| START.until(time).as_secs_f64();
    let state = match &run.state {
        RunState::Running { lease_until } => format!("running until {:.3}", second(*lease_until)),
        RunState::Retrying { not_before } => format!("retrying from {:.3}", second(*not_before)),
        RunState::Waiting { not_before, cause } => {
            format!("waiting from {:.3} ({cause})", second(*not_before))
        }
        RunState::Done => "done".to_owned(),
        RunState::Ignored { cause } => format!("ignored ({cause})"),
        RunState::Dismissed { reason, by, .. } => format!("dismissed by {by} ({})", reason.code()),
        RunState::Dead { reason, dead_lettered } => {
            format!(
                "dead ({}{})",
                reason.code(),
                if *dead_lettered { ", dead_lettered" } else { "" }
            )
        }
    };
    let key: String = run.id.event.key.to_string().chars().take(4).collect();
    let owner: String = format!("{:?}", run.owner).chars().skip(7).take(4).collect();
    let steps = run.steps.iter().map(|step| match step.saved {
        Some(_) => format!(", {} saved", step.name),
        None => format!(", {} begun", step.name),
    });
    format!(
        "{key}/{} #{} of {owner}, generation {}{}: {state}",
        run.id.job,
        run.attempt,
        run.generation,
        steps.collect::<String>()
    )
}

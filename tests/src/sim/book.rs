//! What happened, kept apart from what the product keeps, and what must hold of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::ledger::dead_letter::DeadLetter;
use hookdock_pipeline::ledger::{EventRef, Run, RunId, RunState};
use hookdock_pipeline::model::names::DeliveryId;
use hookdock_signature::EpochMillis;

use crate::rules;
use crate::rules::WakeMove;
use crate::sim::jobs::LAST;
use crate::sim::shared::Commons;
use crate::sim::world::{World, described};
use crate::sim::{POLICY, Tally, Violation};

/// What happened so far.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) tally: Tally,
    pub(crate) violation: Option<Violation>,
    /// What was answered 2xx.
    pub(crate) accepted: BTreeMap<DeliveryId, Accepted>,
    /// The bodies of all messages that ingest queued.
    pub(crate) queued: BTreeMap<DeliveryId, String>,
    /// The deliveries of which the ledger was told.
    pub(crate) recorded: BTreeMap<EventRef, BTreeSet<DeliveryId>>,
    /// Every run as it was stored last.
    pub(crate) runs: BTreeMap<RunId, Run>,
    /// How often each run was marked as woken, and its reference sent.
    wakes: BTreeMap<RunId, Wakes>,
    /// (Run, generation) of each dead letter that says why.
    letters: BTreeSet<(RunId, u32)>,
    /// How often each run's record began.
    lives: BTreeMap<RunId, u32>,
    /// How often the job was started, by run, life and generation.
    starts: BTreeMap<(RunId, u32, u32), u32>,
    /// By run, life and step: the result of each step that the job was told is saved.
    saved: BTreeMap<(RunId, u32, &'static str), String>,
    /// How often the job was started in all, by run.
    started: BTreeMap<RunId, usize>,
    under_way: Vec<UnderWay>,
    /// The keys that the target has seen.
    keys: BTreeSet<String>,
    /// The events that were worked on at once.
    at_once: BTreeSet<String>,
    /// What runs share.
    pub(crate) commons: Commons,
    /// How often an effect happened, by run and step.
    pub(crate) effects: BTreeMap<(RunId, &'static str), u32>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Wakes {
    marked: u32,
    sent: u32,
}

/// A delivery that was answered 2xx.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    pub(crate) event: EventRef,
    pub(crate) body: Bytes,
}

/// An attempt whose job is running.
#[derive(Debug, Clone, PartialEq, Eq)]
struct UnderWay {
    run: RunId,
    attempt: u32,
    worker: Arc<str>,
    /// When it is cut off, in true time.
    until: EpochMillis,
}

/// Ends with the attempt, however that ends.
pub(crate) struct Started {
    world: Arc<World>,
    entry: UnderWay,
    /// How often the run's job was started before.
    pub(crate) before: usize,
}

impl Drop for Started {
    fn drop(&mut self) {
        let mut book = self.world.book();
        if let Some(place) = book.under_way.iter().position(|entry| *entry == self.entry) {
            book.under_way.swap_remove(place);
        }
    }
}

impl World {
    /// A job starts. `stored` is the run as the ledger has it at this moment.
    pub(crate) fn starts(
        self: &Arc<Self>,
        worker: &Arc<str>,
        (run, attempt): (&RunId, u32),
        until: EpochMillis,
        stored: Option<&Run>,
    ) -> Started {
        let now = self.universe.now();
        self.note(worker, || format!("starts {} attempt {attempt}", run.job));
        if let Some(stored) =
            stored.filter(|stored| rules::is_done(stored) && !rules::is_over(stored, now))
        {
            self.violated("a run that is done never runs again", || {
                format!("attempt {attempt} of {run:?} started over {}", described(stored))
            });
        }
        let entry = UnderWay { run: run.clone(), attempt, worker: Arc::clone(worker), until };
        let mut book = self.book();
        let rival = book.under_way.iter().find(|other| other.run == *run && now < other.until);
        let rival = rival.cloned();
        let generation = stored.map_or(0, |run| run.generation);
        let life = book.lives.get(run).copied().unwrap_or_default();
        let starts = book.starts.entry((run.clone(), life, generation)).or_default();
        *starts += 1;
        let starts = *starts;
        let started = book.started.entry(run.clone()).or_default();
        let before = *started;
        *started += 1;
        book.under_way.push(entry.clone());
        drop(book);
        if let Some(rival) = rival {
            self.violated("a run has one owner at a time", || format!("{entry:?} and {rival:?}"));
        }
        let excused = stored.map_or(0, |run| run.excused_attempts);
        if starts > POLICY.max_attempts + excused {
            self.violated("attempts never exceed the policy", || {
                format!("{run:?} was started {starts} times in generation {generation}")
            });
        }
        Started { world: Arc::clone(self), entry, before }
    }

    /// The target is asked for an effect. It honours keys: one that it knows has no effect.
    pub(crate) fn effect(&self, run: &RunId, step: &'static str, key: String) {
        let mut book = self.book();
        if !book.keys.insert(key) {
            return;
        }
        let times = book.effects.entry((run.clone(), step)).or_default();
        *times += 1;
        let times = *times;
        drop(book);
        if times > 1 {
            self.violated("an effect with a key happens at most once", || {
                format!("{step} of {run:?} happened {times} times")
            });
        }
    }

    /// An event is worked on at once; whoever is told of it honours no keys.
    pub(crate) fn at_once(&self, event: String) {
        let mut book = self.book();
        book.tally.at_once += 1;
        let first = book.at_once.insert(event.clone());
        drop(book);
        if !first {
            self.violated("a direct event is worked on at most once", || event);
        }
    }

    /// A dead letter was sent.
    pub(crate) fn dead_lettered(&self, letter: &DeadLetter) {
        let reason = letter.attributes.iter().find(|(name, _)| *name == "reason");
        let reference = Reference::parse(&letter.body);
        let named = reference.ok().and_then(|reference| {
            let job = reference.job.clone()?;
            Some((RunId { event: EventRef::of(&reference), job }, reference.generation))
        });
        match (reason, named) {
            (Some(_), Some(named)) => drop(self.book().letters.insert(named)),
            _ => self.violated("a dead letter says why and of which run", || format!("{letter:?}")),
        }
    }

    /// A reference is sent for a run that waits in the ledger alone.
    pub(crate) fn wakes(&self, reference: &Reference) {
        let Some(job) = reference.job.clone() else { return };
        let run = RunId { event: EventRef::of(reference), job };
        let mut book = self.book();
        book.tally.woken += 1;
        let wakes = book.wakes.entry(run.clone()).or_default();
        wakes.sent += 1;
        let Wakes { marked, sent } = *wakes;
        drop(book);
        if sent > marked {
            self.violated("a run is marked each time before its reference is sent", || {
                format!("{run:?} was marked {marked} times and sent {sent} times")
            });
        }
    }

    /// A stored run changed.
    pub(crate) fn moved(&self, before: Option<&Run>, after: &Run) {
        let now = self.universe.now();
        let line = || {
            let before = before.map_or_else(|| "nothing".to_owned(), described);
            format!("{before} became {}", described(after))
        };
        self.note("ledger", line);
        if before.is_none_or(|before| before.attempt != after.attempt) {
            self.book().tally.claims += 1;
        }
        match rules::wake_move(before, after) {
            Some(WakeMove::Begun) => self.book().tally.left_to_ledger += 1,
            Some(WakeMove::Marked) => {
                self.book().wakes.entry(after.id.clone()).or_default().marked += 1;
            }
            Some(WakeMove::Left) | None => {}
        }
        if before.is_none() || rules::is_new(after) {
            *self.book().lives.entry(after.id.clone()).or_default() += 1;
        }
        if let (RunState::Waiting { cause, .. }, Some(RunState::Running { .. })) =
            (&after.state, before.map(|run| &run.state))
        {
            self.book().tally.held_back += u64::from(cause.starts_with("held back"));
            if !rules::has_no_job(after) {
                self.does_not_count(after);
            }
        }
        match rules::broken(before, after, now) {
            Some(invariant) => self.violated(invariant, line),
            None => {
                self.check_burial(after);
                self.check_last_step(after);
            }
        }
    }

    /// An attempt that was put off does not count.
    fn does_not_count(&self, run: &Run) {
        let mut book = self.book();
        let life = book.lives.get(&run.id).copied().unwrap_or_default();
        if let Some(starts) = book.starts.get_mut(&(run.id.clone(), life, run.generation)) {
            *starts = starts.saturating_sub(1);
        }
    }

    /// How often the run's record has begun.
    pub(crate) fn life(&self, run: &RunId) -> u32 {
        self.book().lives.get(run).copied().unwrap_or_default()
    }

    /// The work of a step begins.
    pub(crate) fn works_on(&self, run: &RunId, step: &'static str) {
        let life = self.life(run);
        let again = self.book().saved.contains_key(&(run.clone(), life, step));
        if again {
            self.violated("a step that is saved never runs again", || format!("{step} of {run:?}"));
        }
    }

    /// The job was told that the step is saved, with this result.
    pub(crate) fn saves(&self, run: &RunId, step: &'static str, result: &str) {
        let key = (run.clone(), self.life(run), step);
        let saved = self.book().saved.entry(key).or_insert_with(|| result.to_owned()).clone();
        if saved != result {
            self.violated("what a step saved comes back as it was", || {
                format!("{step} of {run:?}")
            });
        }
    }

    fn check_burial(&self, after: &Run) {
        let RunState::Dead { dead_lettered: true, .. } = after.state else {
            return;
        };
        let letter = (after.id.clone(), after.generation + 1);
        let sent = self.book().letters.contains(&letter);
        if !sent {
            self.violated("a run that is noted as dead_lettered has its letter", || {
                described(after)
            });
        }
    }

    /// The step that a job ends with is saved by the write that ends the run.
    fn check_last_step(&self, after: &Run) {
        let (job, step) = LAST;
        let saved =
            after.steps.iter().any(|known| known.name.as_str() == step && known.saved.is_some());
        if after.state == RunState::Done && after.id.job.as_str() == job && !saved {
            self.violated("a run that is done has saved its last step", || described(after));
        }
    }
}

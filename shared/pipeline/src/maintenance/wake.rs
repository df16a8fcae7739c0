//! Runs that wait in the ledger alone are woken: what is due is marked, then sent.

use futures_util::future::join_all;
use futures_util::lock::Mutex;
use hookdock_signature::EpochMillis;

use crate::delivery::reference::Reference;
use crate::ledger::breaker::Breaker;
use crate::ledger::{Run, RunId, Shard};
use crate::maintenance::recovery::Recovery;
use crate::model::names::CellName;
use crate::model::port_error::{PortError, chain};
use crate::model::system::System;
use crate::ports::{DueRuns, Ledger, MOST_AT_ONCE, Messages};

/// How many runs are asked for at once.
const PAGE: usize = 100;

/// The use case and its ports.
#[derive(Debug)]
pub struct Maintenance<M, L, S> {
    messages: M,
    ledger: L,
    system: S,
    recovery: Mutex<Recovery>,
}

/// What was done in one round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Woken {
    /// How many references were sent.
    pub sent: u64,
    /// How many runs were left for later, because what they need was down until now.
    pub left: u64,
    /// How many runs or pages of runs met an error; they are still due.
    pub failed: u64,
    /// When the run was due that was longest overdue.
    pub oldest_due: Option<EpochMillis>,
    /// Whether the time was over before all was done that is due.
    pub cut_off: bool,
}

impl<M: Messages, L: Ledger + DueRuns, S: System> Maintenance<M, L, S> {
    /// The use case over these ports.
    pub fn new(messages: M, ledger: L, system: S) -> Self {
        Self { messages, ledger, system, recovery: Mutex::default() }
    }

    /// Sends the references of all runs that are due, until all are sent or the time is over. An
    /// error is logged, and stops nothing but what it is about.
    pub async fn wake(&self, deadline: EpochMillis) -> Woken {
        let mut shards: Vec<Shard> = Shard::all().collect();
        // None is always the first to learn whether a dependency is back.
        let first = self.system.random() % (shards.len() as u128).max(1);
        shards.rotate_left(usize::try_from(first).unwrap_or_default());
        let shards = shards.into_iter().map(|shard| self.shard(shard, deadline));
        let woken = join_all(shards).await.into_iter().fold(Woken::default(), Woken::and);
        woken.log(self.system.now());
        woken
    }

    async fn shard(&self, shard: Shard, deadline: EpochMillis) -> Woken {
        let mut woken = Woken::default();
        loop {
            if self.system.now() >= deadline {
                return Woken { cut_off: true, ..woken };
            }
            let due = match self.ledger.due_runs(shard, self.system.now(), PAGE).await {
                Ok(due) => due,
                Err(error) => return woken.and(Woken::failed(&error)),
            };
            let page = self.page(&due, deadline).await;
            woken = woken.and(page);
            // What an index still names after it was marked is not asked for over and over.
            if due.len() < PAGE || page.moved() == 0 {
                return woken;
            }
        }
    }

    async fn page(&self, due: &[RunId], deadline: EpochMillis) -> Woken {
        let mut woken = Woken::default();
        for runs in due.chunks(MOST_AT_ONCE) {
            if self.system.now() >= deadline {
                return Woken { cut_off: true, ..woken };
            }
            let marked = join_all(runs.iter().map(|id| self.mark(id))).await;
            let mut references = Vec::with_capacity(marked.len());
            for (next, reference) in marked {
                woken = woken.and(next);
                references.extend(reference);
            }
            woken = woken.and(self.send(&references).await);
        }
        woken
    }

    /// Marks the run as sent, and returns what is to be sent. Whoever marks it, sends.
    async fn mark(&self, id: &RunId) -> (Woken, Option<Reference>) {
        self.try_mark(id).await.unwrap_or_else(|error| (Woken::failed(&error), None))
    }

    async fn try_mark(&self, id: &RunId) -> Result<(Woken, Option<Reference>), PortError> {
        let now = self.system.now();
        // The index may be behind.
        let run = self.ledger.run(id).await?;
        let due = run.and_then(|run| run.wakes_at().map(|at| (run, at)));
        let Some((run, due_at)) = due.filter(|(_, at)| *at <= now) else {
            return Ok((Woken::default(), None));
        };
        let met = Woken { oldest_due: Some(due_at), ..Woken::default() };
        let later = self.later(&run, now).await?;
        let marked = match later {
            Some(later) => run.left_until(later).map(|run| (run, None)),
            None => run.woken(now, self.system.random()).map(|(run, sent)| (run, Some(sent))),
        };
        let Some((next, reference)) = marked else { return Ok((met, None)) };
        // A worker or another round may have been faster.
        match self.ledger.compare_and_swap(&run.fence(), &next).await?.refused() {
            None => Ok((Woken { left: u64::from(reference.is_none()), ..met }, reference)),
            Some(_) => Ok((Woken::default(), None)),
        }
    }

    /// When a run is woken that a breaker has held back.
    async fn later(&self, run: &Run, now: EpochMillis) -> Result<Option<EpochMillis>, PortError> {
        let Some(name) = run.wake.as_ref().and_then(|wake| wake.held_by.as_ref()) else {
            return Ok(None);
        };
        let mut recovery = self.recovery.lock().await;
        let recovery = recovery.at(now);
        if !recovery.knows(name) {
            recovery.learn(name, self.breaker(name).await?.as_ref());
        }
        let waited = run.updated_at.until(now);
        Ok(recovery.next(name, now, waited, self.system.random()))
    }

    /// `None`: nothing is known of it. What cannot be read holds nothing back.
    async fn breaker(&self, name: &CellName) -> Result<Option<Breaker>, PortError> {
        let cell = self.ledger.cell(name).await?;
        let live = cell.as_ref().and_then(|cell| cell.live(self.system.now()));
        Ok(live.and_then(|value| serde_json::from_str(value).ok()))
    }

    /// What is not taken is due again after a while, since it is marked.
    async fn send(&self, references: &[Reference]) -> Woken {
        if references.is_empty() {
            return Woken::default();
        }
        let all = references.len() as u64;
        match self.messages.send_items(references, None).await {
            Ok(refused) => {
                let failed = refused.len() as u64;
                Woken { sent: all.saturating_sub(failed), failed, ..Woken::default() }
            }
            Err(error) => Woken { failed: all, ..Woken::failed(&error) },
        }
    }
}

impl Woken {
    fn failed(error: &PortError) -> Self {
        tracing::error!(error = chain(error), "runs that are due were not woken");
        Self { failed: 1, ..Self::default() }
    }

    fn and(self, other: Self) -> Self {
        Self {
            sent: self.sent.saturating_add(other.sent),
            left: self.left.saturating_add(other.left),
            failed: self.failed.saturating_add(other.failed),
            oldest_due: [self.oldest_due, other.oldest_due].into_iter().flatten().min(),
            cut_off: self.cut_off || other.cut_off,
        }
    }

    /// How many runs are not due any more.
    fn moved(&self) -> u64 {
        self.sent.saturating_add(self.left)
    }

    /// One line for each round: the alarm reads how long the oldest was overdue.
    fn log(&self, now: EpochMillis) {
        let overdue = self.oldest_due.map(|due_at| due_at.until(now));
        tracing::info!(
            wake.sent = self.sent,
            wake.left = self.left,
            wake.failed = self.failed,
            wake.cut_off = self.cut_off,
            wake.overdue_seconds = overdue.unwrap_or_default().as_secs(),
            "runs woken"
        );
    }
}

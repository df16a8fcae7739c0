//! A claimed run, and the only way to write to it while the claim lasts.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::lock::Mutex;
use hookdock_signature::EpochMillis;
use serde_json::Value;

use crate::job::{
    LARGEST_INLINE_BYTES, LARGEST_RESULTS_BYTES, MOST_STEPS, StepStart, WorkerContext,
};
use crate::ledger::{Run, Settlement, StepRecord, StepResult, Wake};
use crate::model::names::{CellName, CellTag, StepName};
use crate::model::port_error::PortError;
use crate::model::system::System;
use crate::ports::{Cell, CommitRefused, Conditional, Ledger, Record};

/// What is saved of a step that yields nothing, or whose result is the record it inserted.
const NOTHING: &str = "null";

/// A claimed run. Its steps and its settlement are written one after the other, each on top of
/// what was written before.
#[derive(Debug)]
pub struct ClaimedRun<L, S> {
    ledger: L,
    system: S,
    run: Mutex<Run>,
    /// The step that the job ended with, and when. The write that ends the run saves it.
    last_step: OnceLock<(StepName, EpochMillis)>,
}

impl<L: Ledger, S: System> ClaimedRun<L, S> {
    /// A run that was claimed just now.
    #[must_use]
    pub fn new(ledger: L, system: S, claimed: Run) -> Arc<Self> {
        Arc::new(Self { ledger, system, run: Mutex::new(claimed), last_step: OnceLock::new() })
    }

    /// Writes how the attempt ended, and what wakes the run if it goes on without a message, and with that its last step. `None`: another worker has
    /// claimed the run.
    pub(super) async fn end(
        &self,
        settlement: &Settlement,
        wake: Option<&Wake>,
    ) -> Result<Option<Run>, PortError> {
        let now = self.system.now();
        let settled =
            |run: &Run| self.with_last_step(run).settled(settlement.clone(), wake.cloned(), now);
        self.write(settled).await
    }

    fn with_last_step(&self, run: &Run) -> Run {
        match self.last_step.get() {
            Some((step, at)) => run.step_saved(step, nothing(), *at),
            None => run.clone(),
        }
    }

    /// Writes what `change` makes of the run. `None`: another worker has claimed it.
    async fn write(&self, change: impl Fn(&Run) -> Run) -> Result<Option<Run>, PortError> {
        let mut run = self.run.lock().await;
        let swapped = self.swap_run(&mut run, change, None).await?;
        Ok((swapped == Conditional::Written).then(|| run.clone()))
    }

    /// A write of ours whose answer got lost shows as a run that we hold and that is further than
    /// we knew; the change is then made once more, to that one.
    async fn swap_run(
        &self,
        run: &mut Run,
        change: impl Fn(&Run) -> Run,
        record: Option<&Record>,
    ) -> Result<Conditional<CommitRefused>, PortError> {
        let mut next = change(run);
        let mut swapped = self.put(run, &next, record).await?;
        if let Conditional::Refused(CommitRefused::Fenced(ours)) = &swapped
            && ours.is_held_like(run)
        {
            run.clone_from(ours);
            next = change(run);
            // The write of ours may have been this very one.
            swapped = match next == *run {
                true => Conditional::Written,
                false => self.put(run, &next, record).await?,
            };
        }
        if swapped == Conditional::Written {
            *run = next;
        }
        Ok(swapped)
    }

    async fn put(
        &self,
        from: &Run,
        to: &Run,
        record: Option<&Record>,
    ) -> Result<Conditional<CommitRefused>, PortError> {
        match record {
            Some(record) => self.ledger.commit(&from.fence(), to, record).await,
            None => {
                let swapped = self.ledger.compare_and_swap(&from.fence(), to).await?;
                Ok(swapped.map(|stored| CommitRefused::Fenced(Box::new(stored))))
            }
        }
    }
}

fn nothing() -> StepResult {
    StepResult::Inline(NOTHING.to_owned())
}

/// Whether the largest result that a run holds might not fit in any more.
fn is_full(run: &Run) -> bool {
    let saved = run.steps.iter().filter_map(|step| step.saved.as_ref());
    let bytes: usize = saved.map(|saved| saved.result.inline_bytes()).sum();
    run.steps.len() >= MOST_STEPS || bytes > LARGEST_RESULTS_BYTES - LARGEST_INLINE_BYTES
}

#[async_trait]
impl<L: Ledger, S: System> WorkerContext for ClaimedRun<L, S> {
    fn now(&self) -> EpochMillis {
        self.system.now()
    }

    async fn sleep(&self, wait: Duration) {
        self.system.sleep(wait).await;
    }

    fn random(&self) -> u128 {
        self.system.random()
    }

    async fn cell(&self, name: &CellName) -> Result<Option<Cell>, PortError> {
        self.ledger.cell(name).await
    }

    async fn swap(
        &self,
        name: &CellName,
        from: Option<&CellTag>,
        to: &Cell,
    ) -> Result<Conditional<Option<Cell>>, PortError> {
        self.ledger.swap(name, from, to).await
    }

    async fn begin(&self, step: &StepName) -> Result<StepStart, PortError> {
        let (known, full) = {
            let run = self.with_last_step(&*self.run.lock().await);
            (run.step(step).cloned(), is_full(&run))
        };
        match known {
            Some(StepRecord { saved: Some(saved), .. }) => {
                return Ok(StepStart::Saved(saved.result));
            }
            None if full => return Ok(StepStart::Full),
            Some(_) | None => {}
        }
        let now = self.system.now();
        let Some(run) = self.write(|run| run.step_begun(step, now)).await? else {
            return Ok(StepStart::Lost);
        };
        Ok(match run.step(step).and_then(|step| step.saved.as_ref()) {
            Some(saved) => StepStart::Saved(saved.result.clone()),
            None if known.is_some() => StepStart::Again,
            None => StepStart::First,
        })
    }

    async fn save(&self, step: &StepName, result: &StepResult) -> Result<bool, PortError> {
        let now = self.system.now();
        let saved = self.write(|run| run.step_saved(step, result.clone(), now)).await?;
        Ok(saved.is_some())
    }

    /// A job has one last step. What it may call so besides is saved at once.
    async fn save_last(&self, step: &StepName) -> Result<bool, PortError> {
        match self.last_step.set((step.clone(), self.system.now())) {
            Ok(()) => Ok(true),
            Err(_) => self.save(step, &nothing()).await,
        }
    }

    async fn commit(
        &self,
        step: &StepName,
        record: &Record,
    ) -> Result<Option<Conditional<Value>>, PortError> {
        let mut run = self.run.lock().await;
        if run.has_saved(step) {
            return Ok(Some(Conditional::Written));
        }
        let now = self.system.now();
        let change = |run: &Run| run.step_saved(step, nothing(), now);
        Ok(match self.swap_run(&mut run, change, Some(record)).await? {
            Conditional::Written => Some(Conditional::Written),
            Conditional::Refused(CommitRefused::RecordExists(body)) => {
                Some(Conditional::Refused(body))
            }
            Conditional::Refused(CommitRefused::Fenced(_)) => None,
        })
    }
}

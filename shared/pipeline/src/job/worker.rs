//! What a context asks of its worker: time, chance, the cells that runs share, and the run.

use std::time::Duration;

use async_trait::async_trait;
use hookdock_signature::EpochMillis;
use serde_json::Value;

use crate::ledger::StepResult;
use crate::model::names::{CellName, CellTag, StepName};
use crate::model::port_error::PortError;
use crate::ports::{Cell, Conditional, Record};

/// What a context asks of its worker: time, chance, the cells that runs share, and the run under
/// way, as its steps write it. Behind `dyn`, because a context has no type parameters.
#[async_trait]
pub trait WorkerContext: Send + Sync {
    /// The time of day.
    fn now(&self) -> EpochMillis;

    /// Waits that long.
    async fn sleep(&self, wait: Duration);

    /// 128 unpredictable bits.
    fn random(&self) -> u128;

    /// [`crate::ports::Cells::cell`]
    async fn cell(&self, name: &CellName) -> Result<Option<Cell>, PortError>;

    /// [`crate::ports::Cells::swap`]
    async fn swap(
        &self,
        name: &CellName,
        from: Option<&CellTag>,
        to: &Cell,
    ) -> Result<Conditional<Option<Cell>>, PortError>;

    /// Notes that the step begins, unless its result is saved.
    async fn begin(&self, step: &StepName) -> Result<StepStart, PortError>;

    /// Saves the step's result. `false`: another worker has claimed the run.
    async fn save(&self, step: &StepName, result: &StepResult) -> Result<bool, PortError>;

    /// Saves the step, which yields nothing, with the end of the run. `false`: another worker has
    /// claimed the run.
    async fn save_last(&self, step: &StepName) -> Result<bool, PortError>;

    /// Inserts the record and notes that the step is done, both or neither. `None`: another
    /// worker has claimed the run.
    async fn commit(
        &self,
        step: &StepName,
        record: &Record,
    ) -> Result<Option<Conditional<Value>>, PortError>;
}

/// What is known of a step that is about to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepStart {
    /// It never began before.
    First,
    /// It began before and saved nothing: whether its work happened is unknown.
    Again,
    /// It is done, with this result.
    Saved(StepResult),
    /// The run has so many steps, or so large results, that no further step can be saved.
    Full,
    /// Another worker has claimed the run.
    Lost,
}

//! What an attempt shares with the attempts of other runs: time, chance, and cells.

use std::time::Duration;

use futures_util::future::BoxFuture;
use hookdock_signature::EpochMillis;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::fault::{FaultKind, PortError};
use crate::job::dependency::Breakers;
use crate::names::{CellName, CellTag};
use crate::ports::{Cell, Swapped};
use crate::versioned::{self, Versioned};

/// Time, chance, and cells, for what jobs are built of. Behind `dyn`, because a context has no
/// type parameters.
pub trait Shared: Send + Sync {
    /// The time of day.
    fn now(&self) -> EpochMillis;

    /// Waits that long.
    fn sleep(&self, wait: Duration) -> BoxFuture<'_, ()>;

    /// 128 unpredictable bits.
    fn random(&self) -> u128;

    /// [`crate::ports::Cells::cell`]
    fn cell<'a>(&'a self, name: &'a CellName) -> BoxFuture<'a, Result<Option<Cell>, PortError>>;

    /// [`crate::ports::Cells::swap`]
    fn swap<'a>(
        &'a self,
        name: &'a CellName,
        from: Option<&'a CellTag>,
        to: &'a Cell,
    ) -> BoxFuture<'a, Result<Swapped, PortError>>;

    /// What this worker knows of the dependencies.
    fn breakers(&self) -> &Breakers;
}

/// A cell as it was seen or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen<T> {
    tag: Option<CellTag>,
    /// `None`: there is none, or its life is over.
    pub(super) value: Option<T>,
}

/// What is written in a cell.
#[derive(Serialize, Deserialize)]
struct Form<T> {
    version: u32,
    value: T,
}

impl<T> Versioned for Form<T> {
    const NEWEST: u32 = 1;

    fn version(&self) -> u32 {
        self.version
    }
}

impl<T> Seen<T> {
    pub(super) fn nothing() -> Self {
        Self { tag: None, value: None }
    }
}

impl<T: Clone + Serialize + DeserializeOwned + Sync> Seen<T> {
    pub(super) async fn read(shared: &dyn Shared, name: &CellName) -> Result<Self, PortError> {
        let cell = shared.cell(name).await?;
        Self::of(cell.as_ref(), shared.now())
    }

    /// Writes the value over what was seen. Either way, what is there then; `Err`: somebody was
    /// faster.
    pub(super) async fn write(
        &self,
        shared: &dyn Shared,
        name: &CellName,
        value: &T,
        life: Duration,
    ) -> Result<Result<Self, Self>, PortError> {
        let form = Form { version: Form::<T>::NEWEST, value };
        let text = serde_json::to_string(&form)
            .map_err(|error| PortError::new("write the cell", FaultKind::Invalid).because(error))?;
        let to = Cell {
            tag: CellTag::new(shared.random()),
            value: text,
            expires_at: shared.now().plus(life).to_seconds(),
        };
        Ok(match shared.swap(name, self.tag.as_ref(), &to).await? {
            Swapped::Written => Ok(Self { tag: Some(to.tag), value: Some(value.clone()) }),
            Swapped::Other(cell) => Err(Self::of(cell.as_ref(), shared.now())?),
        })
    }

    fn of(cell: Option<&Cell>, now: EpochMillis) -> Result<Self, PortError> {
        let read = |text: &str| versioned::read::<Form<T>>(text.as_bytes());
        let form = cell.and_then(|cell| cell.live(now)).map(read).transpose();
        let form = form
            .map_err(|error| PortError::new("read the cell", FaultKind::Invalid).because(error))?;
        let tag = cell.map(|cell| cell.tag.clone());
        Ok(Self { tag, value: form.map(|form| form.value) })
    }
}

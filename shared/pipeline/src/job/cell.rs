//! A cell as it was seen or written.

use std::time::Duration;

use hookdock_signature::EpochMillis;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::job::worker::WorkerContext;
use crate::model::names::{CellName, CellTag};
use crate::model::port_error::PortError;
use crate::ports::{Cell, Conditional};

/// A cell as it was seen or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen<T> {
    tag: Option<CellTag>,
    /// `None`: there is none, or its life is over.
    pub(super) value: Option<T>,
}

impl<T> Seen<T> {
    pub(super) fn nothing() -> Self {
        Self { tag: None, value: None }
    }
}

impl<T: Clone + Serialize + DeserializeOwned + Sync> Seen<T> {
    pub(super) async fn read(
        worker: &dyn WorkerContext,
        name: &CellName,
    ) -> Result<Self, PortError> {
        let cell = worker.cell(name).await?;
        Self::of(cell.as_ref(), worker.now())
    }

    /// Writes the value over what was seen. Either way, what is there then; `Err`: somebody was
    /// faster.
    pub(super) async fn write(
        &self,
        worker: &dyn WorkerContext,
        name: &CellName,
        value: &T,
        life: Duration,
    ) -> Result<Result<Self, Self>, PortError> {
        let text = serde_json::to_string(value).map_err(PortError::invalid("write the cell"))?;
        let to = Cell {
            tag: CellTag::new(worker.random()),
            value: text,
            expires_at: worker.now().plus(life).to_seconds(),
        };
        Ok(match worker.swap(name, self.tag.as_ref(), &to).await? {
            Conditional::Written => Ok(Self { tag: Some(to.tag), value: Some(value.clone()) }),
            Conditional::Refused(cell) => Err(Self::of(cell.as_ref(), worker.now())?),
        })
    }

    fn of(cell: Option<&Cell>, now: EpochMillis) -> Result<Self, PortError> {
        let value = cell.and_then(|cell| cell.live(now)).map(serde_json::from_str).transpose();
        let value = value.map_err(PortError::invalid("read the cell"))?;
        let tag = cell.map(|cell| cell.tag.clone());
        Ok(Self { tag, value })
    }
}

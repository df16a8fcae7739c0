//! Cells: small values that runs share, each written by comparing and swapping.

use hookdock_signature::{EpochMillis, EpochSeconds};
use serde::{Deserialize, Serialize};

use crate::model::names::{CellName, CellTag};
use crate::model::port_error::{PortError, PortErrorKind};
use crate::ports::conditional::Conditional;

/// The version of the stored form that this code writes. It reads no other.
const VERSION: u32 = 1;

/// One value, as it was written once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// What this write is told from all others by.
    pub tag: CellTag,
    /// The value: JSON text, well below a KiB.
    pub value: String,
    /// From when on the value counts for nothing, whether or not the store has cleaned it up.
    pub expires_at: EpochSeconds,
}

/// Where runs share what no run alone can know.
///
/// What may follow on what is decided by pure functions elsewhere; a store compares and swaps. It
/// does not look at the time: a value whose life is over is there for the store, and counts for
/// nothing to whoever reads it.
pub trait Cells: Clone + Send + Sync + 'static {
    /// The cell as it is now, and not as it was a moment ago. `None`: there is none.
    fn cell(&self, name: &CellName)
    -> impl Future<Output = Result<Option<Cell>, PortError>> + Send;

    /// Writes the cell if the stored one has that tag, or, without a tag, if there is none. A
    /// write that finds itself, because its answer got lost before, is [`Conditional::Written`].
    fn swap(
        &self,
        name: &CellName,
        from: Option<&CellTag>,
        to: &Cell,
    ) -> impl Future<Output = Result<Conditional<Option<Cell>>, PortError>> + Send;
}

/// A stored cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellItem {
    /// The version of this form.
    pub version: u32,
    /// The cell.
    #[serde(flatten)]
    pub cell: Cell,
}

impl Cell {
    /// The value, unless its life is over.
    #[must_use]
    pub fn live(&self, now: EpochMillis) -> Option<&str> {
        (now < self.expires_at.to_millis()).then_some(self.value.as_str())
    }
}

impl From<&Cell> for CellItem {
    fn from(cell: &Cell) -> Self {
        Self { version: VERSION, cell: cell.clone() }
    }
}

impl CellItem {
    /// The cell.
    ///
    /// # Errors
    ///
    /// It was written by another version.
    pub fn read(self, action: &'static str) -> Result<Cell, PortError> {
        if self.version != VERSION {
            let unknown = format!("version {} of the cell is not known", self.version);
            return Err(PortError::new(action, PortErrorKind::Invalid).with_source(unknown));
        }
        Ok(self.cell)
    }

    /// What became of the swap that met this: none, if it is what was to be written.
    ///
    /// # Errors
    ///
    /// It was written by another version.
    pub fn met(
        stored: Option<Self>,
        to: &Cell,
        action: &'static str,
    ) -> Result<Conditional<Option<Cell>>, PortError> {
        match stored.map(|item| item.read(action)).transpose()? {
            Some(cell) if cell.tag == to.tag => Ok(Conditional::Written),
            other => Ok(Conditional::Refused(other)),
        }
    }
}

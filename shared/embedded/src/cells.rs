//! Cells.

use hookdock_pipeline::model::names::{CellName, CellTag};
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::{Cell, CellItem, Cells, Conditional};
use redb::ReadableTable as _;

use crate::Embedded;
use crate::store::{CELLS, from_bytes, to_bytes};

impl<S: System> Cells for Embedded<S> {
    async fn cell(&self, name: &CellName) -> Result<Option<Cell>, PortError> {
        const READ: &str = "read the cell";
        let item: Option<CellItem> = self.store.read(READ, |snapshot| {
            let found = snapshot.open_table(CELLS)?.get(name.as_str())?;
            found.map(|item| from_bytes(item.value())).transpose()
        })?;
        item.map(|item| item.read(READ)).transpose()
    }

    async fn swap(
        &self,
        name: &CellName,
        from: Option<&CellTag>,
        to: &Cell,
    ) -> Result<Conditional<Option<Cell>>, PortError> {
        const SWAP: &str = "write the cell";
        let (name, from, item) = (name.clone(), from.cloned(), CellItem::from(to));
        let other = self.store.write(SWAP, move |transaction| {
            let mut cells = transaction.open_table(CELLS)?;
            let stored = cells.get(name.as_str())?.map(|item| from_bytes(item.value()));
            let stored: Option<CellItem> = stored.transpose()?;
            if stored.as_ref().map(|stored| &stored.cell.tag) != from.as_ref() {
                return Ok(Some(stored));
            }
            cells.insert(name.as_str(), to_bytes(&item)?.as_slice())?;
            Ok(None)
        });
        match other.await? {
            None => Ok(Conditional::Written),
            Some(stored) => CellItem::met(stored, to, SWAP),
        }
    }
}

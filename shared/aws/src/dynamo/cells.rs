//! Cells in the ledger's table: key `pk` = `cell#{name}`, `sk` = `cell`.
//!
//! ```text
//!   (none) --- swap from none ---> tag 1 --- swap from 1 ---> tag 2 --- swap from 1: refused
//! ```
//!
//! A refused swap returns the stored cell, and recognizes its own by the tag: the SDK repeats a
//! write whose answer was lost.

use hookdock_pipeline::model::names::{CellName, CellTag};
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Cell, CellItem, Cells, Conditional};

use super::condition::{Conflict, conditional};
use super::item::{Item, from_item, names, text, to_item, values};
use super::ledger::DynamoLedger;
use super::table::Table;
use crate::sdk_errors::port_error;

const READ: &str = "read the cell";
const SWAP: &str = "write the cell";

const SORT: &str = "cell";

impl Cells for DynamoLedger {
    async fn cell(&self, name: &CellName) -> Result<Option<Cell>, PortError> {
        cell(&self.table, name).await
    }

    async fn swap(
        &self,
        name: &CellName,
        from: Option<&CellTag>,
        to: &Cell,
    ) -> Result<Conditional<Option<Cell>>, PortError> {
        swap(&self.table, name, from, to).await
    }
}

pub(super) async fn cell(table: &Table, name: &CellName) -> Result<Option<Cell>, PortError> {
    let get = table.get([("pk", &partition(name)), ("sk", SORT)]);
    let found = get.send().await.map_err(port_error(READ))?;
    found.item.map(|item| from_item::<CellItem>(READ, item)?.read(READ)).transpose()
}

pub(super) async fn swap(
    table: &Table,
    name: &CellName,
    from: Option<&CellTag>,
    to: &Cell,
) -> Result<Conditional<Option<Cell>>, PortError> {
    let put = table.put(item(name, to)?);
    let put = match from {
        None => put
            .condition_expression("attribute_not_exists(#pk)")
            .set_expression_attribute_names(names(["pk"])),
        Some(tag) => put
            .condition_expression("#tag = :tag")
            .set_expression_attribute_names(names(["tag"]))
            .set_expression_attribute_values(values([("tag", text(tag.as_str()))])),
    };
    let Err(Conflict(stored)) = conditional(SWAP, put.send().await)? else {
        return Ok(Conditional::Written);
    };
    let stored = stored.map(|item| from_item(SWAP, item)).transpose()?;
    CellItem::met(stored, to, SWAP)
}

fn partition(name: &CellName) -> String {
    format!("cell#{name}")
}

fn item(name: &CellName, cell: &Cell) -> Result<Item, PortError> {
    let mut item = to_item(SWAP, &CellItem::from(cell))?;
    item.insert("pk".to_owned(), text(partition(name)));
    item.insert("sk".to_owned(), text(SORT));
    Ok(item)
}

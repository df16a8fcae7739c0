//! What the jobs write, in a DynamoDB table: key `collection` and `id`, content in the map `body`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Conditional, Record, Records};
use serde_json::Value;

use super::condition::{Conflict, conditional};
use super::item::{Item, from_item, names, to_item};
use super::table::Table;
use crate::sdk_errors::port_error;

const INSERT: &str = "write the record";
const READ: &str = "read the record";

const IF_NEW: &str = "attribute_not_exists(#id)";

/// The business records in a DynamoDB table.
///
/// Numbers go through DynamoDB's own: 38 digits, and `1.0` comes back as `1`.
#[derive(Debug, Clone)]
pub struct DynamoRecords {
    table: Table,
}

impl DynamoRecords {
    pub(crate) fn new(client: Client, table: &str) -> Self {
        Self { table: Table::new(client, table) }
    }

    /// The same write as a part of a transaction.
    pub(super) fn insertion(
        &self,
        action: &'static str,
        record: &Record,
    ) -> Result<PutBuilder, PortError> {
        let put = self.table.transacted_put(to_item(action, record)?);
        Ok(put.condition_expression(IF_NEW).set_expression_attribute_names(names(["id"])))
    }

    /// The content of the record that is already there.
    pub(super) fn existing(action: &'static str, conflict: Conflict) -> Result<Value, PortError> {
        let item =
            conflict.0.ok_or_else(|| PortError::invalid(action)("the record was not shown"))?;
        body(action, item)
    }
}

#[async_trait]
impl Records for DynamoRecords {
    /// ```text
    ///   (none) --- insert ---> the record --- insert: refused, with the record's content
    /// ```
    async fn insert(&self, record: Record) -> Result<Conditional<Value>, PortError> {
        let put = self
            .table
            .put(to_item(INSERT, &record)?)
            .condition_expression(IF_NEW)
            .set_expression_attribute_names(names(["id"]));
        match conditional(INSERT, put.send().await)? {
            Ok(_) => Ok(Conditional::Written),
            Err(conflict) => Ok(Conditional::Refused(Self::existing(INSERT, conflict)?)),
        }
    }

    async fn get(&self, collection: &str, id: &str) -> Result<Option<Value>, PortError> {
        let get = self.table.get([("collection", collection), ("id", id)]);
        let found = get.send().await.map_err(port_error(READ))?;
        found.item.map(|item| body(READ, item)).transpose()
    }
}

fn body(action: &'static str, item: Item) -> Result<Value, PortError> {
    from_item(action, item).map(|record: Record| record.body)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::item::text;
    use super::*;

    #[test]
    fn a_body_comes_back_as_it_was_written() {
        let written = json!({
            "total": 4200, "currency": "eur", "paid": true, "note": "", "coupon": null,
            "lines": [{"sku": "a", "weight": 0.25}, {"sku": "b", "weight": -3}], "meta": {},
        });
        let record = Record {
            collection: "orders".to_owned(),
            id: "cs_1".to_owned(),
            body: written.clone(),
        };
        let item = to_item(INSERT, &record).expect("an item");
        assert_eq!(item.get("collection"), Some(&text("orders")));
        assert_eq!(item.get("id"), Some(&text("cs_1")));
        assert_eq!(body(READ, item).expect("a record"), written);
    }
}

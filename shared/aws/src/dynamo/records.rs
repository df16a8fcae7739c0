//! What the jobs write, in a DynamoDB table: key `collection` and `id`, content in the map `body`.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure as OnRefusal};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Conditional, Record, Records};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dynamo::item::{Conflict, Item, conditional, from_item, names, text, to_item, unfit};
use crate::sdk_errors::port_error;

const INSERT: &str = "write the record";
const READ: &str = "read the record";

const IF_NEW: &str = "attribute_not_exists(#id)";

/// The business records in a DynamoDB table.
///
/// Numbers go through DynamoDB's own: 38 digits, and `1.0` comes back as `1`.
#[derive(Debug, Clone)]
pub struct DynamoRecords {
    client: Client,
    table: String,
}

/// A stored record.
#[derive(Serialize, Deserialize)]
struct RecordItem {
    collection: String,
    id: String,
    body: Value,
}

impl DynamoRecords {
    pub(crate) fn new(client: Client, table: &str) -> Self {
        Self { client, table: table.to_owned() }
    }

    /// ```text
    ///   (none) --- insert ---> the record --- insert: refused, with the record's content
    /// ```
    async fn insert(&self, record: Record) -> Result<Conditional<Value>, PortError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(record_item(INSERT, &record)?))
            .condition_expression(IF_NEW)
            .set_expression_attribute_names(names(["id"]))
            .return_values_on_condition_check_failure(OnRefusal::AllOld);
        match conditional(INSERT, put.send().await)? {
            Ok(_) => Ok(Conditional::Written),
            Err(conflict) => Ok(Conditional::Refused(Self::existing(INSERT, conflict)?)),
        }
    }

    /// The same write as a part of a transaction.
    pub(crate) fn insertion(
        &self,
        action: &'static str,
        record: &Record,
    ) -> Result<PutBuilder, PortError> {
        Ok(Put::builder()
            .table_name(&self.table)
            .set_item(Some(record_item(action, record)?))
            .condition_expression(IF_NEW)
            .set_expression_attribute_names(names(["id"]))
            .return_values_on_condition_check_failure(OnRefusal::AllOld))
    }

    /// The content of the record that is already there.
    pub(crate) fn existing(action: &'static str, conflict: Conflict) -> Result<Value, PortError> {
        let item = conflict.0.ok_or_else(|| unfit(action, "the record was not shown"))?;
        body(action, item)
    }

    async fn get(&self, collection: &str, id: &str) -> Result<Option<Value>, PortError> {
        let get = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("collection", text(collection))
            .key("id", text(id))
            .consistent_read(true);
        let found = get.send().await.map_err(port_error(READ))?;
        found.item.map(|item| body(READ, item)).transpose()
    }
}

impl Records for DynamoRecords {
    fn insert(&self, record: Record) -> BoxFuture<'_, Result<Conditional<Value>, PortError>> {
        Self::insert(self, record).boxed()
    }

    fn get<'a>(
        &'a self,
        collection: &'a str,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Value>, PortError>> {
        Self::get(self, collection, id).boxed()
    }
}

fn record_item(action: &'static str, record: &Record) -> Result<Item, PortError> {
    let Record { collection, id, body } = record.clone();
    to_item(action, &RecordItem { collection, id, body })
}

fn body(action: &'static str, item: Item) -> Result<Value, PortError> {
    from_item(action, item).map(|record: RecordItem| record.body)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_comes_back_as_it_was_written() {
        let written = json!({
            "total": 4200, "currency": "eur", "paid": true, "note": "", "coupon": null,
            "lines": [{"sku": "a", "weight": 0.25}, {"sku": "b", "weight": -3}], "meta": {},
        });
        let record = RecordItem {
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

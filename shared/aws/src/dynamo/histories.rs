//! The ledger, read by people who ask what became of an event.

use aws_sdk_dynamodb::Client;
use hookdock_pipeline::ledger::{EventRecord, EventRef, History};
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::Histories;

use super::item::{from_item, names, text, values};
use super::keys::{EVENT_SORT, partition};
use super::runs::stored_run;
use super::table::Table;
use crate::sdk_errors::port_error;

const READ: &str = "read the event";

/// The ledger in a DynamoDB table, to be read only.
#[derive(Debug, Clone)]
pub struct DynamoHistories {
    table: Table,
}

impl DynamoHistories {
    pub(crate) fn new(client: Client, table: &str) -> Self {
        Self { table: Table::new(client, table) }
    }
}

impl Histories for DynamoHistories {
    async fn history(&self, event: &EventRef) -> Result<Option<History>, PortError> {
        let mut pages = self
            .table
            .query()
            .key_condition_expression("#pk = :pk")
            .set_expression_attribute_names(names(["pk"]))
            .set_expression_attribute_values(values([("pk", text(partition(event)))]))
            .into_paginator()
            .items()
            .send();
        let (mut known, mut runs) = (None, Vec::new());
        while let Some(item) = pages.try_next().await.map_err(port_error(READ))? {
            if item.get("sk") == Some(&text(EVENT_SORT)) {
                known = Some(from_item::<EventRecord>(READ, item)?);
            } else {
                runs.push(stored_run(READ, item)?);
            }
        }
        let known = known.map(EventRecord::known).transpose();
        let known = known.map_err(PortError::invalid(READ))?;
        Ok(known.map(|event| History { event, runs }))
    }
}

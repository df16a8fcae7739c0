//! Runs that wait in the ledger alone, by the time at which they are to be woken.
//!
//! The index is read as it is, which may be a moment ago: whoever reads it looks at the run itself
//! before anything is done ("Global secondary indexes", eventual consistency, read 2026-12).

use hookdock_pipeline::ledger::{RunId, Shard};
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::DueRuns;
use hookdock_signature::EpochMillis;

use super::item::{Item, names, number, text, values};
use super::keys::{due_key, parse_run_id};
use super::ledger::DynamoLedger;
use crate::sdk_errors::port_error;

/// The index of the runs that have a wake. Others are not in it, and cost no write to it.
const BY_DUE: &str = "by_due";

const LIST: &str = "list the runs that are due";

impl DueRuns for DynamoLedger {
    async fn due_runs(
        &self,
        shard: Shard,
        by: EpochMillis,
        most: usize,
    ) -> Result<Vec<RunId>, PortError> {
        let due = self
            .table
            .query()
            .index_name(BY_DUE)
            .consistent_read(false)
            .key_condition_expression("#due_key = :due_key AND #due_at_ms <= :by")
            .set_expression_attribute_names(names(["due_key", "due_at_ms"]))
            .set_expression_attribute_values(values([
                ("due_key", text(due_key(shard))),
                ("by", number(by.get())),
            ]))
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(port_error(LIST))?;
        due.items.unwrap_or_default().iter().map(run_id).collect()
    }
}

fn run_id(item: &Item) -> Result<RunId, PortError> {
    let key = |name| item.get(name).and_then(|value| value.as_s().ok());
    let id = key("pk").zip(key("sk")).and_then(|(pk, sk)| parse_run_id(pk, sk));
    id.ok_or_else(|| PortError::invalid(LIST)("the index names what is no run"))
}

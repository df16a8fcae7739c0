//! The ledger in a DynamoDB table: one item per event, and one per run beside it.
//!
//! | attribute | event | run | |
//! | --- | --- | --- | --- |
//! | `pk` | `event#{endpoint}#{event key}` | the same | an event and its runs lie together |
//! | `sk` | `event` | `run#{job}` | |
//! | `state_key` | | `{state}#{shard}` | index `by_state`, while retrying, waiting, dead or dismissed |
//! | `due_key`, `due_at_ms` | | `due#{shard}`, a time | index `by_due`, while it waits here alone |
//! | `tenant_key` | `{endpoint}#{tenant}` | | index `by_tenant`, if there is a tenant |
//! | `delivery_ids` | the first hundred | | by which a delivery is counted once |
//! | `jobs` | a set | | every job that ever ran for the event, or was about to |
//!
//! The others are those of [`EventRecord`] and [`RunItem`]. The shard is the first digit of the
//! event key: an index takes a thousand writes a second for one key, and all runs of a stack
//! share so few states.
//!
//! What a conditional write met comes back with its refusal, so that the worker that lost knows
//! why without a second call. The SDK repeats a write whose answer was lost; the repetition is
//! refused by what the first one wrote, and recognized by the owner's token in it.

use aws_sdk_dynamodb::Client;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::ledger::{DeliveryRecord, EventRef, Fence, Recorded, Run, RunId};
use hookdock_pipeline::model::names::DeliveryId;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{CommitRefused, Conditional, Ledger, Record};

use super::condition::{conditional, transacted};
use super::events::Events;
use super::item::{names, one_put};
use super::keys::{partition, run_sort};
use super::records::DynamoRecords;
use super::runs::{FENCED, fence_names, fence_values, other_than, run_item, stored_run, swap};
use super::table::Table;
use crate::sdk_errors::port_error;

const RUN: &str = "read the run";
const CLAIM: &str = "claim the run";
const WRITE: &str = "write the run";
const COMMIT: &str = "write the run and the record";

/// The ledger in a DynamoDB table.
#[derive(Debug, Clone)]
pub struct DynamoLedger {
    pub(super) table: Table,
    /// The other half of a commit.
    records: DynamoRecords,
}

impl DynamoLedger {
    pub(crate) fn new(client: Client, table: &str, records: DynamoRecords) -> Self {
        Self { table: Table::new(client, table), records }
    }
}

impl Ledger for DynamoLedger {
    async fn find_pack(
        &self,
        event: &EventRef,
        delivery: &DeliveryId,
    ) -> Result<Option<ObjectKey>, PortError> {
        Events(&self.table).find_pack(event, delivery).await
    }

    async fn record_delivery(&self, delivery: &DeliveryRecord) -> Result<Recorded, PortError> {
        Events(&self.table).record(delivery).await
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        let get = self.table.get([("pk", &partition(&id.event)), ("sk", &run_sort(id))]);
        let item = get.send().await.map_err(port_error(RUN))?.item;
        item.map(|item| stored_run(RUN, item)).transpose()
    }

    /// ```text
    ///   (none) ----- create -----> running
    ///   any state -- create -----> refused, and the stored run says why
    /// ```
    ///
    /// A run that has expired, and that DynamoDB has not removed yet, is refused like any other: the
    /// worker that may claim it does so by `compare_and_swap`.
    async fn create(&self, run: &Run) -> Result<Conditional<Run>, PortError> {
        let put = self
            .table
            .put(run_item(CLAIM, run)?)
            .condition_expression("attribute_not_exists(#pk)")
            .set_expression_attribute_names(names(["pk"]));
        match conditional(CLAIM, put.send().await)? {
            Ok(_) => Ok(Conditional::Written),
            Err(conflict) => other_than(CLAIM, run, conflict),
        }
    }

    /// ```text
    ///   A  create - running(A,1) ------------ (dies) ----- done? refused: owner and attempt are B's
    ///   B                lease over: running(B,2) --- done
    ///   C                lease over: refused: B was faster
    /// ```
    ///
    /// It succeeds as long as nobody has written since the run was read: each claim brings a new
    /// owner and a higher attempt, what the owner itself writes is counted, and the last of it
    /// changes the state.
    async fn compare_and_swap(
        &self,
        from: &Fence,
        to: &Run,
    ) -> Result<Conditional<Run>, PortError> {
        swap(&self.table, WRITE, from, to).await
    }

    /// The SDK gives each such call a token, by which DynamoDB knows its repetition.
    async fn commit(
        &self,
        from: &Fence,
        to: &Run,
        record: &Record,
    ) -> Result<Conditional<CommitRefused>, PortError> {
        let run = self
            .table
            .transacted_put(run_item(COMMIT, to)?)
            .condition_expression(FENCED)
            .set_expression_attribute_names(fence_names())
            .set_expression_attribute_values(fence_values(from));
        let call = self
            .table
            .transaction()
            .transact_items(one_put(COMMIT, run)?)
            .transact_items(one_put(COMMIT, self.records.insertion(COMMIT, record)?)?);
        let Err([run, record]) = transacted(COMMIT, call.send().await)? else {
            return Ok(Conditional::Written);
        };
        match (run, record) {
            (Some(conflict), _) => {
                let other = other_than(COMMIT, to, conflict)?;
                Ok(other.map(|run| CommitRefused::Fenced(Box::new(run))))
            }
            (None, Some(conflict)) => Ok(Conditional::Refused(CommitRefused::RecordExists(
                DynamoRecords::existing(COMMIT, conflict)?,
            ))),
            (None, None) => {
                Err(PortError::invalid(COMMIT)("the transaction was cancelled for no reason"))
            }
        }
    }
}

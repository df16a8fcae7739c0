//! The runs that people look after, by the index `by_state`.
//!
//! The index has their keys alone, spread over sixteen shards, and follows the table by a moment. So
//! the runs are read from the table, and one that has moved since it was indexed is left out.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::Select;
use futures_util::future::try_join_all;
use hookdock_operate::ports::{Attended, RunAt};
use hookdock_pipeline::ledger::{EventRef, Fence, Run, RunId};
use hookdock_pipeline::model::names::{CellName, CellTag};
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use hookdock_pipeline::ports::{Cell, Cells, Conditional};
use hookdock_signature::EpochMillis;

use super::cells;
use super::item::{Item, names, number, text, values};
use super::keys::{partition, run_sort};
use super::runs::{stored_run, swap};
use super::table::Table;
use crate::sdk_errors::port_error;

const LIST: &str = "list the runs";
const COUNT: &str = "count the runs";
const MOVE: &str = "write the run";

/// The first digits of event keys, by which the index is spread.
const SHARDS: &str = "0123456789abcdef";

/// How many items one call reads: what DynamoDB takes (`BatchGetItem`, read 2026-11).
const A_BATCH: usize = 100;

/// How often keys are asked for again that a call left out.
const TRIES: usize = 5;

/// The runs that people look after, and the cells of what they do.
#[derive(Debug, Clone)]
pub(crate) struct DynamoAttention {
    table: Table,
}

impl Cells for DynamoAttention {
    async fn cell(&self, name: &CellName) -> Result<Option<Cell>, PortError> {
        cells::cell(&self.table, name).await
    }

    async fn swap(
        &self,
        name: &CellName,
        from: Option<&CellTag>,
        to: &Cell,
    ) -> Result<Conditional<Option<Cell>>, PortError> {
        cells::swap(&self.table, name, from, to).await
    }
}

impl DynamoAttention {
    pub(crate) fn new(client: Client, table: &str) -> Self {
        Self { table: Table::new(client, table) }
    }

    pub(crate) async fn runs(
        &self,
        state: Attended,
        before: Option<&RunAt>,
        most: usize,
    ) -> Result<Vec<Run>, PortError> {
        let mut before = before.cloned();
        loop {
            let shards =
                SHARDS.chars().map(|shard| self.shard(state, shard, before.as_ref(), most));
            let mut places = try_join_all(shards).await?.concat();
            places.sort_unstable_by(|one, other| other.cmp(one));
            places.truncate(most);
            let runs = self.read(state, &places).await?;
            if places.is_empty() || !runs.is_empty() {
                return Ok(runs);
            }
            before = places.pop();
        }
    }

    /// The places of one shard, the newest first.
    async fn shard(
        &self,
        state: Attended,
        shard: char,
        before: Option<&RunAt>,
        most: usize,
    ) -> Result<Vec<RunAt>, PortError> {
        let newest = before.map_or(i64::MAX, |before| before.at.get());
        let mut pages = self
            .table
            .index("by_state")
            .key_condition_expression(
                "#state_key = :state_key AND #updated_at_ms <= :updated_at_ms",
            )
            .set_expression_attribute_names(names(["state_key", "updated_at_ms"]))
            .set_expression_attribute_values(values([
                ("state_key", text(format!("{}#{shard}", state.name()))),
                ("updated_at_ms", number(newest)),
            ]))
            .scan_index_forward(false)
            .into_paginator()
            .items()
            .send();
        let mut places = Vec::new();
        while let Some(item) = pages.try_next().await.map_err(port_error(LIST))? {
            let place = place(&item)
                .ok_or_else(|| PortError::invalid(LIST)("a key of the index is not ours"))?;
            // Several runs of one millisecond come in the order of their keys, which is not ours.
            if places.len() >= most && places.last().is_some_and(|last: &RunAt| place.at < last.at)
            {
                break;
            }
            if before.is_none_or(|before| place < *before) {
                places.push(place);
            }
        }
        Ok(places)
    }

    async fn read(&self, state: Attended, places: &[RunAt]) -> Result<Vec<Run>, PortError> {
        let mut runs = Vec::new();
        for some in places.chunks(A_BATCH) {
            let mut keys: Vec<Item> = some.iter().map(|place| key(&place.run)).collect();
            for _ in 0..TRIES {
                let batch = self.table.batch(keys).map_err(PortError::invalid(LIST))?;
                let answer = batch.send().await.map_err(port_error(LIST))?;
                for item in answer.responses.into_iter().flatten().flat_map(|(_, items)| items) {
                    runs.push(stored_run(LIST, item)?);
                }
                let left = answer.unprocessed_keys.into_iter().flatten();
                keys = left.flat_map(|(_, left)| left.keys).collect();
                if keys.is_empty() {
                    break;
                }
            }
            if !keys.is_empty() {
                return Err(PortError::new(LIST, PortErrorKind::Throttled));
            }
        }
        let is_there =
            |run: &Run| run.state.name() == state.name() && places.contains(&RunAt::of(run));
        runs.retain(is_there);
        runs.sort_unstable_by(|one, other| RunAt::of(other).cmp(&RunAt::of(one)));
        Ok(runs)
    }

    pub(crate) async fn count(&self, state: Attended) -> Result<u64, PortError> {
        let counts = SHARDS.chars().map(async |shard| {
            let mut pages = self
                .table
                .index("by_state")
                .select(Select::Count)
                .key_condition_expression("#state_key = :state_key")
                .set_expression_attribute_names(names(["state_key"]))
                .set_expression_attribute_values(values([(
                    "state_key",
                    text(format!("{}#{shard}", state.name())),
                )]))
                .into_paginator()
                .send();
            let mut count = 0_u64;
            while let Some(page) = pages.try_next().await.map_err(port_error(COUNT))? {
                count = count.saturating_add(u64::try_from(page.count).unwrap_or_default());
            }
            Ok::<_, PortError>(count)
        });
        Ok(try_join_all(counts).await?.into_iter().sum())
    }

    pub(crate) async fn move_run(
        &self,
        from: &Fence,
        to: &Run,
    ) -> Result<Conditional<Run>, PortError> {
        swap(&self.table, MOVE, from, to).await
    }
}

fn key(run: &RunId) -> Item {
    let parts = [("pk", partition(&run.event)), ("sk", run_sort(run))];
    parts.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect()
}

/// The place that an item of the index stands for.
fn place(item: &Item) -> Option<RunAt> {
    let (endpoint, key) = item.get("pk")?.as_s().ok()?.strip_prefix("event#")?.split_once('#')?;
    let job = item.get("sk")?.as_s().ok()?.strip_prefix("run#")?;
    let at: i64 = item.get("updated_at_ms")?.as_n().ok()?.parse().ok()?;
    let event = EventRef { endpoint: endpoint.parse().ok()?, key: key.parse().ok()? };
    Some(RunAt { at: EpochMillis::new(at), run: RunId { event, job: job.parse().ok()? } })
}

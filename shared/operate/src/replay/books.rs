//! What is kept of an operation: a plan that never changes and its items, a report that only grows,
//! and one cell that says how far it is.
//!
//! ```text
//! operations/2026/12/01/15/op_0193.../plan.json
//!                                    /items-00000.jsonl      a thousand items each
//!                                    /report-000000.jsonl    what became of some, as it was noted
//! ```

use std::time::Duration;

use bytes::Bytes;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::model::names::{CellName, CellTag, OperationId};
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::{Cell, Conditional};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::account::time;
use crate::operator::Operator;
use crate::outcome::Outcome;
use crate::ports::Place;
use crate::replay::plan::{Plan, PlanItem};
use crate::replay::state::{Drive, Progress};
use crate::trouble::{Code, Trouble};

/// How many items an object holds.
const AN_OBJECT: usize = 1000;

/// How long it is kept how far an operation is: as long as deliveries are by default.
const LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportLine {
    /// Its place in the plan, from 0.
    pub item: u64,
    /// The endpoint.
    pub endpoint: String,
    /// The event key.
    pub key: String,
    /// The job; nothing where all that match were meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

impl<P: Place, S: System> Operator<P, S> {
    pub(super) async fn keep_plan(
        &self,
        id: &OperationId,
        plan: &Plan,
        items: &[PlanItem],
    ) -> Result<(), Trouble> {
        for (number, items) in items.chunks(AN_OBJECT).enumerate() {
            self.write(&object(id, &format!("items-{number:05}.jsonl")), lines(items)).await?;
        }
        // Last: a plan whose items are not all there is none.
        let plan = serde_json::to_vec(plan).unwrap_or_default();
        self.write(&object(id, "plan.json"), plan.into()).await?;
        Ok(())
    }

    async fn write(&self, object: &ObjectKey, bytes: Bytes) -> Result<Conditional<()>, Trouble> {
        Ok(self.place.keep(object, bytes).await?)
    }

    /// The plan and how far it is, with what its next write has to meet.
    pub(super) async fn open_books(
        &self,
        id: &OperationId,
    ) -> Result<(Plan, Drive, Option<CellTag>), Trouble> {
        let read = self.place.read(&object(id, "plan.json")).await?;
        let plan = read.as_deref().and_then(|bytes| serde_json::from_slice(bytes).ok());
        let plan: Plan = plan.ok_or_else(|| {
            let what = format!("there is no operation {id}");
            Trouble::new(Code::NotFound, what, "nothing is stored under its name")
                .next("hookdock replay list")
        })?;
        let cell = self.place.cell(&CellName::of_operation(id)).await?;
        let live = cell.as_ref().and_then(|cell| cell.live(self.now()));
        let drive = live.and_then(|value| serde_json::from_str(value).ok());
        Ok((plan, drive.unwrap_or_default(), cell.map(|cell| cell.tag)))
    }

    /// Writes how far it is.
    ///
    /// # Errors
    ///
    /// Somebody else has written it since it was read.
    pub(super) async fn save(
        &self,
        id: &OperationId,
        drive: &Drive,
        from: Option<&CellTag>,
    ) -> Result<(), Trouble> {
        let cell = Cell {
            tag: CellTag::new(self.system.random()),
            value: serde_json::to_string(drive).unwrap_or_default(),
            expires_at: self.now().plus(LIFE).to_seconds(),
        };
        match self.place.swap(&CellName::of_operation(id), from, &cell).await? {
            Conditional::Written => Ok(()),
            Conditional::Refused(_) => Err(taken(id)),
        }
    }

    /// The items of an operation, which are read as they are asked for.
    pub(super) fn items<'a>(&'a self, id: &'a OperationId) -> Items<'a, P> {
        Items { place: &self.place, id, number: 0, items: None }
    }

    /// Writes the next object of the report. `false`: another driver has written one of that number.
    pub(super) async fn report(
        &self,
        id: &OperationId,
        number: u64,
        report: &[ReportLine],
    ) -> Result<bool, Trouble> {
        let written = self.write(&report_object(id, number), lines(report)).await?;
        Ok(matches!(written, Conditional::Written))
    }

    /// An object of the report, if it is written.
    pub(super) async fn reported(
        &self,
        id: &OperationId,
        number: u64,
    ) -> Result<Option<Vec<ReportLine>>, Trouble> {
        let read = self.place.read(&report_object(id, number)).await?;
        read.map(|bytes| read_lines(&bytes)).transpose()
    }

    /// How far an operation is.
    ///
    /// # Errors
    ///
    /// There is none of that name, or the place cannot be read.
    pub async fn operation(&self, id: &OperationId) -> Result<Progress, Trouble> {
        let (plan, drive, _) = self.open_books(id).await?;
        Ok(drive.progress(plan, self.now()))
    }

    /// What became of its items, as it was noted, of one outcome or of all.
    ///
    /// # Errors
    ///
    /// There is none of that name, or the place cannot be read.
    pub async fn report_of(
        &self,
        id: &OperationId,
        outcome: Option<Outcome>,
    ) -> Result<Vec<ReportLine>, Trouble> {
        let (_, drive, _) = self.open_books(id).await?;
        let mut all = Vec::new();
        for number in 0..drive.reported {
            all.extend(self.reported(id, number).await?.unwrap_or_default());
        }
        all.retain(|line| outcome.is_none_or(|outcome| outcome == line.outcome));
        all.sort_by_key(|line| line.item);
        Ok(all)
    }

    /// The newest operations, the newest first, at most `most`.
    ///
    /// # Errors
    ///
    /// The place cannot be read.
    pub async fn operations(&self, most: usize) -> Result<Vec<Progress>, Trouble> {
        let (mut folders, mut found) = (vec!["operations/".to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            let name = folder.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            if let Ok(id) = name.parse() {
                found.push(self.operation(&id).await?);
                if found.len() >= most {
                    break;
                }
                continue;
            }
            let mut below = self.place.folders(&folder).await?;
            below.sort();
            folders.extend(below.into_iter().map(|name| format!("{folder}{name}/")));
        }
        Ok(found)
    }
}

/// The items of an operation. Neighbours are in one object, so the last object is kept.
pub(super) struct Items<'a, P> {
    place: &'a P,
    id: &'a OperationId,
    number: usize,
    items: Option<Vec<PlanItem>>,
}

impl<P: Place> Items<'_, P> {
    /// The item of that number. `None`: there are not so many.
    pub(super) async fn get(&mut self, item: u64) -> Result<Option<PlanItem>, Trouble> {
        let item = usize::try_from(item).unwrap_or(usize::MAX);
        let (number, at) = (item / AN_OBJECT, item % AN_OBJECT);
        if self.items.is_none() || self.number != number {
            let object = object(self.id, &format!("items-{number:05}.jsonl"));
            let Some(bytes) = self.place.read(&object).await? else { return Ok(None) };
            (self.number, self.items) = (number, Some(read_lines(&bytes)?));
        }
        Ok(self.items.as_ref().and_then(|items| items.get(at)).cloned())
    }
}

/// Why nothing was written: somebody else has.
pub(super) fn taken(id: &OperationId) -> Trouble {
    let what = format!("operation {id} was left as it is");
    Trouble::new(Code::PlanTaken, what, "somebody else drives it, or has changed it just now")
        .next(format!("hookdock replay show {id}"))
}

fn object(id: &OperationId, name: &str) -> ObjectKey {
    let hour = time(id.begun_at()).strftime("%Y/%m/%d/%H");
    ObjectKey::listed(format!("operations/{hour}/{id}/{name}"))
}

fn report_object(id: &OperationId, number: u64) -> ObjectKey {
    object(id, &format!("report-{number:06}.jsonl"))
}

fn lines<T: Serialize>(items: &[T]) -> Bytes {
    let lines = items.iter().map(|item| serde_json::to_string(item).unwrap_or_default() + "\n");
    lines.collect::<String>().into()
}

fn read_lines<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<T>, Trouble> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let read: Result<_, _> = lines.map(serde_json::from_slice).collect();
    read.map_err(|error| {
        PortError::new("read the operation", PortErrorKind::Invalid).with_source(error).into()
    })
}

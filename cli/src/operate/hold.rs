//! `hookdock hold`: runs are left waiting for a while.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use hookdock_operate::{HoldAccount, HoldOrder, Pace, Progress, TurnOrder};
use hookdock_pipeline::model::names::OperationId;
use serde_json::json;

use super::common::Common;
use super::look::Look;
use super::select::Span;
use super::table::table;
use super::{progress, replay};
use crate::exit;
use crate::output::safe;

/// With more runs than that, a release asks before they go on.
const AT_ONCE: u64 = 100;

/// The arguments of `hookdock hold`.
#[derive(Debug, Args)]
pub struct HoldArguments {
    #[command(subcommand)]
    command: HoldCommand,
}

#[derive(Debug, Subcommand)]
enum HoldCommand {
    /// Leave new and waiting runs waiting; ingest goes on, and no attempt is used
    #[command(
        after_help = "Example:\n  hookdock hold add --job fulfil_order --for 2h --because 'the CRM moves'"
    )]
    Add(Box<Add>),
    /// List the holds
    List(Plain),
    /// End a hold; what waits for it goes on
    Release(Release),
}

#[derive(Debug, Args)]
struct Plain {
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Release {
    #[command(flatten)]
    common: Common,
    /// The hold
    #[arg(value_name = "HOLD")]
    id: OperationId,
}

#[derive(Debug, Args)]
struct Add {
    #[command(flatten)]
    common: Common,
    /// Runs of this endpoint
    #[arg(long)]
    endpoint: Option<String>,
    /// Runs of this tenant
    #[arg(long)]
    tenant: Option<String>,
    /// Runs of events of this type: a name, or its beginning and *
    #[arg(long = "type", value_name = "PATTERN")]
    event_type: Option<String>,
    /// Runs of this job
    #[arg(long)]
    job: Option<String>,
    /// All runs
    #[arg(long)]
    all: bool,
    /// For how long: 30m, 2h, 3d
    #[arg(long = "for", value_name = "TIME")]
    time: Span,
    /// Why
    #[arg(long, value_name = "TEXT")]
    because: String,
}

impl HoldArguments {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            HoldCommand::Add(add) => add.run().await,
            HoldCommand::List(Plain { common }) => {
                let answer = common.open().await?.get("/holds").await?;
                let table = |all: &Vec<_>, look| rows(all, look);
                common.print(&answer, table, |all| {
                    all.iter().map(|hold| hold.id.clone()).collect()
                })?;
                Ok(exit::DONE)
            }
            HoldCommand::Release(release) => release.run().await,
        }
    }
}

impl Add {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let Self { common, endpoint, tenant, event_type, job, all, time, because } = self;
        let order = HoldOrder {
            endpoint,
            tenant,
            event_type,
            job,
            all,
            seconds: time.seconds().into(),
            reason: because,
        };
        let api = common.open().await?;
        let answer = api.post("/holds", &serde_json::to_value(order)?).await?;
        let table = |hold: &HoldAccount, look| rows(std::slice::from_ref(hold), look);
        let hold = common.print(&answer, table, |hold| vec![hold.id.clone()])?;
        common.say(&format!("Next: hookdock hold release {}", hold.id));
        Ok(exit::DONE)
    }
}

impl Release {
    /// What waits goes on at once, unless it is much: then it is a plan like any other.
    async fn run(self) -> anyhow::Result<ExitCode> {
        let Self { common, id } = self;
        let api = common.open().await?;
        common.say("workers are told, which takes six seconds");
        let answer = api.post(&format!("/holds/{id}/release"), &json!({})).await?;
        let planned: Progress = serde_json::from_slice(&answer)?;
        let (plan, items) = (&planned.plan.id, planned.plan.items);
        if items == 0 || AT_ONCE < items {
            common.print(&answer, progress::progress, |_: &Progress| vec![plan.clone()])?;
            if items > 0 {
                common.say(&format!("Next: hookdock replay run {plan}"));
            }
            return Ok(exit::DONE);
        }
        let pace = Pace { canary: false, per_minute: 1200, ..Pace::default() };
        let order = TurnOrder { confirm: Some(items), pace: Some(pace), ..TurnOrder::default() };
        let id: OperationId = plan.parse()?;
        api.post(&format!("/replays/{id}/run"), &serde_json::to_value(order)?).await?;
        replay::drive(&common, &api, &id).await
    }
}

fn rows(holds: &[HoldAccount], look: Look) -> String {
    let row = |hold: &HoldAccount| {
        let HoldOrder { endpoint, tenant, event_type, job, reason, .. } = &hold.scope;
        let named =
            [("endpoint", endpoint), ("tenant", tenant), ("type", event_type), ("job", job)];
        let scope = named.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let scope: Vec<String> =
            scope.map(|(name, value)| format!("{name} {}", safe(value))).collect();
        let scope = if scope.is_empty() { "all".to_owned() } else { scope.join(", ") };
        vec![hold.id.clone(), look.time(hold.until), scope, safe(&hold.by), safe(reason)]
    };
    let rows: Vec<Vec<String>> = holds.iter().map(row).collect();
    table(&["HOLD", "UNTIL", "WHAT", "BY", "WHY"], &rows, &[2, 3, 4], look)
}

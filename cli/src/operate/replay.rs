//! `hookdock replay`: many runs are planned, then set going at a pace.
//!
//! The command drives the operation itself, one step each second, on one machine and on AWS alike.
//! Interrupted, it pauses it; killed, it leaves it to `replay continue`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use clap::{Args, Subcommand};
use hookdock_operate::{Code, Pace, Phase, Progress, ReportLine, TurnOrder};
use hookdock_pipeline::model::names::{OperationId, Owner};
use hookdock_pipeline::model::system::System as _;
use serde_json::json;
use tokio::time::sleep;

use super::common::{Common, is_confirmed};
use super::pace::PaceArguments;
use super::place::{Api, Refusal};
use super::progress;
use super::select::SelectionArguments;
use crate::exit;
use crate::output::safe;

/// How long an operation that was cancelled is watched for what is under way.
const LAST_LOOKS: usize = 10;

/// The arguments of `hookdock replay`.
#[derive(Debug, Args)]
pub struct Replay {
    #[command(subcommand)]
    command: ReplayCommand,
}

#[derive(Debug, Subcommand)]
enum ReplayCommand {
    /// Count what is meant, and keep it as a plan; nothing runs
    #[command(
        after_help = "Example:\n  hookdock replay plan --state dead --since 2h --because 'the CRM is back'"
    )]
    Plan(Box<PlanArguments>),
    /// Send what a plan has, the first alone
    Run(RunArguments),
    /// Send nothing until it is continued
    Pause(Named),
    /// Go on with what was paused, or whose driver is gone
    Continue(RunArguments),
    /// Send nothing more, for good; what was sent runs
    Cancel(Named),
    /// Show how far an operation is
    Show(Named),
    /// List what became of each item
    Report(ReportArguments),
    /// List the newest operations
    List(Plain),
}

#[derive(Debug, Args)]
struct Plain {
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Named {
    #[command(flatten)]
    common: Common,
    /// The operation
    #[arg(value_name = "OPERATION")]
    id: OperationId,
}

#[derive(Debug, Args)]
struct ReportArguments {
    #[command(flatten)]
    named: Named,
    /// One outcome only, such as `dead` or `changed`
    #[arg(long)]
    outcome: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct PlanArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) selection: SelectionArguments,
    /// From where on the runs go: from the first step that is not saved, from their first step, or
    /// that for runs that are done or ignored, too
    #[arg(long, value_parser = ["resume", "start-over", "again"], default_value = "resume")]
    mode: String,
    /// Under which effect keys; with new ones, everything happens again
    #[arg(long, value_parser = ["same", "new"], default_value = "same")]
    effects: String,
    /// Events that have no run of this job, which was added later
    #[arg(long, value_name = "JOB")]
    job_added: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    because: String,
}

#[derive(Debug, Args)]
struct RunArguments {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    pace: PaceArguments,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Replay {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            ReplayCommand::Plan(arguments) => {
                let plan = arguments.plan().await?;
                let next = format!("Next: hookdock replay run {}", plan.plan.id);
                arguments.common.say(&format!("{next}        (the plan is good for 24 hours)"));
                Ok(exit::DONE)
            }
            ReplayCommand::Run(arguments) => arguments.begin().await,
            ReplayCommand::Continue(arguments) => arguments.go_on().await,
            ReplayCommand::Pause(named) => named.turn("pause").await,
            ReplayCommand::Cancel(named) => named.cancel().await,
            ReplayCommand::Show(named) => {
                let answer = named.common.open().await?.get(&named.path("")).await?;
                show(&named.common, &answer)?;
                Ok(exit::DONE)
            }
            ReplayCommand::Report(arguments) => arguments.report().await,
            ReplayCommand::List(Plain { common }) => {
                let answer = common.open().await?.get("/replays").await?;
                let table = |all: &Vec<_>, look| progress::operations(all, look);
                common.print(&answer, table, |all| {
                    all.iter().map(|one| one.plan.id.clone()).collect()
                })?;
                Ok(exit::DONE)
            }
        }
    }
}

impl PlanArguments {
    /// Makes the plan and shows it.
    pub(super) async fn plan(&self) -> anyhow::Result<Progress> {
        let api = self.common.open().await?;
        let asked = json!({
            "selection": self.selection.members(),
            "mode": self.mode.replace('-', "_"),
            "effects": self.effects,
            "job_added": self.job_added,
            "reason": self.because,
        });
        let answer = api.post("/replays", &asked).await?;
        show(&self.common, &answer)
    }
}

impl Named {
    fn path(&self, rest: &str) -> String {
        format!("/replays/{}{rest}", self.id)
    }

    async fn turn(&self, turn: &str) -> anyhow::Result<ExitCode> {
        let api = self.common.open().await?;
        let path = self.path(&format!("/{turn}"));
        let answer = api.post(&path, &json!({})).await?;
        show(&self.common, &answer)?;
        Ok(exit::DONE)
    }

    /// What is under way is still counted, as far as it ends soon.
    async fn cancel(&self) -> anyhow::Result<ExitCode> {
        let api = self.common.open().await?;
        let mut progress = read(&api.post(&self.path("/cancel"), &json!({})).await?)?;
        let driver = driver();
        for _ in 0..LAST_LOOKS {
            if progress.open == 0 {
                break;
            }
            sleep(Duration::from_secs(1)).await;
            progress = read(&api.post(&self.path("/drive"), &json!({ "driver": driver })).await?)?;
        }
        let answer = api.get(&self.path("")).await?;
        show(&self.common, &answer)?;
        Ok(exit::DONE)
    }
}

impl ReportArguments {
    async fn report(self) -> anyhow::Result<ExitCode> {
        let Self { named, outcome } = self;
        let query = outcome.map(|outcome| format!("?outcome={outcome}")).unwrap_or_default();
        let answer = named.common.open().await?.get(&named.path(&format!("/items{query}"))).await?;
        let table = |all: &Vec<ReportLine>, look| progress::report(all, look);
        named.common.print(&answer, table, |all| {
            all.iter().map(|line| format!("{}/{}", line.endpoint, line.key)).collect()
        })?;
        Ok(exit::DONE)
    }
}

impl RunArguments {
    async fn begin(self) -> anyhow::Result<ExitCode> {
        let Self { named, pace, yes } = self;
        let api = named.common.open().await?;
        begin(&named.common, &api, &named.id, &pace, yes).await
    }

    async fn go_on(self) -> anyhow::Result<ExitCode> {
        let Self { named, pace, yes } = self;
        pace.check(yes)?;
        let api = named.common.open().await?;
        let shown = read(&api.get(&named.path("")).await?)?;
        let order = TurnOrder { pace: pace.over(&shown.pace), ..TurnOrder::default() };
        api.post(&named.path("/continue"), &serde_json::to_value(order)?).await?;
        drive(&named.common, &api, &named.id).await
    }
}

/// Begins a plan, once its number is typed, and drives it to its end.
pub(super) async fn begin(
    common: &Common,
    api: &Api,
    id: &OperationId,
    pace: &PaceArguments,
    yes: bool,
) -> anyhow::Result<ExitCode> {
    pace.check(yes)?;
    let shown = read(&api.get(&format!("/replays/{id}")).await?)?;
    let items = shown.plan.items;
    let what = format!("Set {items} runs going on {}?", safe(&shown.plan.place));
    if !yes && !is_confirmed(&what, items)? {
        return Ok(ExitCode::from(exit::REFUSED));
    }
    let order = TurnOrder {
        confirm: Some(items),
        pace: pace.over(&Pace::default()),
        ..TurnOrder::default()
    };
    api.post(&format!("/replays/{id}/run"), &serde_json::to_value(order)?).await?;
    drive(common, api, id).await
}

/// Drives it until it is finished, paused or cancelled. Interrupted, it is paused.
pub(super) async fn drive(
    common: &Common,
    api: &Api,
    id: &OperationId,
) -> anyhow::Result<ExitCode> {
    let (path, asked) = (format!("/replays/{id}"), json!({ "driver": driver() }));
    let mut said = String::new();
    loop {
        let progress = match api.post(&format!("{path}/drive"), &asked).await {
            Ok(answer) => read(&answer)?,
            // Somebody has turned it meanwhile, or drives it.
            Err(error) if is(&error, Code::PlanTaken) => read(&api.get(&path).await?)?,
            Err(error) => return Err(error),
        };
        let line = progress::line(&progress);
        if line != said {
            common.say(&line);
            said = line;
        }
        if !matches!(progress.phase, Phase::Canary | Phase::Running) {
            let answer = api.get(&path).await?;
            show(common, &answer)?;
            return Ok(ending(common, &progress));
        }
        tokio::select! {
            () = sleep(Duration::from_secs(1)) => {}
            _ = tokio::signal::ctrl_c() => {
                api.post(&format!("{path}/pause"), &json!({ "reason": "interrupted" })).await?;
                common.say(&format!("paused. Next: hookdock replay continue {id}"));
                return Ok(ExitCode::from(exit::INTERRUPTED));
            }
        }
    }
}

fn ending(common: &Common, progress: &Progress) -> ExitCode {
    let id = &progress.plan.id;
    if progress.phase == Phase::Paused {
        common.say(&format!("Next: hookdock replay report {id}, then replay continue {id}"));
    }
    let settled = progress.outcomes.keys().all(|outcome| outcome.is_settled());
    match progress.phase == Phase::Finished && settled {
        true => exit::DONE,
        false => ExitCode::from(exit::PARTLY),
    }
}

fn show(common: &Common, answer: &Bytes) -> anyhow::Result<Progress> {
    common.print(answer, progress::progress, |progress: &Progress| vec![progress.plan.id.clone()])
}

fn is(error: &anyhow::Error, code: Code) -> bool {
    error.downcast_ref::<Refusal>().is_some_and(|Refusal(problem)| problem.code == code)
}

fn read(answer: &[u8]) -> anyhow::Result<Progress> {
    serde_json::from_slice(answer).context("the answer has another form")
}

/// A name that no other driver has.
fn driver() -> String {
    Owner::new(hookdock_embedded::SystemClock.random()).to_string()
}

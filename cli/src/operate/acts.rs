//! The commands that change something. Each act says which state of the event it is about, and is
//! refused if that has changed.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use hookdock_operate::{DeadLetterAccount, Event, Operation, Outcome, Page, Target};
use serde_json::json;

use super::common::{Common, is_confirmed};
use super::pace::PaceArguments;
use super::place::{Api, Refusal};
use super::replay::{self, PlanArguments};
use super::select::SelectionArguments;
use super::table;
use super::views::{EventArguments, List, name};
use crate::output::safe;
use crate::{exit, output};

/// The arguments of `hookdock retry`.
#[derive(Debug, Args)]
pub struct Retry {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    event: EventArguments,
    /// The run of this job only
    #[arg(long)]
    job: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    because: Option<String>,
}

/// The arguments of `hookdock dead`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Dead {
    #[command(subcommand)]
    command: Option<DeadCommand>,
    #[command(flatten)]
    groups: Groups,
}

#[derive(Debug, Subcommand)]
enum DeadCommand {
    /// List dead runs one by one, or with --without-run the dead letters that no run belongs to
    List(DeadList),
    /// Set dead runs going again: plans a replay of them, then runs it
    Redrive(Redrive),
    /// Set dead runs aside
    Dismiss(Acts),
    /// Bring back what was set aside
    Restore(Acts),
}

#[derive(Debug, Args)]
struct Groups {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    selection: SelectionArguments,
    /// By what they are grouped: job, reason, class, message, endpoint, code
    #[arg(long, value_name = "KEYS", default_value = "job,reason,class")]
    by: String,
}

#[derive(Debug, Args)]
struct DeadList {
    #[command(flatten)]
    list: List,
    /// Dead letters without a run
    #[arg(long)]
    without_run: bool,
}

#[derive(Debug, Args)]
struct Redrive {
    #[command(flatten)]
    plan: PlanArguments,
    #[command(flatten)]
    pace: PaceArguments,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Redrive {
    async fn run(mut self) -> anyhow::Result<ExitCode> {
        self.plan.selection.state = Some("dead".to_owned());
        let plan = self.plan.plan().await?.plan;
        if plan.items == 0 {
            return Ok(exit::DONE);
        }
        let (common, id) = (&self.plan.common, plan.id.parse()?);
        replay::begin(common, &common.open().await?, &id, &self.pace, self.yes).await
    }
}

/// An act on one event, or on all that are selected.
#[derive(Debug, Args)]
struct Acts {
    #[command(flatten)]
    common: Common,
    /// The event; or say with the flags which are meant
    #[arg(value_name = "ENDPOINT/ID")]
    event: Option<Target>,
    #[command(flatten)]
    selection: SelectionArguments,
    /// Why
    #[arg(long, value_name = "TEXT")]
    because: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Retry {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let Self { common, event: named, job, because } = self;
        let api = common.open().await?;
        let event = named.read(&api).await?;
        let asked = json!({
            "kind": "retry", "endpoint": event.endpoint, "id": event.key, "job": job,
            "reason": because,
        });
        let answer = api.act(&asked, &event.etag).await?;
        let text = |operation: &Operation, _| lines(operation, &name(&event));
        let done = common.print(&answer, text, |operation| {
            operation.items.iter().map(|item| item.job.clone()).collect()
        })?;
        common.say(&format!("Next: hookdock show {}", safe(&name(&event))));
        Ok(ending(&done))
    }
}

fn lines(operation: &Operation, name: &str) -> String {
    let lines = operation.items.iter().map(|item| {
        let outcome = match item.outcome {
            Outcome::Sent => "sent again, from the first step that is not saved".to_owned(),
            Outcome::Dismissed => "set aside".to_owned(),
            Outcome::Restored => "dead again".to_owned(),
            Outcome::Changed => "changed meanwhile; nothing was done".to_owned(),
            other => other.name(),
        };
        format!("{}  {}  {outcome}", safe(name), safe(&item.job))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn ending(operation: &Operation) -> ExitCode {
    match operation.items.iter().any(|item| item.outcome == Outcome::Changed) {
        true => ExitCode::from(exit::PARTLY),
        false => exit::DONE,
    }
}

impl Dead {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            None => self.groups.run().await,
            Some(DeadCommand::List(list)) => list.run().await,
            Some(DeadCommand::Redrive(redrive)) => redrive.run().await,
            Some(DeadCommand::Dismiss(acts)) => acts.run("dismiss", "dead").await,
            Some(DeadCommand::Restore(acts)) => acts.run("restore", "dismissed").await,
        }
    }
}

impl Groups {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let Self { common, selection, by } = self;
        let api = common.open().await?;
        let answer = api.get(&selection.query("/dead", &[("by", Some(by.clone()))])).await?;
        let show = |dead: &_, look| table::dead(dead, &by, look);
        let dead: hookdock_operate::Dead = common.print(&answer, show, |dead| {
            dead.groups.iter().map(|group| group.runs.to_string()).collect()
        })?;
        let more = if dead.complete { "" } else { ", and older ones" };
        common.say(&format!(
            "{} dead runs{more}. Without a run: hookdock dead list --without-run",
            dead.runs
        ));
        Ok(exit::DONE)
    }
}

impl DeadList {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let Self { mut list, without_run } = self;
        if !without_run {
            list.selection.state = Some("dead".to_owned());
            return list.run().await;
        }
        let common = list.common;
        let answer = common.open().await?.get("/dead-letters").await?;
        let line = |dead: &DeadLetterAccount| {
            let DeadLetterAccount { id, reason, message, endpoint, delivery } = dead;
            let words =
                [Some(id), Some(reason), endpoint.as_ref(), delivery.as_ref(), message.as_ref()];
            words.into_iter().flatten().map(|word| safe(word)).collect::<Vec<_>>().join("  ")
        };
        common.print(
            &answer,
            |all: &Vec<_>, _| all.iter().map(line).collect::<Vec<_>>().join("\n"),
            |all| all.iter().map(|dead| dead.id.clone()).collect(),
        )?;
        Ok(exit::DONE)
    }
}

impl Acts {
    async fn run(mut self, act: &str, state: &str) -> anyhow::Result<ExitCode> {
        let api = self.common.open().await?;
        if self.event.is_none() && self.selection.is_empty() {
            bail!("say which: ENDPOINT/ID, or a filter such as --job or --since");
        }
        let mut events = match &self.event {
            Some(event) => {
                let tenant = self.selection.tenant.clone();
                vec![EventArguments { event: event.clone(), tenant }.read(&api).await?]
            }
            None => {
                self.selection.state = Some(state.to_owned());
                self.selected(&api).await?
            }
        };
        events.dedup_by(|one, other| one.key == other.key && one.endpoint == other.endpoint);
        if self.event.is_none() && !self.is_wanted(act, events.len())? {
            return Ok(ExitCode::from(exit::REFUSED));
        }
        let (mut done, mut failed) = (0_usize, 0_usize);
        for event in &events {
            match self.one(&api, act, event).await {
                Ok(operation) => {
                    output::print(&lines(&operation, &name(event)))?;
                    done = done.saturating_add(1);
                }
                Err(error) if self.event.is_none() && error.is::<Refusal>() => {
                    output::eprintln(&format!("hookdock: {}: {error}", safe(&name(event))));
                    failed = failed.saturating_add(1);
                }
                Err(error) => return Err(error),
            }
        }
        self.common.say(&format!("{done} done, {failed} left as they are"));
        Ok(if failed > 0 { ExitCode::from(exit::PARTLY) } else { exit::DONE })
    }

    async fn selected(&self, api: &Api) -> anyhow::Result<Vec<Event>> {
        let (mut events, mut cursor) = (Vec::new(), None);
        loop {
            let more = [("limit", Some("1000".to_owned())), ("cursor", cursor)];
            let answer = api.get(&self.selection.query("/events", &more)).await?;
            let page: Page<Event> = serde_json::from_slice(&answer)?;
            events.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                return Ok(events);
            }
        }
    }

    /// What was counted is what is acted on: the list is made, and each of its events has to be as
    /// it was.
    fn is_wanted(&self, act: &str, count: usize) -> anyhow::Result<bool> {
        let what = format!("{act} the runs of {count} events?");
        Ok(self.yes || count == 0 || is_confirmed(&what, count as u64)?)
    }

    async fn one(&self, api: &Api, act: &str, event: &Event) -> anyhow::Result<Operation> {
        let asked = json!({
            "kind": act, "endpoint": event.endpoint, "id": event.key, "reason": self.because,
            "job": self.selection.job(),
        });
        Ok(serde_json::from_slice(&api.act(&asked, &event.etag).await?)?)
    }
}

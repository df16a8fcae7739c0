//! What an operator looks at and does. Each command asks the API of one place and shows what it
//! answers; `-o json` prints that answer as it is.

mod account;
mod acts;
mod audit;
pub(crate) mod common;
mod explain;
pub(crate) mod follow;
mod hold;
pub(crate) mod look;
mod pace;
pub(crate) mod place;
mod progress;
mod replay;
pub(crate) mod running;
pub(crate) mod select;
pub(crate) mod table;
mod views;

use std::process::ExitCode;

use clap::Subcommand;
use hookdock_operate::Code;

use self::place::Refusal;
use crate::{exit, output};

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List events, the newest first
    #[command(after_help = "Example:\n  hookdock list --state dead --since 2h")]
    List(views::List),
    /// Show what happened to an event: its delivery, attempts and steps, and what is next
    #[command(after_help = "Example:\n  hookdock show stripe/evt_1 --data ./data")]
    #[command(visible_alias = "inspect")]
    Show(views::Show),
    /// Print the body of a delivery, its headers, or a command that sends it again
    #[command(after_help = "Example:\n  hookdock body stripe/evt_1")]
    Body(views::Body),
    /// Compare the bodies of two events
    #[command(after_help = "Example:\n  hookdock diff stripe/evt_1 stripe/evt_2 --ignore /created")]
    Diff(views::Diff),
    /// Find whatever has an id: a delivery, an event key, a provider's id, at any endpoint
    #[command(after_help = "Example:\n  hookdock find evt_1")]
    Find(views::Find),
    /// Set a dead event going again, or one that waits for its next attempt
    #[command(after_help = "Example:\n  hookdock retry stripe/evt_1")]
    Retry(acts::Retry),
    /// Look at dead runs in groups; set them aside and bring them back
    #[command(
        after_help = "Example:\n  hookdock dead --by job,message\n  hookdock dead dismiss stripe/evt_1 --because 'a test order'"
    )]
    Dead(Box<acts::Dead>),
    /// Leave runs waiting for a while: add, list, release
    Hold(hold::HoldArguments),
    /// Set many runs going again: plan, run, pause, continue, cancel, report
    Replay(Box<replay::Replay>),
    /// Count what came in against what became of it: is anything missing?
    #[command(after_help = "Example:\n  hookdock audit --since 24h --include-open")]
    Audit(audit::AuditArguments),
    /// Explain why `hookdock dev` refused a request; without a number, list those it refused
    #[command(after_help = "Example:\n  hookdock explain last")]
    Explain(explain::Explain),
    /// List the endpoints
    #[command(after_help = "Example:\n  hookdock endpoints --data ./data")]
    Endpoints(views::Plain),
    /// Show on one screen how the place is
    #[command(after_help = "Example:\n  hookdock status --data ./data")]
    Status(views::Plain),
}

/// Runs the command.
///
/// # Errors
///
/// The place cannot be asked, or the answer not be printed.
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let done = match command {
        Command::List(arguments) => arguments.run().await,
        Command::Show(arguments) => arguments.run().await,
        Command::Body(arguments) => arguments.run().await,
        Command::Diff(arguments) => arguments.run().await,
        Command::Find(arguments) => arguments.run().await,
        Command::Retry(arguments) => arguments.run().await,
        Command::Dead(arguments) => Box::pin(arguments.run()).await,
        Command::Hold(arguments) => arguments.run().await,
        Command::Replay(arguments) => Box::pin(arguments.run()).await,
        Command::Audit(arguments) => arguments.run().await,
        Command::Explain(arguments) => arguments.run().await,
        Command::Endpoints(arguments) => arguments.endpoints().await,
        Command::Status(arguments) => arguments.status().await,
    };
    refusals(done)
}

/// What the API refused is said with its reason, and has an exit code of its own.
///
/// # Errors
///
/// Any other error.
pub fn refusals(done: anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    done.or_else(|error| match error.downcast::<Refusal>() {
        Ok(Refusal(problem)) => {
            output::eprintln(&refusal(&problem));
            Ok(ExitCode::from(code(problem.code)))
        }
        Err(error) => Err(error),
    })
}

/// What, why, and what next.
fn refusal(problem: &hookdock_console::Problem) -> String {
    let mut lines = vec![format!("hookdock: {}", output::safe(&problem.title))];
    lines.push(format!("  why   {}", output::safe(&problem.detail)));
    lines.extend(problem.next.iter().map(|next| format!("  next  {}", output::safe(next))));
    lines.join("\n")
}

fn code(code: Code) -> u8 {
    match code {
        Code::NotFound | Code::BodyGone => exit::NOT_FOUND,
        Code::Changed
        | Code::Running
        | Code::NothingToDo
        | Code::ConfirmMismatch
        | Code::PlanExpired
        | Code::PlanTaken => exit::REFUSED,
        Code::AmbiguousId | Code::BadRequest | Code::CursorMismatch | Code::SelectionEmpty => 2,
        _ => 1,
    }
}

//! `hookdock inspect`: what became of an event.

mod account;
mod delivery;
mod place;
mod runs;
mod target;
mod text;

use std::process::ExitCode;

use clap::Args;
use hookdock_pipeline::model::names::TenantId;

use crate::inspect::account::Account;
use crate::inspect::place::{Place, PlaceArguments};
use crate::inspect::target::Target;
use crate::{exit, output};

const EXAMPLES: &str = "\
Examples:
  hookdock inspect stripe/evt_1 --data ./data
  hookdock inspect github/dlv_0190... --table TABLE --bucket BUCKET";

/// The arguments of `hookdock inspect`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The endpoint and the delivery's id (dlv_...), the event key from a log, or the provider's
    /// id where the provider signs it
    #[arg(value_name = "ENDPOINT/ID")]
    event: Target,
    /// The tenant of the event, for a provider's id at an endpoint with tenants
    #[arg(long)]
    tenant: Option<TenantId>,
    #[command(flatten)]
    place: PlaceArguments,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Prints the account.
///
/// # Errors
///
/// The data cannot be read, or nothing is known of the event.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { event, tenant, place, json } = arguments;
    let account = match Place::open(&place).await? {
        Place::Local(local) => Account::of(&local, &local, &event, tenant.as_ref()).await?,
        #[cfg(feature = "aws")]
        Place::Aws(deliveries, ledger) => {
            Account::of(&deliveries, &ledger, &event, tenant.as_ref()).await?
        }
    };
    let printed = if json { output::print_json(&account) } else { output::print(&account.text()) };
    printed.map(|()| exit::DONE)
}

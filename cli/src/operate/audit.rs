//! `hookdock audit`: whether anything is missing.

use std::process::ExitCode;

use clap::Args;
use hookdock_operate::{Audit, AuditedHour};

use super::common::Common;
use super::look::Look;
use super::select::{Moment, query};
use super::table::table;
use crate::exit;
use crate::output::safe;

/// The arguments of `hookdock audit`.
#[derive(Debug, Args)]
pub struct AuditArguments {
    #[command(flatten)]
    common: Common,
    /// From the hour of this time on: 24h, 3d, today, or 2026-11-30T08:00:00Z
    #[arg(long, value_name = "TIME", default_value = "24h")]
    since: Moment,
    /// Until the hour of this time, which is left out
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    /// Also the hour that has not ended
    #[arg(long)]
    include_open: bool,
}

impl AuditArguments {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let Self { common, since, until, include_open } = self;
        let parameters = [
            ("since", Some(since.to_string())),
            ("until", until.map(|until| until.to_string())),
            ("include_open", include_open.then(|| "true".to_owned())),
        ];
        let answer = common.open().await?.get(&query("/audit", &parameters)).await?;
        let audit = common.print(&answer, shown, |audit: &Audit| audit.missing.clone())?;
        if audit.difference == 0 {
            common.say(&format!("{} deliveries, and none is missing", audit.deliveries));
            return Ok(exit::DONE);
        }
        common.say(&format!("{} of {} deliveries are missing", audit.difference, audit.deliveries));
        common.say(
            "Next: hookdock replay plan --state queued --because 'they never reached a worker'",
        );
        Ok(ExitCode::from(exit::UNHEALTHY))
    }
}

fn shown(audit: &Audit, look: Look) -> String {
    let rows: Vec<Vec<String>> = audit.hours.iter().map(|hour| row(hour, look)).collect();
    let head = ["HOUR", "ENDPOINT", "STORED", "KNOWN", "OPEN", "MISSING", "EVENTS"];
    let hours = table(&head, &rows, &[1, 6], look);
    let missing = audit.missing.iter().map(|name| format!("missing: {}", safe(name)));
    std::iter::once(hours).chain(missing).collect::<Vec<_>>().join("\n")
}

fn row(hour: &AuditedHour, look: Look) -> Vec<String> {
    let states = hour.events.iter().map(|(state, count)| format!("{count} {}", safe(state)));
    let others = [(hour.repeats, "again"), (hour.conflicts, "in conflict")];
    let others = others.into_iter().filter(|(count, _)| *count > 0);
    let events = states.chain(others.map(|(count, what)| format!("{count} {what}")));
    let numbers = [hour.deliveries, hour.known, hour.open, hour.difference];
    let mut row = vec![look.time(hour.hour), safe(&hour.endpoint)];
    row.extend(numbers.map(|number| number.to_string()));
    row.push(events.collect::<Vec<_>>().join(", "));
    row
}

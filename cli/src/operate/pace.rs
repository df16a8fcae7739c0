//! How fast a replay goes, as a person writes it.

use anyhow::ensure;
use clap::Args;
use hookdock_operate::Pace;

/// How fast, and what stops it.
#[derive(Debug, Default, Args)]
pub(super) struct PaceArguments {
    /// How many are sent: 5/s, 100/min; 5/s by default
    #[arg(long, value_parser = rate)]
    rate: Option<u32>,
    /// How many are sent and not decided yet, at most 50; 20 by default
    #[arg(long, value_name = "COUNT")]
    in_flight: Option<u32>,
    /// Whether one goes first, alone: 1 by default, 0 for none, which needs --yes
    #[arg(long, value_name = "0|1", value_parser = clap::value_parser!(u8).range(0..=1))]
    canary: Option<u8>,
    /// How long its end is waited for, in seconds; 600 by default
    #[arg(long, value_name = "SECONDS")]
    canary_wait: Option<u32>,
    /// How many of a hundred may fail, of the last 50; 10 by default
    #[arg(long, value_name = "PERCENT")]
    stop_at: Option<u32>,
}

fn rate(text: &str) -> Result<u32, String> {
    let wrong = || "write 5/s, or 100/min".to_owned();
    let (count, unit) = text.split_once('/').ok_or_else(wrong)?;
    let count: u32 = count.parse().map_err(|_| wrong())?;
    match unit {
        "s" => Ok(count.saturating_mul(60)),
        "min" => Ok(count),
        _ => Err(wrong()),
    }
}

impl PaceArguments {
    /// Refuses a pace that may let all fail at once, unless somebody says yes to that.
    pub(super) fn check(&self, yes: bool) -> anyhow::Result<()> {
        ensure!(
            yes || self.canary != Some(0),
            "without a canary, all may fail at once: say --yes, too"
        );
        Ok(())
    }

    /// The pace that is asked for, in place of that one. `None`: nothing is asked for.
    pub(super) fn over(&self, usual: &Pace) -> Option<Pace> {
        let Self { rate, in_flight, canary, canary_wait, stop_at } = self;
        let asked = [*rate, *in_flight, *canary_wait, *stop_at].iter().any(Option::is_some);
        (asked || canary.is_some()).then(|| Pace {
            per_minute: rate.unwrap_or(usual.per_minute),
            in_flight: in_flight.unwrap_or(usual.in_flight),
            canary: canary.map_or(usual.canary, |canary| canary > 0),
            canary_wait_seconds: canary_wait.unwrap_or(usual.canary_wait_seconds),
            stop_at_percent: stop_at.unwrap_or(usual.stop_at_percent),
        })
    }
}

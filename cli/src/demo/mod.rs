//! `hookdock demo`: the main job on real input, over HTTP, with every outcome checked.

mod cases;
mod outcome;
mod report;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use hookdock_embedded::SystemClock;
use hookdock_https::HttpsProviders;
use hookdock_pipeline::model::retry::RetryPolicy;
use hookdock_pipeline::model::system::System as _;
use indicatif::ProgressBar;
use reqwest::Client;

use crate::demo::cases::{Case, cases, endpoints, registry};
use crate::demo::report::{Answer, Report, Row};
use crate::exit;
use crate::server::{Local, Settings, Stack, WORKERS};

/// How long the demonstration waits for its events to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// Three attempts are enough to show what happens, and take a few seconds.
const POLICY: RetryPolicy = RetryPolicy {
    max_attempts: 3,
    first_wait: Duration::from_secs(1),
    growth: 2,
    longest_wait: Duration::from_secs(2),
    longest_asked: Duration::from_secs(2),
};

const EXAMPLES: &str = "\
Eight webhooks are sent over HTTP: valid, repeated, forged, too old, and one whose job always fails.
Everything is in memory and gone at the end. The exit code is 0 if every outcome is right.

Examples:
  hookdock demo           a table
  hookdock demo --json    the same for a program";

/// The arguments of `hookdock demo`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Runs the demonstration. The exit code is 0 only if every outcome is the right one.
///
/// # Errors
///
/// The local stack cannot be started, or does not answer.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let progress = ProgressBar::new_spinner();
    progress.enable_steady_tick(Duration::from_millis(100));
    let report = demonstrate(&progress).await?;
    progress.finish_and_clear();
    report.print(arguments.json)?;
    Ok(if report.is_right() { exit::DONE } else { exit::FAILED })
}

async fn demonstrate(progress: &ProgressBar) -> anyhow::Result<Report> {
    progress.set_message("starting the local stack");
    let stack = Stack::open(Settings {
        endpoints: endpoints()?,
        registry: registry(),
        policy: POLICY,
        providers: Arc::new(HttpsProviders::new(SystemClock)),
        data: None,
        public_url: None,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        workers: WORKERS,
        chaos: None,
    })
    .await?;
    let (local, stopper, address) = (stack.local(), stack.stopper(), stack.address()?);
    let server = tokio::spawn(stack.run());
    let sent = send_all(address, progress).await?;
    wait_until_ended(&local, &sent, progress).await?;
    let report = Report::of(&local, &sent)?;
    stopper.stop();
    server.await?;
    Ok(report)
}

async fn send_all(
    address: SocketAddr,
    progress: &ProgressBar,
) -> anyhow::Result<Vec<(Case, Answer)>> {
    let client = Client::new();
    let mut sent = Vec::new();
    for case in cases(SystemClock.now())? {
        progress.set_message(format!("sending {}", case.title));
        let answer = send(&client, address, &case).await?;
        sent.push((case, answer));
    }
    Ok(sent)
}

async fn send(client: &Client, address: SocketAddr, case: &Case) -> anyhow::Result<Answer> {
    let mut request = client.post(format!("http://{address}{}", case.path));
    for (name, value) in &case.headers {
        request = request.header(name, value);
    }
    Ok(Answer::of(&request.body(case.body.clone()).send().await?))
}

async fn wait_until_ended(
    local: &Local,
    sent: &[(Case, Answer)],
    progress: &ProgressBar,
) -> anyhow::Result<()> {
    let deadline = SystemClock.now().plus(PATIENCE);
    while SystemClock.now() < deadline {
        let open = open_cases(local, sent)?;
        if open.is_empty() && local.backlog()? == 0 {
            break;
        }
        progress.set_message(format!("waiting for {}", open.join(", ")));
        SystemClock.sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn open_cases(local: &Local, sent: &[(Case, Answer)]) -> anyhow::Result<Vec<&'static str>> {
    let mut open = Vec::new();
    for (case, answer) in sent {
        if !Row::of(local, case, answer)?.has_ended() {
            open.push(case.title);
        }
    }
    Ok(open)
}

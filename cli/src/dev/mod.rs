//! `hookdock dev`: the whole loop on this machine.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use hookdock_embedded::{EndpointFile, SystemClock};
use hookdock_https::HttpsProviders;
use hookdock_pipeline::endpoint::Endpoint;
use hookdock_pipeline::job::Registry;
use hookdock_pipeline::retry::RetryPolicy;
use hookdock_signature::Trust;

use crate::local::{Settings, Stack, WORKERS};
use crate::{exit, output};

/// The arguments of `hookdock dev`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The endpoints to serve, in TOML; see infra/endpoints.example.toml
    #[arg(long, value_name = "FILE")]
    endpoints: PathBuf,
    /// The settings of the jobs, in TOML; see infra/jobs.example.toml
    #[arg(long, value_name = "FILE")]
    jobs: Option<PathBuf>,
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// Keep the data in this folder; without it, it is in memory and gone at the end
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How many messages are worked on at a time
    #[arg(long, value_name = "COUNT", default_value_t = WORKERS)]
    workers: NonZeroUsize,
}

/// Serves until Ctrl-C.
///
/// # Errors
///
/// The endpoints, the data or the port cannot be used.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let endpoints = EndpointFile::read(&arguments.endpoints).context(
        "the endpoints cannot be used; infra/endpoints.example.toml shows every setting",
    )?;
    let registry = hookdock_jobs::registry_with(jobs(arguments.jobs.as_deref())?);
    check_direct(&endpoints, &registry)?;
    let banner = banner(&endpoints, &arguments);
    let stack = Stack::open(Settings {
        endpoints,
        registry,
        policy: RetryPolicy::default(),
        providers: Arc::new(HttpsProviders::new(SystemClock)),
        data: arguments.data.as_deref(),
        listen: arguments.listen,
        workers: arguments.workers,
    })
    .await?;
    output::eprintln(&format!(
        "Hookdock listens on http://{}. Ctrl-C stops it.\n{banner}",
        stack.address()?
    ));
    let stopper = stack.stopper();
    tokio::spawn(async move {
        asked_to_stop().await;
        output::eprintln("Finishing what is under way ...");
        stopper.stop();
    });
    stack.run().await?;
    Ok(exit::DONE)
}

/// The processor never sees the events of a direct endpoint, so a job for them would never run.
fn check_direct(endpoints: &EndpointFile, registry: &Registry) -> anyhow::Result<()> {
    let direct = endpoints.iter().filter(|endpoint| endpoint.direct().is_some());
    let idle = direct.flat_map(|endpoint| {
        registry.registered_at(endpoint).map(|job| {
            let (job, endpoint) = (job.name(), endpoint.id());
            format!("endpoint {endpoint} is direct, and job {job} would never run for it")
        })
    });
    let idle: Vec<String> = idle.collect();
    anyhow::ensure!(idle.is_empty(), "{}", idle.join("\n"));
    Ok(())
}

/// What the parser says of a value is left out: it can quote a secret.
fn jobs(file: Option<&Path>) -> anyhow::Result<hookdock_jobs::Settings> {
    let Some(file) = file else {
        return Ok(hookdock_jobs::Settings::default());
    };
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("failed to read {}", file.display()))?;
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count().saturating_add(1);
        anyhow::anyhow!(
            "line {line} of {} is not right; infra/jobs.example.toml shows every setting",
            file.display()
        )
    })
}

/// Ctrl-C, or the signal a supervisor sends.
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

fn line(endpoint: &Endpoint) -> String {
    let provider = endpoint.provider();
    let doubt = match provider.trust().scheme {
        Trust::Unconfirmed => ", unconfirmed: try it with a live delivery",
        _ => "",
    };
    let direct = endpoint.direct().map(|direct| format!(", direct: {}", direct.kind()));
    let direct = direct.unwrap_or_default();
    format!("  POST /webhooks/{}  ({}{direct}{doubt})", endpoint.id(), provider.name())
}

fn banner(endpoints: &EndpointFile, arguments: &Arguments) -> String {
    let mut lines: Vec<String> = endpoints.iter().map(line).collect();
    lines.push(match &arguments.data {
        Some(folder) => format!("  data in {}", folder.display()),
        None => "  data in memory, gone at the end (--data DIR keeps it)".to_owned(),
    });
    lines.join("\n")
}

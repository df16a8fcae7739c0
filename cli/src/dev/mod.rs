//! `hookdock dev`: the whole loop on this machine.

mod console;
mod desk;
mod live;
mod settings;
mod stop;

use std::io::{IsTerminal as _, stderr};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use hookdock_embedded::{EndpointFile, SystemClock};
use hookdock_https::HttpsProviders;
use hookdock_pipeline::endpoint::Endpoint;
use hookdock_pipeline::job::Registry;
use hookdock_pipeline::model::public_url::PublicUrl;
use hookdock_pipeline::model::retry::RetryPolicy;
use hookdock_signature::Trust;

use crate::dev::console::{Console, ConsoleArguments};
use crate::dev::desk::Desk;
use crate::dev::live::Form;
use crate::dev::stop::StopSignals;
use crate::operate::look::LookArguments;
use crate::server::{Chaos, Settings, Stack, WORKERS};
use crate::{exit, output};

const EXAMPLES: &str = "\
An endpoints file, which serves POST /webhooks/stripe:
  [endpoints.stripe]
  provider = \"stripe\"
  secrets = [\"whsec_...\"]

Examples:
  hookdock dev --endpoints endpoints.toml --data ./data
  hookdock trigger stripe checkout.session.completed --wait";

/// The arguments of `hookdock dev`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The endpoints to serve, in TOML, such as infra/endpoints.example.toml
    #[arg(long, value_name = "FILE")]
    endpoints: PathBuf,
    /// The settings of the jobs, in TOML, such as infra/jobs.example.toml
    #[arg(long, value_name = "FILE")]
    jobs: Option<PathBuf>,
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// The beginning of the URLs that providers have, such as that of a tunnel
    #[arg(long, value_name = "URL")]
    public_url: Option<PublicUrl>,
    /// Keep the data in this folder; by default it is in memory only
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How many messages are worked on at a time
    #[arg(long, value_name = "COUNT", default_value_t = WORKERS)]
    workers: NonZeroUsize,
    /// Trouble on purpose: duplicate,reorder,delay,kill[:SEED]
    #[arg(long, value_name = "KINDS")]
    chaos: Option<Chaos>,
    /// Write the log instead, as where standard error is a file
    #[arg(short, long)]
    verbose: bool,
    /// In which form each event is told: text or ndjson
    #[arg(short, long, value_enum, hide_possible_values = true, conflicts_with = "verbose")]
    output: Option<Form>,
    #[command(flatten)]
    look: LookArguments,
    #[command(flatten)]
    console: ConsoleArguments,
}

impl Arguments {
    /// Whether it writes the log. Where standard error is a file or a pipe, somebody collects it.
    #[must_use]
    pub fn is_verbose(&self) -> bool {
        self.verbose || (self.output.is_none() && !stderr().is_terminal())
    }

    /// Tells of each event by itself from now on.
    pub fn tell(&self) {
        live::tell(self.output.unwrap_or(Form::Text), self.look.look(true));
    }
}

/// Serves until Ctrl-C.
///
/// # Errors
///
/// The endpoints, the data or the port cannot be used.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let endpoints = settings::endpoints(&arguments.endpoints)?;
    let registry = settings::registry(arguments.jobs.as_deref(), &endpoints)?;
    let banner = banner(&endpoints, &registry, &arguments);
    let stack = Stack::open(Settings {
        endpoints: endpoints.clone(),
        registry,
        policy: RetryPolicy::default(),
        providers: Arc::new(HttpsProviders::new(SystemClock)),
        data: arguments.data.as_deref(),
        public_url: arguments.public_url,
        listen: arguments.listen,
        workers: arguments.workers,
        chaos: arguments.chaos,
    })
    .await?;
    let data = arguments.data.as_deref();
    let (ingest, refusals, webhooks) = (stack.ingest(), stack.refusals(), stack.address()?);
    let desk = Desk { ingest, endpoints, refusals, webhooks };
    let console = Console::open(&arguments.console, stack.local(), desk, data).await?;
    let stop = StopSignals::listen()?;
    output::eprintln(&format!(
        "Hookdock listens on http://{}. Ctrl-C stops it.\n{banner}\n{}",
        stack.address()?,
        console.line
    ));
    let stopper = stack.stopper();
    tokio::spawn(async move {
        stop.received().await;
        output::eprintln("Stopping: the work under way is finished first ...");
        stopper.stop();
    });
    let served = console.serve();
    stack.run().await;
    served.end().await;
    Ok(exit::DONE)
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

fn banner(endpoints: &EndpointFile, registry: &Registry, arguments: &Arguments) -> String {
    let mut lines: Vec<String> = endpoints.iter().map(line).collect();
    lines.extend(settings::unmatched(endpoints, registry));
    lines.extend(arguments.chaos.iter().map(|chaos| format!("  chaos {chaos}")));
    lines.push(match &arguments.data {
        Some(folder) => format!("  data in {}", folder.display()),
        None => "  data in memory, gone at the end (--data DIR keeps it)".to_owned(),
    });
    lines.join("\n")
}

//! The operator's API beside the webhooks, on a port of its own: what a tunnel points at must not
//! lead to it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use hookdock_console::{Guard, api, dev_api, guarded};
use hookdock_embedded::{EndpointFile, SystemClock};
use hookdock_operate::{Configured, Operator};
use hookdock_pipeline::model::system::System as _;
use hookdock_signature::Trust;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::dev::desk::Desk;
use crate::operate::running::{Announced, Running};
use crate::server::Local;

/// How long the last answers may take.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Where the API is, and who acts through it.
#[derive(Debug, Clone, Args)]
pub(super) struct ConsoleArguments {
    /// Where the operator's API listens, here only
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9001")]
    console: SocketAddr,
    /// Where to say that it runs
    #[arg(long, env = "XDG_RUNTIME_DIR", hide = true)]
    runtime_dir: Option<PathBuf>,
    /// Who acts
    #[arg(long, env = "USER", hide = true, default_value = "unknown")]
    actor: String,
}

/// The API, ready to answer.
pub(super) struct Console {
    listener: TcpListener,
    router: axum::Router,
    announced: Announced,
    pub(super) line: String,
}

/// The API, answering.
pub(super) struct Served {
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
    _announced: Announced,
}

impl Console {
    /// Takes the port, and says where it is in files that only this user can read.
    pub(super) async fn open(
        arguments: &ConsoleArguments,
        local: Local,
        desk: Desk,
        data: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let wanted = arguments.console;
        ensure!(
            wanted.ip().is_loopback(),
            "--console {wanted} is not on this machine; an SSH tunnel leads to 127.0.0.1: \
             ssh -L {0}:127.0.0.1:{0} HOST",
            wanted.port()
        );
        let free = SocketAddr::new(wanted.ip(), 0);
        let listener = match TcpListener::bind(wanted).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind(free).await.context("no port is free for the API")?,
        };
        let address = listener.local_addr()?;
        let token = format!("{:032x}{:032x}", SystemClock.random(), SystemClock.random());
        let url = format!("http://{address}");
        let running = Running { version: 1, url: url.clone(), token: token.clone() };
        let announced = running.announce(arguments.runtime_dir.as_deref(), data);
        let operator = Operator {
            place: local,
            name: format!("dev at {url}"),
            actor: arguments.actor.clone(),
            configured: configured(&desk.endpoints),
            system: SystemClock,
        };
        let router = api(operator).merge(dev_api(Arc::new(desk)));
        let router = guarded(router, Guard::new(address.port(), &token));
        let taken = match wanted.port() {
            0 => String::new(),
            port if port == address.port() => String::new(),
            port => format!(", for {port} is taken"),
        };
        let line =
            format!("  operator's API {url}{taken}: hookdock list, show, retry, dead, status");
        Ok(Self { listener, router, announced, line })
    }

    /// Answers from now on.
    pub(super) fn serve(self) -> Served {
        let Self { listener, router, announced, .. } = self;
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            let stopped = async move { drop(stopped.await) };
            let served = axum::serve(listener, router).with_graceful_shutdown(stopped);
            if let Err(error) = served.await {
                tracing::error!(%error, "the operator's API has stopped");
            }
        });
        Served { stop, server, _announced: announced }
    }
}

impl Served {
    /// Gives the last answers a little time.
    pub(super) async fn end(self) {
        self.stop.send(()).ok();
        drop(tokio::time::timeout(LAST_ANSWERS, self.server).await);
    }
}

/// What the settings say of the endpoints; nothing of their secrets.
fn configured(endpoints: &EndpointFile) -> Vec<Configured> {
    let endpoints = endpoints.iter().map(|endpoint| Configured {
        endpoint: endpoint.id().to_string(),
        provider: endpoint.provider().name().to_owned(),
        path: format!("/webhooks/{}", endpoint.id()),
        trust: match endpoint.provider().trust().scheme {
            Trust::Unconfirmed => "unconfirmed",
            _ => "confirmed",
        }
        .to_owned(),
        direct: endpoint.direct().map(|direct| direct.kind().to_owned()),
    });
    endpoints.collect()
}

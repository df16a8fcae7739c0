//! The whole of Hookdock in this process: HTTP in front, the use cases, the embedded adapters.

mod body;
mod chaos;
mod front;
mod maintain;
pub(crate) mod refusals;
mod request;
mod stop;
mod types;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hookdock_embedded::{EndpointFile, KeepingEndpoints, Message, QueueSettings, SystemClock};
use hookdock_https::{Client, Limits, Reach, Trust};
use hookdock_pipeline::ingest::Ingest;
use hookdock_pipeline::job::{Effects, Registry};
use hookdock_pipeline::model::port_error::chain;
use hookdock_pipeline::model::public_url::PublicUrl;
use hookdock_pipeline::model::retry::RetryPolicy;
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::ports::Providers;
use hookdock_pipeline::process;
use hookdock_pipeline::process::{Process, Verdict, Worker};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

pub use crate::server::chaos::Chaos;
use crate::server::front::Front;
use crate::server::maintain::maintain;
use crate::server::refusals::Refusals;
pub use crate::server::stop::Stopper;
use crate::server::stop::{LAST_WORK_TIME, stopped};
pub use crate::server::types::Local;
pub(crate) use crate::server::types::LocalIngest;
use crate::server::types::LocalProcess;

/// How many messages are worked on at a time by default.
pub const WORKERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9);

/// How long a worker has for one message: the default of `template.yaml`.
const WORK_TIME: Duration = Duration::from_secs(60);

/// What a stack is made of.
#[derive(Debug)]
pub struct Settings<'a> {
    /// The endpoints.
    pub endpoints: EndpointFile,
    /// The jobs.
    pub registry: Registry,
    /// When a failed attempt is followed by another.
    pub policy: RetryPolicy,
    /// What providers are asked.
    pub providers: Arc<dyn Providers>,
    /// Where to keep the data; in memory if there is no folder.
    pub data: Option<&'a Path>,
    /// The beginning of the URLs that providers have, where it was stated.
    pub public_url: Option<PublicUrl>,
    /// Where to listen.
    pub listen: SocketAddr,
    /// How many messages are worked on at a time.
    pub workers: NonZeroUsize,
    /// Which trouble there is on purpose.
    pub chaos: Option<Chaos>,
}

/// A stack that is ready to serve.
#[derive(Debug)]
pub struct Stack {
    ingest: Arc<LocalIngest>,
    refusals: Arc<Refusals>,
    process: Arc<LocalProcess>,
    local: Local,
    listener: TcpListener,
    workers: NonZeroUsize,
    chaos: Option<Chaos>,
    stop: watch::Sender<bool>,
}

impl Stack {
    /// Opens the data and the port.
    ///
    /// # Errors
    ///
    /// One of them is unavailable.
    pub async fn open(settings: Settings<'_>) -> anyhow::Result<Self> {
        let chaos = settings.chaos;
        let usual = QueueSettings::default();
        let queue = chaos.as_ref().map_or(usual, |chaos| chaos.queue(usual));
        let local = match settings.data {
            None => Local::in_memory(SystemClock, queue)?,
            Some(folder) => Local::on_disk(folder, SystemClock, queue)
                .with_context(|| format!("cannot use {} for the data", folder.display()))?,
        };
        let recovered = local.recover().await.context("cannot use the data")?;
        if recovered > 0 {
            tracing::info!(messages = recovered, "work of a process that died is taken up again");
        }
        let listener = TcpListener::bind(settings.listen).await.with_context(|| {
            format!(
                "cannot listen on {}; --listen 127.0.0.1:0 takes any free port",
                settings.listen
            )
        })?;
        Ok(Self {
            ingest: Arc::new(Ingest {
                endpoints: KeepingEndpoints::new(settings.endpoints, local.clone()),
                intake: local.clone(),
                providers: settings.providers,
                web: Arc::new(web(Limits::OF_DIRECT_WORK)),
                public_url: settings.public_url,
                system: SystemClock,
            }),
            process: Arc::new(Process {
                deliveries: local.clone(),
                messages: local.clone(),
                ledger: local.clone(),
                system: SystemClock,
                effects: Effects { web: Some(Arc::new(web(Limits::OF_JOBS))), ..local.effects() },
                registry: settings.registry,
                settings: process::Settings {
                    policy: settings.policy,
                    ..process::Settings::default()
                },
                worker: Worker::default(),
            }),
            refusals: Arc::default(),
            local,
            listener,
            workers: settings.workers,
            chaos,
            stop: watch::Sender::new(false),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// The operating system does not say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Another handle to the data.
    #[must_use]
    pub fn local(&self) -> Local {
        self.local.clone()
    }

    /// What decides on requests.
    pub(crate) fn ingest(&self) -> Arc<LocalIngest> {
        Arc::clone(&self.ingest)
    }

    /// The requests that it refuses.
    pub(crate) fn refusals(&self) -> Arc<Refusals> {
        Arc::clone(&self.refusals)
    }

    /// The way to stop it.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper::of(self.stop.clone())
    }

    /// Serves and works until it is stopped.
    pub async fn run(self) {
        let maintenance = maintain(self.local.clone(), self.stop.subscribe());
        let maintenance = tokio::spawn(maintenance);
        let Self { process, local, workers, chaos, .. } = self;
        let work = work(process, local, workers, chaos, self.stop.subscribe());
        let workers = tokio::spawn(work);
        Front::of(self.ingest, self.refusals).serve(self.listener, self.stop.subscribe()).await;
        if workers.await.is_err() || maintenance.await.is_err() {
            tracing::error!("the workers or the maintenance ended in a panic");
        }
    }
}

/// On this machine, what listens on this machine may be called.
fn web(limits: Limits) -> Client {
    Client::new(limits, Reach::AlsoPrivate, Trust::platform())
}

/// Takes messages as workers become free, until asked to stop; then gives the work under way a
/// little time. What is cut off comes back when its visibility runs out.
async fn work(
    process: Arc<LocalProcess>,
    local: Local,
    workers: NonZeroUsize,
    chaos: Option<Chaos>,
    mut stop: watch::Receiver<bool>,
) {
    let mut working = JoinSet::new();
    while !*stop.borrow() {
        // Those that shared a commit end together, and what is taken for all of them is one write.
        while working.try_join_next().is_some() {}
        let free = workers.get().saturating_sub(working.len());
        // Not inside the select: a call that is dropped half-way hides messages from everybody.
        for message in take(&local, free, chaos.as_ref()).await {
            working.spawn(handle(Arc::clone(&process), local.clone(), message, chaos.clone()));
        }
        tokio::select! {
            () = arrival(&local), if working.len() < workers.get() => {}
            Some(_) = working.join_next() => {}
            () = stopped(&mut stop) => {}
        }
    }
    let last = async { while working.join_next().await.is_some() {} };
    if timeout(LAST_WORK_TIME, last).await.is_err() {
        tracing::warn!("work was cut off; it comes back when its visibility runs out");
    }
}

async fn take(local: &Local, most: usize, chaos: Option<&Chaos>) -> Vec<Message> {
    let taken = async {
        let messages = local.receive(most).await?;
        match chaos {
            Some(chaos) => chaos.trouble(messages, local).await,
            None => Ok(messages),
        }
    };
    match taken.await {
        Ok(messages) => messages,
        Err(error) => {
            tracing::error!(error = chain(&error), "no messages could be received");
            SystemClock.sleep(Duration::from_secs(1)).await;
            Vec::new()
        }
    }
}

async fn arrival(local: &Local) {
    if let Err(error) = local.wait_for_work(Duration::from_secs(1)).await {
        tracing::error!(error = chain(&error), "the queue could not be watched");
        SystemClock.sleep(Duration::from_secs(1)).await;
    }
}

async fn handle(process: Arc<LocalProcess>, local: Local, message: Message, chaos: Option<Chaos>) {
    let (mut work_time, mut death) = (WORK_TIME, None);
    if let Some(chaos) = &chaos {
        SystemClock.sleep(chaos.delay()).await;
        (work_time, death) = (chaos.work_time(WORK_TIME), chaos.death());
    }
    let received = message.received(SystemClock.now().plus(work_time));
    let worked = process.one(&received);
    let verdict = match death {
        // What was under way is dropped where it stands, as when a process dies.
        Some(after) => timeout(after, worked).await.unwrap_or_else(|_| killed(&message)),
        None => worked.await,
    };
    if verdict == Verdict::Finished
        && let Err(error) = local.delete(&message.receipt).await
    {
        tracing::warn!(error = chain(&error), "a finished message was not deleted");
    }
}

fn killed(message: &Message) -> Verdict {
    tracing::warn!(message.receives = message.receives, "chaos: a worker died in its work");
    Verdict::Again
}

//! The use cases over the embedded adapters, on a clock that jumps when nothing else is to do.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::join_all;
use hookdock_embedded::{
    Embedded, EndpointFile, KeepingEndpoints, Message, QueueSettings, TestSystem,
};
use hookdock_pipeline::delivery::incoming::Incoming;
use hookdock_pipeline::ingest::Ingest;
use hookdock_pipeline::ingest::http::answer;
use hookdock_pipeline::job::{Effects, Registry};
use hookdock_pipeline::ledger::{EventRecord, Run};
use hookdock_pipeline::maintenance::{Maintenance, Woken};
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use hookdock_pipeline::model::retry::RetryPolicy;
use hookdock_pipeline::model::scope::Scope;
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::ports::{ArchiveThenQueue, Providers};
use hookdock_pipeline::process::{Process, Received, Settings, Verdict, Worker};
use hookdock_signature::{EpochMillis, Key, KeyRequest};

use crate::faults::{Faulty, Plan};
use crate::outside::Outside;
use crate::requests::{Draft, ENDPOINTS};

/// The time at which every test begins: 2027-01-15T08:00:00Z.
pub const START: EpochMillis = EpochMillis::new(1_800_000_000_000);

/// Four attempts within seconds.
const POLICY: RetryPolicy = RetryPolicy {
    max_attempts: 4,
    first_wait: Duration::from_secs(2),
    growth: 2,
    longest_wait: Duration::from_secs(900),
    longest_asked: Duration::from_secs(3 * 24 * 60 * 60),
};

/// The embedded adapters on virtual time.
pub type Local = Embedded<TestSystem>;

type TwoStores = ArchiveThenQueue<Faulty<Local>, Faulty<Local>>;
type TestIngest = Ingest<Faulty<KeepingEndpoints<TestSystem>>, TwoStores, TestSystem>;
type TestMaintenance = Maintenance<Faulty<Local>, Faulty<Local>, TestSystem>;
type TestProcess = Process<Faulty<Local>, Faulty<Local>, Faulty<Local>, TestSystem>;

/// For tests whose providers share a secret: nobody is asked anything.
#[derive(Debug)]
pub struct Unasked;

#[async_trait]
impl Providers for Unasked {
    async fn key(&self, _: &Scope, _: &KeyRequest) -> Result<Option<Key>, PortError> {
        Err(PortError::new("ask a provider", PortErrorKind::Unavailable))
    }

    async fn visit(&self, _: &str) -> Result<(), PortError> {
        Err(PortError::new("ask a provider", PortErrorKind::Unavailable))
    }
}

/// The scope of an endpoint's events, or of those of one of its tenants.
///
/// # Panics
///
/// A name does not fit its grammar.
#[must_use]
pub fn scope(endpoint: &str, tenant: Option<&str>) -> Scope {
    Scope::Own {
        endpoint: endpoint.parse().expect("a name"),
        tenant: tenant.map(|tenant| tenant.parse().expect("a name")),
    }
}

/// A whole stack.
#[derive(Debug)]
pub struct Stack {
    /// The ingest use case.
    pub ingest: TestIngest,
    /// The process use case.
    pub process: TestProcess,
    /// The maintenance use case.
    pub maintenance: TestMaintenance,
    /// The data.
    pub local: Local,
    /// The clock.
    pub system: TestSystem,
    /// Which call meets which fault.
    pub plan: Plan,
    /// Who is told of events at direct endpoints.
    pub outside: Outside,
}

impl Stack {
    /// A stack with these jobs. Tests that use it run on Tokio's paused clock.
    ///
    /// # Panics
    ///
    /// The stack cannot be set up.
    #[must_use]
    pub fn with(registry: Registry) -> Self {
        Self::serving(ENDPOINTS, registry)
    }

    /// A stack with these endpoints, written as for `hookdock dev`, and these jobs.
    ///
    /// # Panics
    ///
    /// The stack cannot be set up.
    #[must_use]
    pub fn serving(endpoints: &str, registry: Registry) -> Self {
        let system = TestSystem::starting_at(START);
        let local = Local::in_memory(system.clone(), QueueSettings::default()).expect("memory");
        let endpoints = EndpointFile::parse(endpoints).expect("usable endpoints");
        let endpoints = KeepingEndpoints::new(endpoints, local.clone());
        let plan = Plan::default();
        let faulty = Faulty::new(local.clone(), plan.clone());
        let outside = Outside::default();
        Self {
            ingest: Ingest {
                endpoints: Faulty::new(endpoints, plan.clone()),
                intake: ArchiveThenQueue { archive: faulty.clone(), queue: faulty.clone() },
                providers: Arc::new(Unasked),
                web: Arc::new(Faulty::<Outside>::new(outside.clone(), plan.clone())),
                public_url: None,
                system: system.clone(),
            },
            maintenance: Maintenance::new(faulty.clone(), faulty.clone(), system.clone()),
            process: Process {
                deliveries: faulty.clone(),
                messages: faulty.clone(),
                ledger: faulty.clone(),
                system: system.clone(),
                effects: Effects {
                    records: Arc::new(faulty.clone()),
                    documents: Some(Arc::new(faulty)),
                    ..local.effects()
                },
                registry,
                settings: Settings { policy: POLICY, ..Settings::default() },
                worker: Worker::default(),
            },
            local,
            system,
            plan,
            outside,
        }
    }

    /// Posts the request, signed now.
    pub async fn post(&self, draft: &Draft) -> http::Response<Bytes> {
        self.send(draft.signed(self.system.now())).await
    }

    /// Posts a request as it is.
    pub async fn send(&self, request: Incoming) -> http::Response<Bytes> {
        answer(&self.ingest, request).await
    }

    /// Processes a batch, as a worker with half a minute left, and deletes what is finished.
    pub async fn work_on_all(&self, messages: &[Message]) {
        let received: Vec<_> = messages.iter().map(|message| self.received(message)).collect();
        let verdicts = self.process.batch(&received).into_iter().zip(messages);
        let all = verdicts.map(|(verdict, message)| async {
            if verdict.await == Verdict::Finished {
                self.local.delete(&message.receipt).await.expect("memory");
            }
        });
        join_all(all).await;
    }

    /// Processes one message, as a worker with half a minute left.
    pub async fn work_on(&self, message: &Message) -> Verdict {
        let received = self.received(message);
        let verdict = self.process.one(&received).await;
        if verdict == Verdict::Finished {
            self.local.delete(&message.receipt).await.expect("memory");
        }
        verdict
    }

    /// The message as the processor sees it.
    #[must_use]
    pub fn received(&self, message: &Message) -> Received {
        message.received(self.system.now().plus(Duration::from_secs(30)))
    }

    /// Works, batch by batch, until the queue is empty and no run waits in the ledger alone.
    ///
    /// # Panics
    ///
    /// That is not so after two weeks.
    pub async fn drain(&self) {
        let deadline = self.system.now().plus(Duration::from_secs(14 * 24 * 60 * 60));
        while let Some(next) = self.next() {
            assert!(self.system.now() < deadline, "the queue does not get empty");
            self.go_on(next).await;
        }
    }

    /// Works on whatever is due until that much time has passed.
    pub async fn work_for(&self, time: Duration) {
        let end = self.system.now().plus(time);
        while let Some(next) = self.next().filter(|next| *next < end) {
            self.go_on(next).await;
        }
        self.system.sleep(self.system.now().until(end)).await;
    }

    async fn go_on(&self, next: EpochMillis) {
        self.system.sleep(self.system.now().until(next)).await;
        if self.local.next_wake().expect("memory").is_some_and(|due| due <= self.system.now()) {
            self.wake().await;
        }
        let messages = self.local.receive(10).await.expect("memory");
        self.work_on_all(&messages).await;
    }

    /// When the next message is visible, or the next run is to be woken.
    fn next(&self) -> Option<EpochMillis> {
        let visible = self.local.next_visible().expect("memory");
        let wake = self.local.next_wake().expect("memory");
        [visible, wake].into_iter().flatten().min()
    }

    /// A tick of the maintenance.
    pub async fn wake(&self) -> Woken {
        self.maintenance.wake(self.system.now().plus(Duration::from_secs(30))).await
    }

    /// The only event there is.
    ///
    /// # Panics
    ///
    /// There is none, or more than one.
    #[must_use]
    pub fn event(&self) -> EventRecord {
        let mut events = self.local.events().expect("memory");
        assert_eq!(events.len(), 1, "{events:#?}");
        events.remove(0)
    }

    /// The only run of the only event.
    ///
    /// # Panics
    ///
    /// There is none, or more than one.
    #[must_use]
    pub fn run(&self) -> Run {
        let mut runs = self.local.runs(&self.event().event()).expect("memory");
        assert_eq!(runs.len(), 1, "{runs:#?}");
        runs.remove(0)
    }
}

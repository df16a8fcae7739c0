//! One trial: the event comes from the queue, again and again, until it is finished.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use hookdock_signature::EpochMillis;

use crate::job::{Effects, Registry};
use crate::ledger::{EventRef, Run, RunId};
use crate::model::system::System as _;
use crate::ports::Ledger;
use crate::process::{Process, Received, Settings, Verdict, Worker};
use crate::testing::example::{Example, RECEIVED_AT};
use crate::testing::intercepted::Intercepted;
use crate::testing::stubs::{Clock, FakeQueue, OneDelivery};
use crate::testing::watch::{Plan, Seen, Watch};
use crate::testing::watched::watched;

/// What a worker has for the event. When one has died, the next comes after its lease.
const TIME: Duration = Duration::from_secs(60);

/// More than any policy grants.
const MOST_ROUNDS: u32 = 200;

/// The jobs and their event.
pub(super) struct Bench {
    registry: Registry,
    event: EventRef,
    object: Bytes,
    message: String,
}

/// What came of a trial.
#[derive(Debug)]
pub(super) struct Trial {
    /// Whether the event came to its end.
    pub(super) ended: bool,
    pub(super) seen: Seen,
}

impl Bench {
    #[expect(clippy::expect_used, reason = "a reference can be written as JSON")]
    pub(super) fn new(registry: Registry, example: &Example) -> Self {
        let reference = example.reference();
        let message = reference.to_json().expect("an example has a reference");
        Self { registry, event: EventRef::of(&reference), object: example.object(), message }
    }

    pub(super) async fn run<L: Ledger>(
        &mut self,
        (ledger, effects): (L, Effects),
        plan: Option<Plan>,
    ) -> Trial {
        let (clock, desk, watch) = (Clock::new(), FakeQueue::default(), Watch::new(plan));
        let process = Process {
            deliveries: OneDelivery(self.object.clone()),
            messages: desk.clone(),
            ledger: Intercepted::new(ledger.clone(), watch.clone()),
            system: clock.clone(),
            effects: watched(effects, &watch),
            registry: std::mem::take(&mut self.registry),
            // A job that never ends is to be seen, and not to be ended.
            settings: Settings { deliveries_kept: Duration::MAX, ..Settings::default() },
            worker: Worker::default(),
        };
        let mut ended = false;
        for receives in 1..=MOST_ROUNDS {
            let received = self.received(receives, &clock);
            match until_death(Box::pin(process.one(&received)), &watch).await {
                Some(Verdict::Finished) => {
                    match next_wake(&ledger, &process.registry, &self.event).await {
                        Some(time) => clock.advance(clock.now().until(time)),
                        None => {
                            ended = true;
                            break;
                        }
                    }
                }
                Some(Verdict::Again) => clock.advance(desk.hidden_for()),
                None => clock.advance(TIME * 2),
            }
        }
        self.registry = process.registry;
        Trial { ended, seen: watch.take() }
    }

    fn received(&self, receives: u32, clock: &Clock) -> Received {
        Received {
            body: self.message.clone(),
            receipt: String::new(),
            receives,
            sent_at: RECEIVED_AT,
            deadline: clock.now().plus(TIME),
        }
    }
}

/// When the first run is woken that waits in the ledger alone.
async fn next_wake<L: Ledger>(
    ledger: &L,
    registry: &Registry,
    event: &EventRef,
) -> Option<EpochMillis> {
    let ids = registry.jobs().map(|job| RunId { event: event.clone(), job: job.name().clone() });
    let runs = join_all(ids.map(async |id| ledger.run(&id).await.ok().flatten())).await;
    runs.iter().flatten().filter_map(Run::wakes_at).min()
}

/// `None`: the worker has died on the way, and nothing of it goes on.
async fn until_death<T>(work: impl Future<Output = T>, watch: &Watch) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if watch.takes_death() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

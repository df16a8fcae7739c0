//! The way to every port: calls take time, are refused, lose their answers, and arrive late.

use std::sync::Arc;
use std::time::Duration;

use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::ledger::{RunId, Shard};
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use hookdock_pipeline::ports::{DueRuns, Web};
use hookdock_pipeline::testing::{Answered, Intercepted, Interceptor, Invocation};
use hookdock_signature::EpochMillis;
use tokio::sync::oneshot;

use crate::sim::backend::{Backend, Witnessed};
use crate::sim::climate::AFTERLIFE;
use crate::sim::mutant::{Mutant, Mutated};
use crate::sim::shared::{Asking, short};
use crate::sim::world::{World, described};

/// What becomes of a call.
#[derive(Debug, Clone, Copy)]
struct Fate {
    /// When it takes effect, if it does.
    arrives: Option<Duration>,
    answer: Answer,
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    /// What the port says, that long after it took effect.
    Given(Duration),
    /// An error, that long after the call was made.
    Error(Duration, PortErrorKind),
    Never,
}

/// The ports, as one process reaches them.
pub(crate) type Ports = Intercepted<Intercepted<Witnessed, Mutated>, Network>;

/// The way of one process to everything else.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) world: Arc<World>,
    pub(crate) backend: Backend,
    pub(crate) mutant: Option<Mutant>,
    /// Who calls, for the trace.
    pub(crate) caller: Arc<str>,
}

impl Network {
    /// The ports at its other end.
    pub(crate) fn ports(&self) -> Ports {
        let mutated = Mutated { backend: self.backend.clone(), mutant: self.mutant };
        let ports = Intercepted::new(self.backend.ports(), mutated);
        Intercepted::new(ports, self.clone())
    }

    /// Who is told of direct events.
    pub(crate) fn web(&self) -> Arc<dyn Web> {
        Arc::new(Intercepted::new(self.backend.clone(), self.clone()))
    }

    /// A call is on its way by itself: whoever made it may be gone when it arrives.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        what: impl Fn() -> String + Send + Sync + 'static,
        effect: impl Future<Output = Result<T, PortError>> + Send + 'static,
    ) -> Result<T, PortError> {
        let fate = self.fate();
        let (answer, answered) = oneshot::channel();
        if let Some(wait) = fate.arrives {
            let (world, caller) = (Arc::clone(&self.world), Arc::clone(&self.caller));
            let universe = self.world.universe.clone();
            self.world.universe.spawn(async move {
                universe.sleep(wait).await;
                let result = effect.await;
                world.note(&caller, || {
                    let ok = if result.is_ok() { "" } else { ", which failed" };
                    format!("{}{ok}", what())
                });
                if let Answer::Given(wait) = fate.answer {
                    universe.sleep(wait).await;
                    answer.send(result).ok();
                }
            });
        } else {
            self.world.note(&self.caller, || format!("{}: lost on the way", what()));
        }
        match fate.answer {
            Answer::Given(_) => answered.await.expect("the call answers"),
            Answer::Error(wait, kind) => {
                self.world.universe.sleep(wait).await;
                Err(PortError::new("make the call", kind))
            }
            Answer::Never => std::future::pending().await,
        }
    }

    fn fate(&self) -> Fate {
        let (universe, climate) = (&self.world.universe, &self.world.climate);
        let ms = Duration::from_millis;
        let s = Duration::from_secs;
        let quick = || universe.between(ms(1), ms(40));
        if !self.world.storms() {
            return Fate { arrives: Some(quick()), answer: Answer::Given(quick()) };
        }
        if universe.happens(climate.refusals) {
            return Fate { arrives: None, answer: Answer::Error(quick(), self.refusal()) };
        }
        if universe.happens(climate.lost_answers) {
            let answer = Answer::Error(universe.between(ms(40), s(3)), PortErrorKind::TimedOut);
            return Fate { arrives: Some(quick()), answer };
        }
        if universe.happens(climate.late_calls) {
            let arrives = Some(self.late());
            let answer = match universe.below(2) {
                0 => Answer::Never,
                _ => Answer::Error(universe.between(ms(40), s(3)), PortErrorKind::TimedOut),
            };
            return Fate { arrives, answer };
        }
        if universe.happens(climate.lost_calls) {
            return Fate { arrives: None, answer: Answer::Never };
        }
        if universe.happens(climate.slow_calls) {
            let slow = || universe.between(ms(40), s(6));
            return Fate { arrives: Some(slow()), answer: Answer::Given(slow()) };
        }
        Fate { arrives: Some(quick()), answer: Answer::Given(quick()) }
    }

    fn refusal(&self) -> PortErrorKind {
        let kinds = [
            PortErrorKind::Throttled,
            PortErrorKind::TimedOut,
            PortErrorKind::Unavailable,
            PortErrorKind::Denied,
            PortErrorKind::Invalid,
        ];
        kinds[self.world.universe.below(kinds.len())]
    }

    /// Minutes later, when somebody else has taken over; or after the record's life, most often
    /// while the first of what is sent then is worked on.
    fn late(&self) -> Duration {
        let universe = &self.world.universe;
        let later = universe.between(Duration::from_secs(1), Duration::from_secs(240));
        if self.world.climate.afterlife && universe.happens(300) {
            let later = if universe.happens(700) { later / 24 } else { later };
            self.world.until_afterlife() + later
        } else {
            later
        }
    }
}

impl World {
    fn until_afterlife(&self) -> Duration {
        self.universe.now().until(crate::stack::START.plus(AFTERLIFE))
    }
}

impl<P: ?Sized> Interceptor<P> for Network {
    /// A tick asks for every shard. What finds nothing is not worth a journey.
    async fn due_runs(
        &self,
        port: &Arc<P>,
        shard: Shard,
        by: EpochMillis,
        most: usize,
    ) -> Result<Vec<RunId>, PortError>
    where
        P: DueRuns + 'static,
    {
        if self.backend.local.due_runs(shard, by, 1).await?.is_empty() {
            return Ok(Vec::new());
        }
        let port = Arc::clone(port);
        let what = move || format!("asks what is due in shard {}", shard.number());
        self.call(what, async move { port.due_runs(shard, by, most).await }).await
    }

    async fn around<T: Answered>(
        &self,
        invocation: Invocation,
        work: impl Future<Output = Result<T, PortError>> + Send + 'static,
    ) -> Result<T, PortError> {
        let asks = matches!(invocation, Invocation::Cell(..) | Invocation::Swap(..));
        let asking = asks.then(|| Asking::of(&self.world, &self.caller));
        let answer = self.call(move || noted(&invocation), work).await?;
        if let Some(asking) = asking {
            asking.answered();
        }
        Ok(answer)
    }
}

/// A call, as the trace has it.
fn noted(invocation: &Invocation) -> String {
    let id = |delivery: &SealedDelivery| delivery.reference().delivery_id.clone();
    match invocation {
        Invocation::Put(delivery) => format!("stores {}", id(delivery)),
        Invocation::PutOnce(delivery) => format!("stores {} once", id(delivery)),
        Invocation::Send(delivery) => format!("queues {}", id(delivery)),
        Invocation::Fetch(object) => format!("reads {object}"),
        Invocation::Pack(pack) => format!("packs {:?} into {}", pack.deliveries(), pack.object()),
        Invocation::ChangeVisibility(receipt, wait) => {
            format!("puts off message {receipt} for {} s", wait.as_secs_f32())
        }
        Invocation::Cell(name) => format!("reads {}", short(name)),
        Invocation::Swap(name, _, to) => format!("swaps {} to {}", short(name), to.value),
        Invocation::FindPack(_, delivery) => format!("looks for the pack of {delivery}"),
        Invocation::RecordDelivery(record) => format!("records {}", record.reference.delivery_id),
        Invocation::Run(id) => format!("reads run {}", id.job),
        Invocation::Create(run) => format!("opens {}", described(run)),
        Invocation::CompareAndSwap(from, to) => {
            format!("moves {} #{} on to {}", from.state, from.attempt, described(to))
        }
        Invocation::Commit(_, to, record) => {
            format!("commits record {} and {}", record.id, described(to))
        }
        Invocation::Insert(record) => format!("inserts record {}", record.id),
        Invocation::Read(_, id) => format!("reads record {id}"),
        Invocation::KeepDocument(document) => format!("keeps document {}", document.name),
        Invocation::ReadDocument(name) => format!("reads document {name}"),
        Invocation::SendItems(references, _) => format!("queues {} references", references.len()),
        other => format!("calls {:?}", other.call()),
    }
}

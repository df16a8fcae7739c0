//! The workers: each takes a few messages at a time, and begins a new life when it has died.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use hookdock_embedded::Message;
use hookdock_pipeline::job::Effects;
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::process::{self, Process, Settings, Verdict};
use hookdock_signature::EpochMillis;

use crate::sim::climate::STORM;
use crate::sim::deployments::{self, Version};
use crate::sim::executor::Clock;
use crate::sim::network::{Network, Ports};
use crate::sim::{DELIVERIES_KEPT, POLICY, TIME_LIMIT, jobs};

/// The most messages that a worker takes at a time.
const BATCH: usize = 3;

/// How many messages the queue remembers to hand out again.
const REMEMBERED: usize = 8;

type Worker = Process<Ports, Ports, Ports, Clock>;

/// All workers, and the queue's way to them.
pub(crate) struct Workers {
    network: Network,
    slots: Vec<Slot>,
    /// What was handed out lately, and when.
    handed_out: Vec<(EpochMillis, Message)>,
}

/// A place for a worker.
struct Slot {
    name: Arc<str>,
    clock: Clock,
    /// How much later than others it runs what is deployed.
    lag: Duration,
    /// `None`: it has died, or has not begun to live.
    life: Option<Life>,
}

/// A worker from its start to its death.
struct Life {
    version: Version,
    process: Arc<Worker>,
    busy: Arc<AtomicBool>,
    dead: Arc<AtomicBool>,
}

/// Tells that a worker died, unless it came to the end of its work.
struct Work {
    busy: Arc<AtomicBool>,
    dead: Arc<AtomicBool>,
    ended: bool,
}

impl Work {
    fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.busy.store(false, Ordering::Relaxed);
        self.dead.store(!self.ended, Ordering::Relaxed);
    }
}

impl Workers {
    pub(crate) fn new(network: &Network) -> Self {
        let slot = |(number, off_by_ms): (usize, &i64)| Slot {
            name: format!("worker {number}").into(),
            clock: network.world.universe.clock(*off_by_ms),
            lag: deployments::lag(&network.world.universe),
            life: None,
        };
        let slots = network.world.climate.clocks_off_by_ms.iter().enumerate().map(slot).collect();
        Self { network: network.clone(), slots, handed_out: Vec::new() }
    }

    /// When there is something to hand out, and somebody to take it.
    pub(crate) fn next_work(&self) -> Option<EpochMillis> {
        let idle = self.slots.iter().any(Slot::is_idle);
        idle.then(|| self.network.backend.local.next_visible().expect("memory")).flatten()
    }

    /// Hands messages that are due to a worker that is idle. `false`: there is neither.
    pub(crate) fn hand_out(&mut self) -> bool {
        let universe = &self.network.world.universe;
        if self.next_work().is_none_or(|time| universe.now() < time) {
            return false;
        }
        let idle: Vec<usize> =
            (0..self.slots.len()).filter(|place| self.slots[*place].is_idle()).collect();
        let place = idle[universe.below(idle.len())];
        let most = 1 + universe.below(BATCH);
        let receive = self.network.backend.local.receive(most);
        let mut messages = receive.now_or_never().expect("memory").expect("memory");
        self.copy(&mut messages);
        if !messages.is_empty() {
            self.slots[place].work(&self.network, messages);
        }
        true
    }

    /// Adds a message that was handed out lately, as a standard queue may.
    fn copy(&mut self, messages: &mut Vec<Message>) {
        let world = &self.network.world;
        let now = world.universe.now();
        self.handed_out.retain(|(at, _)| now < at.plus(STORM));
        let copied = self.handed_out.get(world.universe.below(self.handed_out.len())).cloned();
        self.handed_out.extend(messages.iter().map(|message| (now, message.clone())));
        self.handed_out.drain(..self.handed_out.len().saturating_sub(REMEMBERED));
        if world.storms() && world.universe.happens(world.climate.copies) {
            messages.extend(copied.map(|(_, message)| message));
        }
    }
}

impl Slot {
    fn is_idle(&self) -> bool {
        self.life.as_ref().is_none_or(|life| !life.busy.load(Ordering::Relaxed))
    }

    fn work(&mut self, network: &Network, messages: Vec<Message>) {
        let world = &network.world;
        let now = world.universe.now();
        let version = deployments::version(&world.climate.deployments, self.lag, now);
        let goes_on =
            |life: &mut Life| !life.dead.load(Ordering::Relaxed) && life.version == version;
        if self.life.as_mut().is_none_or(|life| !goes_on(life)) {
            self.life = None;
        }
        let begin = || begin(network, &self.name, &self.clock, version);
        let life = self.life.get_or_insert_with(begin);
        life.busy.store(true, Ordering::Relaxed);
        let work =
            Work { busy: Arc::clone(&life.busy), dead: Arc::clone(&life.dead), ended: false };
        let (process, clock) = (Arc::clone(&life.process), self.clock.clone());
        let network = Network { caller: Arc::clone(&self.name), ..network.clone() };
        network.world.note(&self.name, || {
            let receipts: Vec<_> =
                messages.iter().map(|message| message.receipt.as_str()).collect();
            format!("takes message {}", receipts.join(" and "))
        });
        network.world.universe.clone().spawn_mortal(async move {
            let deadline = clock.now().plus(TIME_LIMIT);
            let received: Vec<_> =
                messages.iter().map(|message| message.received(deadline)).collect();
            let verdicts = process.batch(&received).into_iter().zip(messages);
            let all = verdicts.map(|(verdict, message)| finish(&network, verdict, message));
            join_all(all).await;
            work.end();
        });
    }
}

fn begin(network: &Network, name: &Arc<str>, clock: &Clock, version: Version) -> Life {
    let network = Network { caller: Arc::clone(name), ..network.clone() };
    network.world.note(name, || format!("begins a life with {version:?}"));
    let ports = network.ports();
    let process = Process {
        deliveries: ports.clone(),
        messages: ports.clone(),
        ledger: ports.clone(),
        system: clock.clone(),
        effects: Effects {
            documents: Some(Arc::new(ports.clone())),
            ..Effects::new(Arc::new(ports))
        },
        registry: jobs::registry(&network, clock, version),
        settings: Settings {
            policy: POLICY,
            deliveries_kept: DELIVERIES_KEPT,
            ..Settings::default()
        },
        worker: process::Worker::default(),
    };
    Life { version, process: Arc::new(process), busy: Arc::default(), dead: Arc::default() }
}

async fn finish(network: &Network, verdict: impl Future<Output = Verdict>, message: Message) {
    if verdict.await == Verdict::Finished {
        let backend = network.backend.clone();
        let what = format!("deletes message {}", message.receipt);
        let delete =
            network.call(move || what.clone(), async move { backend.delete(&message).await });
        // Lambda waits for nothing that comes after its time; the message comes back.
        let limit = network.world.universe.sleep(Duration::from_secs(2));
        futures_util::pin_mut!(delete, limit);
        drop(futures_util::future::select(delete, limit).await);
    }
}

//! A round: requests at one stack, and what must hold after each and after all.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use fastrand::Rng;
use hookdock_jobs::{Settings, registry};
use hookdock_pipeline::ingest::http::DELIVERY_HEADER;
use hookdock_pipeline::model::system::System as _;
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::stack::Stack;
use http::Response;
use tokio::runtime::{Builder, Runtime};

use crate::shots::{By, Kept, Shot, TARGETS, Target, pause, shot, told};

/// How many requests are sent to one stack.
const SHOTS: usize = 60;

/// What a stranger may be answered (`shared/pipeline/src/ingest/http.rs`).
const REFUSALS: [u16; 6] = [400, 401, 403, 404, 405, 413];

/// Where its provider asks, before it sends anything, whether somebody is there.
const PROBED: &str = "/webhooks/letters";

/// How much memory a refused request may take beside itself, in its own size, and a little that no
/// request changes.
const MOST_REFUSED: u64 = 4;
const LITTLE: u64 = 256 << 10;

/// The same of one that is stored. There a control character has six bytes, and the database is
/// memory here: it keeps pages from before a write, and grows in steps.
const MOST_ACCEPTED: u64 = 48;
const STEP: u64 = 4 << 20;

/// What is broken on purpose, so that the round has something to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plant {
    Nothing,
    /// Strangers know the secret of this provider's tests.
    Known(&'static str),
    /// The queue is down once.
    QueueDown,
    /// A message is lost.
    MessageLost,
}

/// What was sent and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) rounds: u64,
    pub(crate) accepted: u64,
    pub(crate) refused: BTreeMap<u16, u64>,
    pub(crate) events: usize,
    /// The most memory that a request took, in its own size.
    pub(crate) most_refused: u64,
    pub(crate) most_accepted: u64,
}

/// One stack and what it has accepted.
struct Round {
    runtime: Runtime,
    stack: Stack,
    accepted: Vec<&'static Target>,
}

/// Sends the requests of this seed.
///
/// # Errors
///
/// The promise that was broken.
pub(crate) fn round(seed: u64, plant: Plant, tally: &mut Tally) -> Result<(), String> {
    let run = || Round::new().run(&mut Rng::with_seed(seed), plant, tally);
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err("something panicked".to_owned()))
}

impl Round {
    fn new() -> Self {
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
        let stack = runtime.block_on(async { Stack::with(registry(Settings::default())) });
        Self { runtime, stack, accepted: Vec::new() }
    }

    fn run(mut self, rng: &mut Rng, plant: Plant, tally: &mut Tally) -> Result<(), String> {
        if plant == Plant::QueueDown {
            self.stack.plan.strike(Call::Send, Fault::Fails);
        }
        let known = if let Plant::Known(secret) = plant { Some(secret) } else { None };
        for _ in 0..SHOTS {
            let shot = shot(rng, self.stack.system.now(), known);
            let checked = self.send(&shot, tally);
            checked.map_err(|promise| format!("{promise}:\n{}", told(&shot)))?;
            self.runtime.block_on(async { tokio::time::sleep(pause(rng)).await });
        }
        if plant == Plant::MessageLost {
            self.lose_a_message();
        }
        self.runtime.block_on(self.stack.drain());
        tally.rounds += 1;
        self.ended(tally)
    }

    fn send(&mut self, shot: &Shot, tally: &mut Tally) -> Result<(), String> {
        let (request, kept, mut answer) = (shot.request.clone(), self.kept(), None);
        let taken = allocation_counter::measure(|| {
            answer = Some(self.runtime.block_on(self.stack.send(request)));
        });
        let answer = answer.expect("it was sent");
        let size = size(shot);
        let times = |little| taken.bytes_max.saturating_sub(little) / size.max(1);
        let (status, bytes) = (answer.status().as_u16(), shot.request.body.len());
        match shot.by {
            By::Provider(target) if bytes <= target.limit => {
                let times = times(STEP + LITTLE);
                tally.accepted += 1;
                tally.most_accepted = tally.most_accepted.max(times);
                self.accepted.push(target);
                holds([200, 202].contains(&status), || {
                    format!("a delivery was answered {status}")
                })?;
                holds(self.found(target, &answer), || "a delivery was not stored".to_owned())?;
                holds(times < MOST_ACCEPTED, || format!("a delivery took {}", taken.bytes_max))
            }
            By::Provider(_) | By::Stranger(_) => {
                let times = times(LITTLE);
                *tally.refused.entry(status).or_default() += 1;
                tally.most_refused = tally.most_refused.max(times);
                let probed = status == 200 && shot.request.path == PROBED;
                let known = probed || REFUSALS.contains(&status);
                holds(known, || format!("a stranger was answered {status}"))?;
                holds(self.kept() == kept, || "what was refused was kept".to_owned())?;
                holds(times < MOST_REFUSED, || format!("a refusal took {}", taken.bytes_max))
            }
        }
    }

    /// The names of all objects, and how much is queued.
    fn kept(&self) -> (Vec<String>, u64) {
        let local = &self.stack.local;
        (local.objects().expect("memory"), local.backlog().expect("memory"))
    }

    /// Whether the answer names a delivery that is an object, where it has to be one by now.
    fn found(&self, target: &Target, answer: &Response<Bytes>) -> bool {
        let id =
            answer.headers().get(DELIVERY_HEADER).and_then(|id| id.to_str().ok()?.parse().ok());
        let stored = |id| self.stack.local.stored(&id).expect("memory").is_some();
        match target.kept {
            Kept::Object => id.is_some_and(stored),
            Kept::Inline | Kept::Batch | Kept::Direct => id.is_some(),
        }
    }

    fn lose_a_message(&self) {
        self.runtime.block_on(async {
            let local = &self.stack.local;
            local.wait_for_work(std::time::Duration::from_secs(1)).await.expect("memory");
            let messages = local.receive(1).await.expect("memory");
            local.delete(&messages[0].receipt).await.expect("memory");
        });
    }

    /// Each event has come to an end, and each delivery is in one.
    fn ended(&self, tally: &mut Tally) -> Result<(), String> {
        let mut counted: BTreeMap<String, u64> = BTreeMap::new();
        let events = self.stack.local.events().expect("memory");
        tally.events += events.len();
        for event in &events {
            let runs = self.stack.local.runs(&event.event()).expect("memory");
            let ended =
                runs.iter().all(|run| ["done", "ignored", "dead"].contains(&run.state.name()));
            holds(ended, || format!("a run did not end: {runs:#?}"))?;
            holds(!runs.is_empty() || event.ignored.is_some(), || {
                format!("an event neither ran nor says why not: {event:#?}")
            })?;
            *counted.entry(event.endpoint.to_string()).or_default() += event.deliveries;
        }
        for target in TARGETS.iter().filter(|one| [Kept::Object, Kept::Inline].contains(&one.kept))
        {
            let of = |other: &&&Target| other.endpoint == target.endpoint;
            let sent = self.accepted.iter().filter(of).count() as u64;
            let found = counted.get(target.endpoint).copied().unwrap_or_default();
            holds(sent == found, || {
                format!(
                    "{sent} deliveries of {} were accepted, {found} were recorded",
                    target.endpoint
                )
            })?;
        }
        Ok(())
    }
}

fn size(shot: &Shot) -> u64 {
    let headers = shot.request.headers.iter().map(|(name, value)| name.len() + value.len());
    let head = shot.request.path.len() + headers.sum::<usize>();
    u64::try_from(head + shot.request.body.len()).expect("a size")
}

fn holds(promise: bool, broken: impl FnOnce() -> String) -> Result<(), String> {
    if promise { Ok(()) } else { Err(broken()) }
}

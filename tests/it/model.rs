//! The claim on a run, in every order of a few workers, clocks, deaths and late writes.
//!
//! The moves are those of the product; the store is a compare-and-swap. stateright goes through
//! every state that can be reached within the bounds.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use hookdock_pipeline::job::{ErrorClass, Failure};
use hookdock_pipeline::ledger::{
    Claim, DeadReason, EventRef, Fence, RECORD_LIFE, Run, RunId, RunState, Settlement, Unclaimable,
};
use hookdock_pipeline::model::names::{CodeVersion, EventKey, Owner};
use hookdock_signature::EpochMillis;
use hookdock_tests::rules::{self, CLOCKS_APART, silent_attempts};
use hookdock_tests::stack::START;
use stateright::{Checker as _, Model, Property};

/// Time goes on by this much, so that a lease and a wait each last one step.
const STEP: Duration = Duration::from_secs(10);

/// How long an attempt may take. Its lease lasts longer by what clocks may differ.
const TIME_LIMIT: Duration = Duration::from_secs(8);

/// What a worker knows and does.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Worker {
    /// Nothing of the run.
    Idle,
    /// It has read the run, and is about to write its claim.
    Claims(Write),
    /// It has the run as it claimed it, and works.
    Works(Arc<Run>),
    /// It is about to write how its attempt ended, or that the dead letter was sent.
    Tells(Write),
}

/// A conditional write.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Write {
    from: Arc<Run>,
    to: Arc<Run>,
}

/// Everything at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    stored: Option<Arc<Run>>,
    now: EpochMillis,
    workers: Vec<Worker>,
    /// Writes that are under way while nobody waits for them.
    late: Vec<Write>,
    /// The generation of the latest message.
    generation: u32,
    /// Whether the record's life has been over.
    afterlife: bool,
    /// How many jobs were started in this generation and this life.
    starts: u32,
    /// The rule that was broken.
    broken: Option<&'static str>,
}

impl State {
    /// A run as it matters from now on: of a time that is over it does not matter when it was.
    fn seen(&self, run: &Run) -> impl Hash + use<> {
        let left = |time: EpochMillis| time.saturating_since(self.now).max(-5_000);
        let (time, dead_lettered) = match &run.state {
            RunState::Running { lease_until: time }
            | RunState::Retrying { not_before: time }
            | RunState::Waiting { not_before: time, .. } => (left(*time), false),
            RunState::Dead { dead_lettered, .. } => (0, *dead_lettered),
            RunState::Done | RunState::Ignored { .. } | RunState::Dismissed { .. } => (0, false),
        };
        let counts = (run.attempt, run.generation, run.uncounted_attempts, run.writes);
        let deaths = (run.excused_attempts, silent_attempts(run).min(2));
        let before = run.expires_at() <= self.now;
        (run.state.name(), time, dead_lettered, counts, deaths, run.owner.clone(), before)
    }
}

impl Hash for State {
    /// Two states with the same hash have the same future; stateright goes on from one of them.
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.stored.as_ref().map(|run| self.seen(run)).hash(hasher);
        for worker in &self.workers {
            std::mem::discriminant(worker).hash(hasher);
            match worker {
                Worker::Idle => {}
                Worker::Works(run) => self.seen(run).hash(hasher),
                Worker::Claims(write) | Worker::Tells(write) => {
                    (self.seen(&write.from), self.seen(&write.to)).hash(hasher);
                }
            }
        }
        for write in &self.late {
            (self.seen(&write.from), self.seen(&write.to)).hash(hasher);
        }
        (self.generation, self.afterlife, self.starts, self.broken).hash(hasher);
    }
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    TimePasses,
    /// Thirty days pass. No worker lives that long; a late write may.
    RecordLifeEnds,
    /// A worker takes a message up: it opens the run, or reads what is there.
    Takes(usize),
    /// Its attempt ends, and it is about to say how.
    Ends(usize, End),
    /// What it was about to write is written, if the fence fits.
    Writes(usize),
    /// The worker gives up waiting, and its write is still under way.
    LeavesLate(usize),
    /// The worker dies, and another takes its place. It has the same name, which is worse than
    /// what the product does.
    Dies(usize),
    /// A late write arrives.
    Arrives(usize),
    /// Somebody moves the dead letter back.
    Redrives,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    Retry,
    Dead,
}

/// The bounds.
#[derive(Debug, Clone)]
struct Claims {
    /// By how many milliseconds each worker's clock is off.
    clocks_off_by_ms: Vec<i64>,
    max_attempts: u32,
    /// No worker claims more often than that.
    most_claims: u32,
    generations: u32,
    /// How many writes can be late at once.
    late: usize,
    /// Whether the record's life can end.
    afterlife: bool,
    /// What the store compares.
    fence: fn(&Fence, &Fence) -> bool,
}

impl Model for Claims {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let workers = self.clocks_off_by_ms.len();
        vec![State {
            stored: None,
            now: START,
            workers: vec![Worker::Idle; workers],
            late: Vec::new(),
            generation: 0,
            afterlife: false,
            starts: 0,
            broken: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_some() {
            return;
        }
        actions.push(Action::TimePasses);
        if self.afterlife && !state.afterlife && state.stored.is_some() {
            actions.push(Action::RecordLifeEnds);
        }
        for (worker, what) in state.workers.iter().enumerate() {
            match what {
                Worker::Idle => actions.push(Action::Takes(worker)),
                Worker::Works(run) => {
                    let ends: &[End] = match run.spent_attempts() > self.max_attempts {
                        true => &[End::Dead],
                        false => &[End::Done, End::Retry, End::Dead],
                    };
                    actions.extend(ends.iter().map(|end| Action::Ends(worker, *end)));
                }
                Worker::Claims(_) | Worker::Tells(_) => {
                    actions.push(Action::Writes(worker));
                    if state.late.len() < self.late {
                        actions.push(Action::LeavesLate(worker));
                    }
                }
            }
            if *what != Worker::Idle {
                actions.push(Action::Dies(worker));
            }
        }
        actions.extend((0..state.late.len()).map(Action::Arrives));
        let dead = state.stored.as_ref().is_some_and(|run| {
            matches!(run.state, RunState::Dead { .. }) && run.generation == state.generation
        });
        if dead && state.generation < self.generations {
            actions.push(Action::Redrives);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::TimePasses => next.now = next.now.plus(STEP),
            Action::RecordLifeEnds => {
                next.now = next.now.plus(RECORD_LIFE + CLOCKS_APART);
                next.afterlife = true;
                next.workers.fill(Worker::Idle);
            }
            Action::Takes(worker) => self.takes(&mut next, worker),
            Action::Ends(worker, end) => self.ends(&mut next, worker, end),
            Action::Writes(worker) => self.writes(&mut next, worker),
            Action::LeavesLate(worker) => {
                if let Worker::Claims(write) | Worker::Tells(write) = idle(&mut next, worker) {
                    next.late.push(write);
                }
            }
            Action::Dies(worker) => {
                drop(idle(&mut next, worker));
            }
            Action::Arrives(place) => {
                let write = next.late.remove(place);
                self.swap(&mut next, &write);
            }
            Action::Redrives => next.generation += 1,
        }
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no rule is broken", |_, state: &State| state.broken.is_none()),
            Property::always("a run has one owner at a time", |model: &Self, state: &State| {
                let live = (0..state.workers.len()).filter(|worker| model.is_live(state, *worker));
                live.count() <= 1
            }),
            Property::always("attempts never exceed the policy", |model, state: &State| {
                let excused = state.stored.as_ref().map_or(0, |run| run.excused_attempts);
                state.starts <= model.max_attempts + excused
            }),
            Property::always("every run can still end", Self::can_end),
            Property::sometimes("a run is taken over", |_, state: &State| {
                state.stored.as_ref().is_some_and(|run| {
                    run.attempt == 2 && matches!(run.state, RunState::Running { .. })
                })
            }),
            Property::sometimes("a dead run is woken", |_, state: &State| {
                let woken = |run: &Arc<Run>| run.generation > 0 && rules::is_done(run);
                state.stored.as_ref().is_some_and(woken)
            }),
            Property::sometimes(
                "a run begins again after its record's life",
                |_, state: &State| {
                    let again = |run: &Arc<Run>| run.opened_at > START.plus(RECORD_LIFE);
                    state.stored.as_ref().is_some_and(again)
                },
            ),
        ]
    }
}

impl Claims {
    fn clock(&self, state: &State, worker: usize) -> EpochMillis {
        state.now.saturating_add(self.clocks_off_by_ms[worker])
    }

    /// The owner is the worker's for all its life.
    fn claim(&self, state: &State, worker: usize) -> Claim {
        let now = self.clock(state, worker);
        Claim {
            owner: Owner::new(worker as u128 + if state.afterlife { 100 } else { 0 }),
            code: CodeVersion::of_this_package(),
            now,
            lease_until: now.plus(TIME_LIMIT).plus(CLOCKS_APART),
            generation: state.generation,
            restart: None,
        }
    }

    fn takes(&self, state: &mut State, worker: usize) {
        let claim = self.claim(state, worker);
        let Some(stored) = state.stored.clone() else {
            let opened = Arc::new(Run::opened(id(), &claim));
            state.stored = Some(opened.clone());
            return begins(state, worker, opened, self.max_attempts);
        };
        let write = |from: Run, to: Run| Write { from: Arc::new(from), to: Arc::new(to) };
        match stored.claimed(&claim) {
            Ok(claimed) if claimed.attempt > self.most_claims => {}
            Ok(claimed) => {
                state.workers[worker] = Worker::Claims(write(Run::clone(&stored), claimed));
            }
            Err(Unclaimable::NotDeadLettered(run)) => {
                let dead_lettered = run.dead_lettered();
                state.workers[worker] = Worker::Tells(write(*run, dead_lettered));
            }
            Err(Unclaimable::Ended | Unclaimable::Until { .. }) => {}
        }
    }

    fn ends(&self, state: &mut State, worker: usize, end: End) {
        let now = self.clock(state, worker);
        let Worker::Works(run) = idle(state, worker) else {
            return;
        };
        let failure = Failure::transient(ErrorClass::Unavailable, "x");
        let settlement = match end {
            End::Done => Settlement::Done,
            End::Retry if run.spent_attempts() < self.max_attempts => {
                Settlement::Retry(now.plus(STEP), failure)
            }
            End::Retry => Settlement::Dead(DeadReason::AttemptsExhausted, failure),
            End::Dead => Settlement::Dead(DeadReason::Permanent, failure),
        };
        let to = Arc::new(run.settled(settlement, None, now));
        state.workers[worker] = Worker::Tells(Write { from: run, to });
    }

    fn writes(&self, state: &mut State, worker: usize) {
        let (write, claims) = match idle(state, worker) {
            Worker::Claims(write) => (write, true),
            Worker::Tells(write) => (write, false),
            Worker::Idle | Worker::Works(_) => return,
        };
        if self.swap(state, &write) && claims {
            begins(state, worker, write.to, self.max_attempts);
        }
    }

    /// The store: it compares and swaps.
    fn swap(&self, state: &mut State, write: &Write) -> bool {
        let Some(stored) = state.stored.clone() else {
            return false;
        };
        if !(self.fence)(&stored.fence(), &write.from.fence()) {
            return false;
        }
        state.broken = rules::broken(Some(&stored), &write.to, state.now);
        let again = write.to.attempt == 1;
        if again || write.to.generation > stored.generation {
            state.starts = 0;
        }
        state.stored = Some(write.to.clone());
        true
    }

    /// Whether the worker has the run and may still work, by its own clock.
    fn is_live(&self, state: &State, worker: usize) -> bool {
        let Worker::Works(run) = &state.workers[worker] else {
            return false;
        };
        let RunState::Running { lease_until } = run.state else {
            return false;
        };
        self.clock(state, worker) < lease_until.minus(CLOCKS_APART)
    }

    /// Whether one worker that nothing happens to brings the run to its end.
    fn can_end(&self, state: &State) -> bool {
        let unbound = Self { most_claims: u32::MAX, ..self.clone() };
        let mut state = State { late: Vec::new(), ..state.clone() };
        for _ in 0..20 {
            let over = |run: &Arc<Run>| match run.state {
                RunState::Done | RunState::Ignored { .. } | RunState::Dismissed { .. } => true,
                RunState::Dead { dead_lettered, .. } => dead_lettered,
                RunState::Running { .. } | RunState::Retrying { .. } | RunState::Waiting { .. } => {
                    false
                }
            };
            if state.stored.as_ref().is_some_and(over) {
                return true;
            }
            match &state.workers[0] {
                Worker::Idle => unbound.takes(&mut state, 0),
                Worker::Works(_) => unbound.ends(&mut state, 0, End::Retry),
                Worker::Claims(_) | Worker::Tells(_) => unbound.writes(&mut state, 0),
            }
            state.now = state.now.plus(STEP);
        }
        false
    }
}

/// What the worker was at, which it is not any more.
fn idle(state: &mut State, worker: usize) -> Worker {
    std::mem::replace(&mut state.workers[worker], Worker::Idle)
}

fn begins(state: &mut State, worker: usize, run: Arc<Run>, max_attempts: u32) {
    // One claim more than there are attempts: it only tells that the run is dead.
    if run.spent_attempts() <= max_attempts {
        state.starts += 1;
    }
    state.workers[worker] = Worker::Works(run);
}

fn id() -> RunId {
    let endpoint = "stripe".parse().expect("a name");
    let event = EventRef { endpoint, key: EventKey::of(&[b"event"]) };
    RunId { event, job: "a_job".parse().expect("a name") }
}

/// Two workers whose clocks are as far apart as they may be, and one write that may be late.
fn two() -> Claims {
    Claims {
        clocks_off_by_ms: vec![0, 2_000],
        max_attempts: 1,
        most_claims: 3,
        generations: 1,
        late: 1,
        afterlife: false,
        fence: |stored, from| stored == from,
    }
}

/// The same after the record's life.
fn two_lives() -> Claims {
    Claims { most_claims: 2, generations: 0, afterlife: true, ..two() }
}

fn check(model: Claims, reached: &[&'static str]) {
    let checker = model.checker().threads(2).spawn_bfs().join();
    for (broken, path) in checker.discoveries() {
        assert!(reached.contains(&broken), "{broken} after {:#?}", path.into_actions());
    }
    for name in reached {
        assert!(checker.discovery(name).is_some(), "never: {name}");
    }
}

#[test]
fn two_workers_keep_every_promise_in_every_order() {
    check(two(), &["a run is taken over", "a dead run is woken"]);
}

#[test]
fn two_workers_keep_every_promise_when_the_records_life_ends() {
    check(two_lives(), &["a run is taken over", "a run begins again after its record's life"]);
}

#[test]
fn three_workers_keep_every_promise_in_every_order() {
    let clocks_off_by_ms = vec![0, 1_000, 2_000];
    let three = Claims { clocks_off_by_ms, most_claims: 2, generations: 0, ..two() };
    check(three, &["a run is taken over"]);
}

/// With one condition left out of the fence, some order breaks a rule.
fn check_without(model: Claims, fence: fn(&Fence, &Fence) -> bool) {
    let checker = Claims { fence, ..model }.checker().threads(2).spawn_bfs().join();
    assert!(checker.discovery("no rule is broken").is_some(), "it goes unnoticed");
}

#[test]
fn the_owner_is_needed_in_the_fence_once_the_records_life_is_over() {
    check_without(two_lives(), |stored, from| {
        (stored.attempt, stored.state, stored.writes) == (from.attempt, from.state, from.writes)
    });
}

#[test]
fn the_attempt_is_needed_in_the_fence_where_a_worker_keeps_its_name() {
    check_without(two(), |stored, from| {
        (&stored.owner, stored.state, stored.writes) == (&from.owner, from.state, from.writes)
    });
}

#[test]
fn the_state_is_needed_in_the_fence() {
    check_without(two(), |stored, from| {
        (&stored.owner, stored.attempt, stored.writes) == (&from.owner, from.attempt, from.writes)
    });
}

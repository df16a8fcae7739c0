//! The claim on a run, under random interleavings of workers whose clocks differ.

use std::time::Duration;

use hookdock_pipeline::job::{ErrorClass, Failure};
use hookdock_pipeline::ledger::{
    Claim, DeadReason, EventRef, Fence, Run, RunId, RunState, Settlement, StepResult, Unclaimable,
};
use hookdock_pipeline::model::names::{CodeVersion, EventKey, Owner};
use hookdock_signature::EpochMillis;
use hookdock_tests::stack::START;
use proptest::prelude::*;

const LEASE: Duration = Duration::from_secs(30);

/// How far each worker's clock is off.
const CLOCKS_OFF_BY_MS: [i64; 4] = [0, 7_000, -7_000, 40_000];

/// What a worker does next.
#[derive(Debug, Clone, Copy)]
enum Move {
    Claim { generation: u32 },
    Done,
    Ignore,
    Retry,
    Defer,
    Step,
    Die,
    DeadLetter,
}

/// A worker's move, and how far time goes on before it.
#[derive(Debug, Clone, Copy)]
struct Turn {
    worker: usize,
    pass_seconds: i64,
    what: Move,
}

fn turn() -> impl Strategy<Value = Turn> {
    let what = prop_oneof![
        4 => (0..3_u32).prop_map(|generation| Move::Claim { generation }),
        2 => Just(Move::Done),
        1 => Just(Move::Ignore),
        2 => Just(Move::Retry),
        1 => Just(Move::Defer),
        2 => Just(Move::Step),
        1 => Just(Move::Die),
        1 => Just(Move::DeadLetter),
    ];
    (0..4_usize, 0..45_i64, what).prop_map(|(worker, pass_seconds, what)| Turn {
        worker,
        pass_seconds,
        what,
    })
}

/// The store: it knows nothing but how to compare and swap.
#[derive(Default)]
struct Store(Option<Run>);

impl Store {
    fn open(&mut self, run: &Run) -> Option<Run> {
        self.0.clone().or_else(|| {
            self.0 = Some(run.clone());
            None
        })
    }

    fn advance(&mut self, from: &Fence, to: &Run) -> bool {
        let fits = self.0.as_ref().is_some_and(|run| run.fence() == *from);
        if fits {
            self.0 = Some(to.clone());
        }
        fits
    }
}

struct World {
    store: Store,
    now: EpochMillis,
    owners: u128,
    /// What each worker read when it claimed; a worker never forgets, however late it is.
    held: [Option<Run>; 4],
}

impl World {
    fn new() -> Self {
        Self { store: Store::default(), now: START, owners: 0, held: [const { None }; 4] }
    }

    fn take(&mut self, turn: Turn) {
        self.now = self.now.plus(Duration::from_secs(turn.pass_seconds.unsigned_abs()));
        match turn.what {
            Move::Claim { generation } => self.claim(turn.worker, generation),
            Move::Done => self.settle(turn.worker, Settlement::Done),
            Move::Ignore => self.settle(turn.worker, Settlement::Ignored("x".to_owned())),
            Move::Retry => {
                let due = self.now.plus(Duration::from_secs(5));
                self.settle(turn.worker, Settlement::Retry(due, failure()));
            }
            Move::Defer => {
                let due = self.now.plus(Duration::from_secs(5));
                self.settle(turn.worker, Settlement::Defer(due, "x".to_owned()));
            }
            Move::Step => self.step(turn.worker),
            Move::Die => {
                self.settle(turn.worker, Settlement::Dead(DeadReason::Permanent, failure()));
            }
            Move::DeadLetter => self.dead_letter(turn.worker),
        }
    }

    fn claim(&mut self, worker: usize, generation: u32) {
        self.owners += 1;
        let now = self.now.saturating_add(CLOCKS_OFF_BY_MS[worker]);
        let claim = Claim {
            owner: Owner::new(self.owners),
            code: CodeVersion::of_this_package(),
            now,
            lease_until: now.plus(LEASE),
            generation,
            restart: None,
        };
        let opened = Run::opened(id(), &claim);
        let Some(existing) = self.store.open(&opened) else {
            self.held[worker] = Some(opened);
            return;
        };
        match existing.claimed(&claim) {
            Ok(claimed) => {
                check_claim(&existing, &claimed, &claim);
                assert_eq!(claimed.steps, existing.steps, "a claim brings the steps along");
                assert!(self.store.advance(&existing.fence(), &claimed), "nobody was between");
                self.held[worker] = Some(claimed);
            }
            Err(refused) => check_refusal(&existing, &refused, &claim),
        }
    }

    /// Only the worker that claimed last, and has not settled since, gets its outcome recorded.
    fn settle(&mut self, worker: usize, settlement: Settlement) {
        if let Some(held) = self.held[worker].clone() {
            self.write(&held, &held.settled(settlement, None, self.now));
        }
    }

    /// The same goes for what it saves, and nothing that was saved is lost.
    fn step(&mut self, worker: usize) {
        let Some(held) = self.held[worker].clone() else {
            return;
        };
        let saved = |run: &Run| run.steps.iter().filter(|step| step.saved.is_some()).count();
        let before = saved(&held);
        let name = format!("step-{before}").parse().expect("a name");
        let one = StepResult::Inline("1".to_owned());
        let next = held.step_begun(&name, self.now).step_saved(&name, one, self.now);
        if self.write(&held, &next) {
            assert_eq!(saved(&next), before + 1);
            self.held[worker] = Some(next);
        }
    }

    fn write(&mut self, held: &Run, next: &Run) -> bool {
        let stored = self.store.0.clone().expect("it was claimed");
        let owns = stored.owner == held.owner && matches!(stored.state, RunState::Running { .. });
        let written = self.store.advance(&held.fence(), next);
        assert_eq!(written, owns, "{stored:?} {next:?}");
        written
    }

    fn dead_letter(&mut self, worker: usize) {
        let Some(stored) = self.store.0.clone() else {
            return;
        };
        if matches!(stored.state, RunState::Dead { .. }) {
            assert!(self.store.advance(&stored.fence(), &stored.dead_lettered()));
            self.held[worker] = None;
        }
    }
}

fn check_claim(from: &Run, to: &Run, claim: &Claim) {
    let allowed = match &from.state {
        RunState::Running { lease_until } => claim.now >= *lease_until,
        RunState::Retrying { not_before } | RunState::Waiting { not_before, .. } => {
            claim.now >= *not_before
        }
        RunState::Dead { .. } => claim.generation > from.generation,
        RunState::Done | RunState::Ignored { .. } | RunState::Dismissed { .. } => false,
    };
    assert!(allowed, "{from:?} was claimed by {claim:?}");
    assert_eq!(to.attempt, from.attempt + 1, "attempts only grow");
    assert!(to.generation >= from.generation, "generations only grow");
    assert!(to.counted_attempts() >= 1);
}

fn check_refusal(from: &Run, refused: &Unclaimable, claim: &Claim) {
    match refused {
        Unclaimable::Until { time, .. } => assert!(claim.now < *time),
        Unclaimable::Ended => assert!(matches!(
            from.state,
            RunState::Done | RunState::Ignored { .. } | RunState::Dead { dead_lettered: true, .. }
        )),
        Unclaimable::NotDeadLettered(run) => {
            assert!(matches!(run.state, RunState::Dead { dead_lettered: false, .. }));
        }
    }
}

fn id() -> RunId {
    let endpoint = "stripe".parse().expect("a name");
    let event = EventRef { endpoint, key: EventKey::of(&[b"event"]) };
    RunId { event, job: "a_job".parse().expect("a name") }
}

fn failure() -> Failure {
    Failure::transient(ErrorClass::Unavailable, "x")
}

proptest! {
    #[test]
    fn no_interleaving_makes_an_illegal_move(turns in prop::collection::vec(turn(), 1..60)) {
        let mut world = World::new();
        for turn in turns {
            world.take(turn);
        }
    }
}

#[test]
fn a_run_whose_record_life_is_over_is_claimed_as_if_it_had_never_been() {
    let claim = |now: EpochMillis| Claim {
        owner: Owner::new(1),
        code: CodeVersion::of_this_package(),
        now,
        lease_until: now.plus(LEASE),
        generation: 0,
        restart: None,
    };
    let done = Run::opened(id(), &claim(START)).settled(Settlement::Done, None, START);
    let thirty_days = START.plus(Duration::from_secs(2_592_000));
    assert_eq!(done.claimed(&claim(thirty_days.saturating_add(-1))), Err(Unclaimable::Ended));
    assert_eq!(done.claimed(&claim(thirty_days)).expect("claimable").attempt, 1);
}

//! A run is claimed by one worker, and moves on under its fence.

use std::time::Duration;

use futures_util::future::join_all;
use hookdock_pipeline::job::{ErrorClass, Failure};
use hookdock_pipeline::ledger::{DeadReason, Fence, Run, RunId, Settlement, StepResult};
use hookdock_pipeline::model::names::{BodyDigest, Owner, StepName};
use hookdock_pipeline::ports::{CommitRefused, Conditional, Ledger as _};
use serde_json::json;

use crate::contract::{Bench, claim, one_wins, record, run_id};
use crate::stack::START;

/// A run is opened by one worker only, and the others are told what they lost to.
pub async fn claims<B: Bench>(bench: &B) {
    let runs: Vec<Run> = (1..=10).map(|owner| Run::opened(run_id(), &claim(owner))).collect();
    let answers = join_all(runs.iter().map(|run| bench.ledger().create(run))).await;
    let (won, told) = one_wins(answers);
    assert_eq!(told, vec![runs[won].clone(); 9], "the others are told by whom they were beaten");
}

/// A run moves on only for the worker that holds its fence: owner, attempt and state must be right.
pub async fn fences<B: Bench>(bench: &B) {
    let ledger = bench.ledger();
    let run = Run::opened(run_id(), &claim(1));
    let missing = ledger.compare_and_swap(&run.fence(), &run).await;
    assert!(missing.is_err(), "a run that was never opened has no state to move on from");
    ledger.create(&run).await.expect("opened");
    let done = run.settled(Settlement::Done, START);
    let right = run.fence();
    let swap = async |from: &Fence, to: &Run| {
        ledger.compare_and_swap(from, to).await.expect("an answer").refused()
    };
    for wrong in [
        Fence { owner: Owner::new(2), ..right.clone() },
        Fence { attempt: 2, ..right.clone() },
        Fence { state: "retrying", ..right.clone() },
        Fence { writes: 1, ..right.clone() },
    ] {
        assert_eq!(swap(&wrong, &done).await.as_ref(), Some(&run), "{wrong:?} is refused");
    }
    assert_eq!(swap(&right, &done).await, None);
    let again = "a write whose answer got lost may be made again";
    assert_eq!(swap(&right, &done).await, None, "{again}");
    let late = run.settled(Settlement::Ignored("too late".to_owned()), START);
    let other = "another outcome cannot replace the first";
    assert_eq!(swap(&right, &late).await, Some(done.clone()), "{other}");
    assert_eq!(ledger.run(&run.id).await.expect("an answer"), Some(done));
    let other = RunId { job: "another".parse().expect("a name"), ..run.id };
    assert_eq!(ledger.run(&other).await.expect("an answer"), None);
}

/// Every state a run can be in is read back as it was written.
pub async fn states<B: Bench>(bench: &B) {
    let failure = || Failure::transient(ErrorClass::Throttled, "slow down, caf\u{e9}");
    let mut run = Run::opened(run_id(), &claim(1));
    let ledger = bench.ledger();
    ledger.create(&run).await.expect("opened");
    let later = START.plus(Duration::from_secs(60));
    let dead = run.settled(Settlement::Dead(DeadReason::Permanent, failure()), later);
    let kept = StepResult::Kept { sha256: BodyDigest::of(b"large"), bytes: 1 << 20 };
    let next = [
        run.settled(Settlement::Retry(later, failure()), START),
        run.settled(Settlement::Defer(later, "not before noon".to_owned()), START),
        run.step_begun(&step("first"), START)
            .step_saved(&step("first"), inline(r#"{"order":1.0,"note":"caf\u00e9"}"#), START)
            .step_begun(&step("large"), START)
            .step_saved(&step("large"), kept, START)
            .step_begun(&step("second"), later)
            .settled(Settlement::Retry(later, failure()), later),
        run.settled(Settlement::Done, START),
        run.settled(Settlement::Ignored("nothing to do".to_owned()), START),
        dead.dead_lettered(),
        dead,
        run.waiting_for_job(later, START),
        run.given_up_without_job(START),
    ];
    for next in next {
        let answer = ledger.compare_and_swap(&run.fence(), &next).await.expect("an answer");
        assert_eq!(answer, Conditional::Written, "{next:?} is written");
        assert_eq!(stored(bench).await.as_ref(), Some(&next));
        run = next;
    }
}

/// A run and a record are written together, or neither is, and the loser learns to what it lost.
pub async fn commits<B: Bench>(bench: &B) {
    let (ledger, records) = (bench.ledger(), &bench.effects().records);
    let run = Run::opened(run_id(), &claim(1));
    ledger.create(&run).await.expect("opened");
    let saved = run.step_saved(&step("commit"), inline("null"), START);
    let (order, other) =
        (record("orders", "1", &json!({"n": 1})), record("orders", "2", &json!(2)));

    let wrong = Fence { owner: Owner::new(2), ..run.fence() };
    let fenced = ledger.commit(&wrong, &saved, &order).await.expect("an answer");
    assert_eq!(fenced, Conditional::Refused(CommitRefused::Fenced(Box::new(run.clone()))));
    assert_eq!(records.get("orders", "1").await.expect("an answer"), None, "nothing is written");

    records.insert(other.clone()).await.expect("inserted");
    let taken = ledger.commit(&run.fence(), &saved, &other).await.expect("an answer");
    assert_eq!(taken, Conditional::Refused(CommitRefused::RecordExists(json!(2))));
    assert_eq!(stored(bench).await.as_ref(), Some(&run), "the run is not written either");

    let both = ledger.commit(&run.fence(), &saved, &order).await.expect("an answer");
    assert_eq!(both, Conditional::Written);
    assert_eq!(records.get("orders", "1").await.expect("an answer"), Some(json!({"n": 1})));
    assert_eq!(stored(bench).await.as_ref(), Some(&saved));
    let again = ledger.commit(&run.fence(), &saved, &order).await.expect("an answer");
    assert_eq!(again, Conditional::Written, "a write whose answer got lost may be made again");
}

/// The run that is there, as a worker is told that tries to open it.
async fn stored<B: Bench>(bench: &B) -> Option<Run> {
    let other = Run::opened(run_id(), &claim(2));
    bench.ledger().create(&other).await.expect("an answer").refused()
}

fn inline(json: &str) -> StepResult {
    StepResult::Inline(json.to_owned())
}

fn step(name: &str) -> StepName {
    name.parse().expect("a name")
}

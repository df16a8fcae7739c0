//! A run is claimed by one worker, and moves on under its fence.

use std::time::Duration;

use futures_util::future::join_all;
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::job::{ErrorClass, Failure};
use hookdock_pipeline::ledger::{
    Claim, DeadReason, Fence, JOB_UNREGISTERED, Run, RunId, Settlement, Shard, StepResult, Wake,
};
use hookdock_pipeline::model::names::{BodyDigest, Owner, StepName};
use hookdock_pipeline::ports::{CommitRefused, Conditional, DueRuns as _, Ledger as _};
use hookdock_signature::EpochMillis;
use serde_json::json;

use crate::contract::events::recorded;
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
    let done = run.settled(Settlement::Done, None, START);
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
    let late = run.settled(Settlement::Ignored("too late".to_owned()), None, START);
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
    let dead = run.settled(Settlement::Dead(DeadReason::Permanent, failure()), None, later);
    let kept = StepResult::Kept { sha256: BodyDigest::of(b"large"), bytes: 1 << 20 };
    let next = [
        run.settled(Settlement::Retry(later, failure()), None, START),
        run.settled(Settlement::Defer(later, "not before noon".to_owned()), None, START),
        run.step_begun(&step("first"), START)
            .step_saved(&step("first"), inline(r#"{"order":1.0,"note":"caf\u00e9"}"#), START)
            .step_begun(&step("large"), START)
            .step_saved(&step("large"), kept, START)
            .step_begun(&step("second"), later)
            .settled(Settlement::Retry(later, failure()), None, later),
        run.settled(Settlement::Done, None, START),
        run.settled(Settlement::Ignored("nothing to do".to_owned()), None, START),
        dead.dead_lettered(),
        dead,
        run.waiting_unclaimed(later, JOB_UNREGISTERED, None, START),
        run.given_up_unclaimed(DeadReason::JobUnregistered, START),
    ];
    for next in next {
        let answer = ledger.compare_and_swap(&run.fence(), &next).await.expect("an answer");
        assert_eq!(answer, Conditional::Written, "{next:?} is written");
        assert_eq!(stored(bench).await.as_ref(), Some(&next));
        run = next;
    }
}

/// A run that was left to the ledger is named once it is due, those first that are due longest,
/// and no more once it has ended.
pub async fn due<B: Bench>(bench: &B) {
    let ledger = bench.ledger();
    let at = |minutes: u64| START.plus(Duration::from_secs(60 * minutes));
    let mut runs = Vec::new();
    for (owner, minutes) in [(1, 30), (2, 10), (3, 20)] {
        let id = RunId { job: format!("job-{owner}").parse().expect("a name"), ..run_id() };
        let run = Run::opened(id, &claim(owner));
        ledger.create(&run).await.expect("opened");
        let failure = Failure::transient(ErrorClass::Throttled, "slow down");
        let wake = wake(&run, at(minutes));
        let waits = run.settled(Settlement::Retry(at(minutes), failure), Some(wake), START);
        ledger.compare_and_swap(&run.fence(), &waits).await.expect("written");
        assert_eq!(ledger.run(&waits.id).await.expect("an answer").as_ref(), Some(&waits));
        runs.push(waits);
    }
    let due = async |shard, minutes, most| {
        let due = ledger.due_runs(shard, at(minutes), most).await.expect("an answer");
        due.into_iter().map(|id| id.job.to_string()).collect::<Vec<_>>()
    };
    let shard = Shard::of(&run_id().event.key);
    assert_eq!(due(shard, 9, 10).await, [""; 0]);
    assert_eq!(due(shard, 10, 10).await, ["job-2"]);
    assert_eq!(due(shard, 60, 10).await, ["job-2", "job-3", "job-1"]);
    assert_eq!(due(shard, 60, 2).await, ["job-2", "job-3"]);
    for other in Shard::all().filter(|other| *other != shard) {
        assert_eq!(due(other, 60, 10).await, [""; 0], "{other:?}");
    }
    let (marked, reference) = runs[1].woken(at(10), 0).expect("it waits");
    assert_eq!(reference.job.as_ref(), Some(&runs[1].id.job));
    ledger.compare_and_swap(&runs[1].fence(), &marked).await.expect("marked");
    assert_eq!(due(shard, 14, 10).await, [""; 0], "it is marked");
    assert_eq!(due(shard, 15, 10).await, ["job-2"]);
    let late = Claim { now: at(15), lease_until: at(16), ..claim(4) };
    let claimed = marked.claimed(&late).expect("it is due");
    ledger.compare_and_swap(&marked.fence(), &claimed).await.expect("claimed");
    assert_eq!(due(shard, 20, 10).await, ["job-3"], "a worker has it");
    assert_eq!(due(shard, 21, 10).await, ["job-3", "job-2"], "it may have died");
    let done = claimed.settled(Settlement::Done, None, at(16));
    ledger.compare_and_swap(&claimed.fence(), &done).await.expect("written");
    assert_eq!(due(shard, 60, 10).await, ["job-3", "job-1"]);
}

/// What wakes the run then.
fn wake(run: &Run, at: EpochMillis) -> Wake {
    let job = Some(run.id.job.clone());
    Wake { at, sent: 0, held_by: None, reference: Reference { job, ..recorded(1).reference } }
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

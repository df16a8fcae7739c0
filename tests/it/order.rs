//! Events of one entity in order, bursts, and runs that put themselves off.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hookdock_pipeline::job::{Context, ErrorClass, JobResult, Json, On, Outcome, Registry};
use hookdock_pipeline::ledger::{DeadReason, Run, RunState};
use hookdock_pipeline::model::system::System as _;
use hookdock_signature::EpochMillis;
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::{START, Stack};
use serde::Deserialize;
use serde_json::json;

use crate::scripts::{accept, attribute, letter, receive, unavailable};

/// An event about an entity.
#[derive(Debug, Clone, Deserialize)]
struct Changed {
    entity: String,
    version: i64,
    /// How long it takes to write it.
    seconds: u64,
}

/// What was written, in order: entity and version.
#[derive(Debug, Clone, Default)]
struct Written(Arc<Mutex<Vec<(String, i64)>>>);

impl Written {
    fn versions(&self) -> Vec<i64> {
        self.0.lock().expect("a lock").iter().map(|(_, version)| *version).collect()
    }

    /// A stack whose only job writes what is newest, after quiet.
    fn stack(&self, wait: Duration, longest: Duration) -> Stack {
        let written = self.clone();
        let job = move |cx: Context, Json(event): Json<Changed>| {
            let written = written.clone();
            async move { written.write(&cx, event, (wait, longest)).await }
        };
        Stack::with(Registry::new().job("write", On::endpoint("*"), job))
    }

    async fn write(
        &self,
        cx: &Context,
        event: Changed,
        debounce: (Duration, Duration),
    ) -> JobResult {
        let newest =
            cx.ordered(&event.entity).version(event.version).debounce(debounce.0, debounce.1);
        newest
            .run(async || {
                tokio::time::sleep(Duration::from_secs(event.seconds)).await;
                self.0.lock().expect("a lock").push((event.entity.clone(), event.version));
                Ok(())
            })
            .await?;
        Ok(Outcome::Done)
    }
}

/// At once, and one after the other.
fn guarded() -> (Stack, Written) {
    let written = Written::default();
    (written.stack(Duration::ZERO, Duration::ZERO), written)
}

/// Ten seconds of quiet, a minute at most.
fn debounced() -> (Stack, Written) {
    let written = Written::default();
    (written.stack(seconds(10), seconds(60)), written)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn change(stack: &Stack, entity: &str, version: i64, takes: u64) {
    let id = format!("evt_{entity}_{version}");
    let body = json!({
        "id": id, "type": "changed", "entity": entity, "version": version, "seconds": takes,
    });
    accept(stack, &Draft::stripe("stripe", "whsec_test", &body.to_string())).await;
}

/// The runs in the order in which they were first claimed.
fn runs(stack: &Stack) -> Vec<Run> {
    let events = stack.local.events().expect("memory");
    let mut runs: Vec<Run> =
        events.iter().flat_map(|event| stack.local.runs(&event.event()).expect("memory")).collect();
    runs.sort_by_key(|run| run.opened_at);
    runs
}

fn causes(stack: &Stack) -> Vec<String> {
    let ignored = runs(stack).into_iter().filter_map(|run| match run.state {
        RunState::Ignored { cause } => Some(cause),
        _ => None,
    });
    ignored.collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_older_than_what_was_written_is_superseded() {
    let (stack, written) = guarded();
    for version in [2, 1, 3] {
        change(&stack, "a", version, 0).await;
        stack.drain().await;
        tokio::time::sleep(seconds(1)).await;
    }
    assert_eq!(written.versions(), [2, 3]);
    let newest = runs(&stack)[0].id.event.clone();
    assert_eq!(causes(&stack), [format!("superseded by {}/{}", newest.endpoint, newest.key)]);
}

#[tokio::test(start_paused = true)]
async fn entities_have_an_order_each() {
    let (stack, written) = guarded();
    for (entity, version) in [("a", 2), ("b", 1), ("c", 0)] {
        change(&stack, entity, version, 0).await;
        stack.drain().await;
    }
    assert_eq!(written.versions(), [2, 1, 0]);
}

/// An event that says when its entity changed, so many milliseconds after it comes.
async fn changes_in(millis: i64) -> Run {
    let job = |cx: Context, Json(event): Json<Changed>| async move {
        let changed_at = EpochMillis::new(event.version);
        cx.ordered(&event.entity).version_at(changed_at).run(async || Ok(())).await?;
        Ok(Outcome::Done)
    };
    let stack = Stack::with(Registry::new().job("write", On::endpoint("*"), job));
    change(&stack, "a", START.get().saturating_add(millis), 0).await;
    stack.drain().await;
    stack.run()
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_from_more_than_a_day_ahead_is_refused() {
    let day = 24 * 60 * 60 * 1000;
    for (millis, state) in
        [(-day, "done"), (0, "done"), (day, "done"), (day + 1, "dead"), (i64::MAX, "dead")]
    {
        let run = changes_in(millis).await;
        assert_eq!(run.state.name(), state, "{millis}");
        let class = run.last_failure().map(|failure| failure.class);
        assert_eq!(class, (state == "dead").then_some(ErrorClass::BadData), "{millis}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_newer_is_written_after_the_older_that_is_under_way() {
    let (stack, written) = guarded();
    change(&stack, "a", 1, 7).await;
    let older = receive(&stack).await;
    change(&stack, "a", 2, 0).await;
    let newer = receive(&stack).await;
    let newer_comes = async {
        tokio::time::sleep(seconds(1)).await;
        stack.work_on(&newer).await;
    };
    tokio::join!(stack.work_on(&older), newer_comes);
    assert_eq!(written.versions(), [1]);
    let run = &runs(&stack)[1];
    assert_eq!(
        (run.attempt, run.counted_attempts()),
        (1, 0),
        "it was put off, and used no attempt"
    );
    stack.drain().await;
    assert_eq!(written.versions(), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_newer_one_is_written_after_a_call_that_got_no_answer_and_lands_late() {
    let written = Written::default();
    let target = written.clone();
    let job = move |cx: Context, Json(event): Json<Changed>| {
        let target = target.clone();
        let Changed { entity, version, seconds } = event;
        async move {
            let newest = cx.ordered(&entity).version(version);
            newest
                .run(async || {
                    let write = (entity.clone(), version);
                    let late = async move {
                        tokio::time::sleep(Duration::from_secs(seconds)).await;
                        target.0.lock().expect("a lock").push(write);
                    };
                    if seconds == 0 {
                        late.await;
                        return Ok(());
                    }
                    drop(tokio::spawn(late));
                    Err(unavailable())
                })
                .await?;
            Ok(Outcome::Done)
        }
    };
    let stack = Stack::with(Registry::new().job("write", On::endpoint("*"), job));
    change(&stack, "a", 1, 3).await;
    stack.work_on(&receive(&stack).await).await;
    change(&stack, "a", 2, 0).await;
    stack.drain().await;
    assert_eq!(written.versions(), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn an_older_one_that_comes_back_after_a_newer_one_is_superseded() {
    let (stack, written) = guarded();
    change(&stack, "a", 1, 7).await;
    let older = receive(&stack).await;
    let worked = tokio::time::timeout(seconds(3), stack.work_on(&older)).await;
    assert!(worked.is_err(), "its worker dies in the middle of the work");
    change(&stack, "a", 2, 0).await;
    stack.drain().await;
    assert_eq!(written.versions(), [2]);
    assert_eq!(causes(&stack).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_burst_becomes_one_run_on_its_newest() {
    let (stack, written) = debounced();
    for version in 1..=20 {
        change(&stack, "a", version, 0).await;
        stack.work_on(&receive(&stack).await).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stack.drain().await;
    assert_eq!(written.versions(), [20]);
    assert_eq!(causes(&stack).len(), 19);
    let last = runs(&stack).pop().expect("a run");
    assert_eq!((last.state.name(), last.counted_attempts()), ("done", 1));
    let (least, waited) = (seconds(10), last.opened_at.until(last.updated_at));
    assert!(waited >= least && waited < least + seconds(2), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_burst_that_does_not_end_is_written_once_a_minute() {
    let (stack, written) = debounced();
    let end = START.plus(seconds(180));
    let mut version = 0;
    while stack.system.now() < end {
        version += 1;
        change(&stack, "a", version, 0).await;
        for message in stack.local.receive(10).await.expect("memory") {
            stack.work_on(&message).await;
        }
        tokio::time::sleep(seconds(3)).await;
    }
    let during = written.versions().len();
    assert!((2..=3).contains(&during), "{during} in three minutes");
    stack.drain().await;
    assert_eq!(written.versions().last(), Some(&version));
}

#[tokio::test(start_paused = true)]
async fn the_newest_of_a_burst_is_written_though_its_worker_dies() {
    let (stack, written) = debounced();
    for version in 1..=3 {
        change(&stack, "a", version, 7).await;
        stack.work_on(&receive(&stack).await).await;
    }
    let mut died = 0;
    while died == 0 {
        let message = receive(&stack).await;
        let worked = tokio::time::timeout(seconds(3), stack.work_on(&message)).await;
        died += u32::from(worked.is_err());
    }
    assert_eq!(written.versions(), [0_i64; 0]);
    stack.drain().await;
    assert_eq!(written.versions(), [3]);
}

#[tokio::test(start_paused = true)]
async fn whatever_call_for_the_entity_fails_the_newest_is_written() {
    for call in [Call::Cell, Call::Swap] {
        for fault in Fault::ALL {
            for well in 0..3 {
                let (stack, written) = debounced();
                stack.plan.strike_after(well, call, fault);
                for version in 1..=3 {
                    change(&stack, "a", version, 0).await;
                }
                stack.drain().await;
                let written = written.versions();
                assert_eq!(written.last(), Some(&3), "{call:?} {fault:?} after {well}");
                assert!(written.is_sorted(), "{written:?}: {call:?} {fault:?} after {well}");
            }
        }
    }
}

/// Its message does not come back so often that SQS would set it aside and say nothing.
#[tokio::test(start_paused = true)]
async fn a_job_that_puts_itself_off_for_ever_ends_with_a_reason() {
    let job = |cx: Context, _: Json<Changed>| async move {
        Ok(Outcome::Defer { until: cx.started_at().plus(seconds(60)), cause: "noon".to_owned() })
    };
    let mut stack = Stack::with(Registry::new().job("waits", On::endpoint("*"), job));
    stack.process.settings.deliveries_kept = seconds(6 * 3600);
    change(&stack, "a", 1, 0).await;
    stack.drain().await;
    let run = stack.run();
    let dead = RunState::Dead { reason: DeadReason::WaitTooLong, dead_lettered: true };
    assert_eq!((run.state, run.attempt), (dead, 301));
    let letter = letter(&stack);
    assert_eq!(attribute(&letter, "reason"), "wait_too_long");
    assert_eq!(
        attribute(&letter, "message"),
        "put off for longer than the delivery is stored: noon"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_the_newest_is_tried_again_in_its_turn() {
    let failures = Arc::new(Mutex::new(2));
    let left = Arc::clone(&failures);
    let job = move |cx: Context, Json(event): Json<Changed>| {
        let left = Arc::clone(&left);
        async move {
            let newest = cx.ordered(&event.entity).version(event.version);
            newest
                .run(async || {
                    let mut left = left.lock().expect("a lock");
                    *left -= 1;
                    if *left >= 0 { Err(unavailable()) } else { Ok(()) }
                })
                .await?;
            Ok(Outcome::Done)
        }
    };
    let stack = Stack::with(Registry::new().job("fails", On::endpoint("*"), job));
    change(&stack, "a", 1, 0).await;
    stack.drain().await;
    let run = stack.run();
    assert_eq!((&run.state, run.counted_attempts()), (&RunState::Done, 3));
}

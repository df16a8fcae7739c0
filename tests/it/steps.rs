//! Steps: what was saved is not done again, and what is not known is looked up.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hookdock_pipeline::job::{
    Body, Context, ErrorClass, Failure, JobResult, LARGEST_INLINE_BYTES, LARGEST_RESULT_BYTES,
    LARGEST_RESULTS_BYTES, MOST_STEPS, On, Outcome, Registry,
};
use hookdock_pipeline::ledger::{AttemptResult, Claim, Run, RunState};
use hookdock_pipeline::model::names::{CodeVersion, Owner};
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::ports::{Conditional, Ledger as _, Record, Records as _};
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::{START, Stack};
use serde_json::json;

use crate::scripts::{accept, dies_over, receive, unavailable};

/// What the steps of a job did, in order.
#[derive(Debug, Clone, Default)]
struct Done(Arc<Mutex<Vec<String>>>);

impl Done {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().expect("a lock").push(what.into());
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().expect("a lock").clone()
    }
}

/// A job of three steps; the third fails as often as asked.
fn three_steps(failures: u32) -> (Registry, Done) {
    let done = Done::default();
    let left = Arc::new(AtomicU32::new(failures));
    let noted = done.clone();
    let job = move |cx: Context, _: Body| {
        let (done, left) = (noted.clone(), Arc::clone(&left));
        async move {
            let order: u32 = cx
                .step("order", async |step| {
                    done.note(format!("order {}", step.effect_key()));
                    Ok(7)
                })
                .await?;
            cx.step("invoice", async |_| {
                done.note(format!("invoice of {order}"));
                Ok(())
            })
            .await?;
            cx.step("mail", async |step| {
                done.note(format!("mail {}", step.effect_key()));
                let failed = left
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
                if failed.is_ok() { Err(unavailable()) } else { Ok(()) }
            })
            .await?;
            Ok(Outcome::Done)
        }
    };
    (Registry::new().job("three_steps", On::endpoint("*"), job), done)
}

async fn run_through(jobs: Registry) -> Stack {
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    stack
}

fn steps(run: &Run) -> Vec<(&str, bool)> {
    run.steps.iter().map(|step| (step.name.as_str(), step.saved.is_some())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_retry_repeats_no_step_that_was_saved_and_hands_its_result_on() {
    let (jobs, done) = three_steps(2);
    let stack = run_through(jobs).await;
    let run = stack.run();
    assert_eq!((&run.state, run.attempt), (&RunState::Done, 3));
    assert_eq!(steps(&run), [("order", true), ("invoice", true), ("mail", true)]);
    let done = done.all();
    assert_eq!(done.len(), 5, "the third step ran three times, the others once: {done:?}");
    assert_eq!(done[1], "invoice of 7");
}

#[tokio::test(start_paused = true)]
async fn an_effect_key_stays_the_same_over_attempts_and_is_another_for_each_step() {
    let (jobs, done) = three_steps(2);
    run_through(jobs).await;
    let done = done.all();
    let keys: Vec<_> = done.iter().filter_map(|line| line.split(" hd-").nth(1)).collect();
    assert_eq!(keys.len(), 4);
    assert!(keys[1..].iter().all(|key| *key == keys[1]), "{keys:?}");
    assert_ne!(keys[0], keys[1]);
    assert_eq!(keys[0].len(), 40);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_records_the_step_it_got_to() {
    let (jobs, _) = three_steps(1);
    let run = run_through(jobs).await.run();
    let reached = run.attempts.iter().map(|attempt| {
        let ended = attempt.ended.as_ref().expect("it ended");
        (ended.step.as_ref().map(|step| step.as_str()), ended.result.code())
    });
    let reached: Vec<_> = reached.collect();
    assert_eq!(reached, [(Some("mail"), "failed"), (Some("mail"), "done")]);
}

#[tokio::test(start_paused = true)]
async fn a_step_costs_two_writes_and_one_that_was_saved_none() {
    let (jobs, _) = three_steps(1);
    let stack = run_through(jobs).await;
    let advances =
        stack.plan.calls().into_iter().filter(|call| *call == Call::CompareAndSwap).count();
    let (steps, failed_step, settled, reclaimed) = (3 * 2, 1, 2, 1);
    assert_eq!(advances, steps + failed_step + settled + reclaimed);
}

/// A job whose only step hangs once, and looks up afterwards whether it happened.
fn unknown_step(happened: Option<u32>) -> (Registry, Done) {
    let done = Done::default();
    let noted = done.clone();
    let job = move |cx: Context, _: Body| {
        let done = noted.clone();
        async move {
            let charge: u32 = cx
                .checked_step(
                    "charge",
                    async |_| {
                        done.note("looked");
                        Ok(happened)
                    },
                    async |_| {
                        done.note("charged");
                        if cx.attempt() == 1 { std::future::pending().await } else { Ok(2) }
                    },
                )
                .await?;
            done.note(format!("charge {charge}"));
            Ok(Outcome::Done)
        }
    };
    (Registry::new().job("unknown_step", On::endpoint("*"), job), done)
}

#[tokio::test(start_paused = true)]
async fn a_step_of_which_nothing_is_known_is_looked_up_before_it_runs_again() {
    for (happened, expected) in [
        (Some(1), vec!["charged", "looked", "charge 1"]),
        (None, vec!["charged", "looked", "charged", "charge 2"]),
    ] {
        let (jobs, done) = unknown_step(happened);
        let stack = Stack::with(jobs);
        accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
        dies_over(&stack, &receive(&stack).await).await;
        assert_eq!(steps(&stack.run()), [("charge", false)], "begun, and nothing is known of it");
        stack.drain().await;
        assert_eq!(done.all(), expected);
        assert_eq!(steps(&stack.run()), [("charge", true)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_and_its_step_are_written_together_and_once() {
    let job = |cx: Context, _: Body| async move {
        let record = Record {
            collection: "orders".to_owned(),
            id: "1".to_owned(),
            body: json!({ "attempt": cx.attempt() }),
        };
        let inserted = cx.commit("order", record).await?;
        assert_eq!(inserted, Conditional::Written, "this run wrote it, whichever attempt asks");
        if cx.attempt() < 3 { Err(unavailable()) } else { Ok(Outcome::Done) }
    };
    for fault in [None, Some(Fault::Fails), Some(Fault::FailsLate), Some(Fault::Hangs)] {
        let stack = Stack::with(Registry::new().job("commits", On::endpoint("*"), job));
        if let Some(fault) = fault {
            stack.plan.strike(Call::Commit, fault);
        }
        accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
        stack.drain().await;
        assert_eq!(stack.run().state, RunState::Done, "{fault:?}");
        let order =
            stack.local.get("orders", "stripe~~1").await.expect("memory").expect("an order");
        let written_by = if matches!(fault, None | Some(Fault::FailsLate)) { 1 } else { 2 };
        assert_eq!(order["attempt"], written_by, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_save_was_made_and_not_answered_is_not_repeated() {
    for fault in Fault::ALL {
        let (jobs, done) = three_steps(0);
        let stack = Stack::with(jobs);
        // The second write of the run after its claim: the save of the first step.
        stack.plan.strike_after(1, Call::CompareAndSwap, fault);
        accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
        stack.drain().await;
        assert_eq!(stack.run().state, RunState::Done, "{fault:?}");
        let orders = done.all().iter().filter(|line| line.starts_with("order")).count();
        let expected = if fault == Fault::FailsLate { 1 } else { 2 };
        assert_eq!(orders, expected, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_tried_again_at_once_keeps_the_result_whose_save_was_not_answered() {
    let worked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&worked);
    let job = move |cx: Context, _: Body| {
        let worked = Arc::clone(&counted);
        async move {
            let order = async || {
                let work = async |_| Ok(worked.fetch_add(1, Ordering::SeqCst) + 1);
                cx.step("order", work).await
            };
            let first: Result<u32, _> = order().await;
            let again: u32 = order().await?;
            assert_eq!((first.is_err(), again), (true, 1));
            Ok(Outcome::Done)
        }
    };
    let stack = Stack::with(Registry::new().job("stubborn", On::endpoint("*"), job));
    stack.plan.strike_after(1, Call::CompareAndSwap, Fault::FailsLate);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert!(stack.plan.has_struck());
    assert_eq!((stack.run().state, stack.run().attempt), (RunState::Done, 1));
    assert_eq!(worked.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_lost_its_claim_cannot_save_a_step() {
    let outcomes = Done::default();
    let noted = outcomes.clone();
    let job = move |cx: Context, _: Body| {
        let done = noted.clone();
        async move {
            let saved = cx
                .step("slow", async |_| {
                    if cx.attempt() == 1 {
                        // Longer than the lease: another worker claims the run meanwhile.
                        tokio::time::sleep(Duration::from_secs(3)).await;
                    }
                    Ok(cx.attempt())
                })
                .await;
            done.note(format!("{saved:?}"));
            saved.map(|_| Outcome::Done)
        }
    };
    let stack = Stack::with(Registry::new().job("slow", On::endpoint("*"), job));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    let message = receive(&stack).await;
    let mut short = stack.received(&message);
    // This worker is wrong about its time: its lease ends while its job is still at it.
    short.deadline = stack.system.now().plus(Duration::from_secs(30));
    let zombie = stack.process.one(&short);
    let other = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let run = stack.run();
        let claim = Claim {
            owner: Owner::new(99),
            code: CodeVersion::of_this_package(),
            now: stack.system.now().plus(Duration::from_secs(60)),
            lease_until: stack.system.now().plus(Duration::from_secs(90)),
            generation: 0,
            restart: None,
        };
        let claimed = run.claimed(&claim).expect("the lease is over");
        let advanced = stack.local.compare_and_swap(&run.fence(), &claimed).await;
        assert_eq!(advanced.expect("memory"), Conditional::Written);
    };
    futures_util::future::join(zombie, other).await;
    let run = stack.run();
    assert_eq!((run.attempt, steps(&run)), (2, vec![("slow", false)]));
    assert!(outcomes.all()[0].contains("another worker has claimed the run"), "{outcomes:?}");
}

#[tokio::test(start_paused = true)]
async fn steps_can_be_reordered_added_left_out_and_renamed_between_deployments() {
    async fn before(cx: Context, _: Body) -> JobResult {
        cx.step("one", async |_| Ok("one, by the old code".to_owned())).await?;
        cx.step("two", async |_| Ok(2_u32)).await?;
        Err(unavailable())
    }
    async fn after(cx: Context, _: Body) -> JobResult {
        let two: u32 = cx.step("two", async |_| Ok(22)).await?;
        let added: u32 = cx.step("added", async |_| Ok(3)).await?;
        let renamed: String =
            cx.step("uno", async |_| Ok("one, by the new code".to_owned())).await?;
        assert_eq!((two, added, renamed.as_str()), (2, 3, "one, by the new code"));
        Ok(Outcome::Done)
    }
    let mut stack = Stack::with(Registry::new().job("a_job", On::endpoint("*"), before));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.work_on(&receive(&stack).await).await;
    stack.process.registry = Registry::new().job("a_job", On::endpoint("*"), after);
    stack.drain().await;
    let run = stack.run();
    assert_eq!(run.state, RunState::Done);
    let all = [("one", true), ("two", true), ("added", true), ("uno", true)];
    assert_eq!(steps(&run), all, "what the old code saved stays on record");
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_too_large_or_of_another_form_is_a_clear_failure() {
    async fn large(cx: Context, _: Body) -> JobResult {
        cx.step("large", async |_| Ok("x".repeat(LARGEST_RESULT_BYTES))).await?;
        Ok(Outcome::Done)
    }
    let run = run_through(Registry::new().job("large", On::endpoint("*"), large)).await.run();
    let failure = run.last_failure().expect("a failure");
    assert_eq!(
        (failure.class, failure.message.as_str()),
        (ErrorClass::Bug, "the result of step large has 1048578 bytes, 1048576 can be saved")
    );
    assert_eq!(run.attempt, 1, "it cannot get better by itself");

    async fn changed(cx: Context, _: Body) -> JobResult {
        if cx.attempt() == 1 {
            cx.step("step", async |_| Ok("a text".to_owned())).await?;
            return Err(unavailable());
        }
        let _: u32 = cx.step("step", async |_| Ok(1)).await?;
        Ok(Outcome::Done)
    }
    let run = run_through(Registry::new().job("changed", On::endpoint("*"), changed)).await.run();
    let failure = run.last_failure().expect("a failure");
    assert_eq!(failure.message, "the saved result of step step is not what this code saves");
    assert!(!failure.message.contains("a text"), "results stay out of what is recorded");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_saves_too_much_is_dead_before_the_work_that_could_not_be_saved() {
    let done = Done::default();
    let noted = done.clone();
    let job = move |cx: Context, _: Body| {
        let done = noted.clone();
        async move {
            for number in 0..MOST_STEPS {
                let result = "x".repeat(LARGEST_INLINE_BYTES - 2);
                cx.step(&format!("step-{number}"), async |_| {
                    done.note(format!("{number}"));
                    Ok(result)
                })
                .await?;
            }
            Ok(Outcome::Done)
        }
    };
    let run = run_through(Registry::new().job("hoards", On::endpoint("*"), job)).await.run();
    let failure = run.last_failure().expect("a failure");
    assert_eq!((failure.class, run.attempt), (ErrorClass::Bug, 1));
    assert!(failure.message.starts_with("step step-16 cannot be saved"), "{}", failure.message);
    assert_eq!(done.all().len(), LARGEST_RESULTS_BYTES / LARGEST_INLINE_BYTES);
}

#[tokio::test(start_paused = true)]
async fn a_step_name_outside_of_the_grammar_is_a_bug() {
    let job = |cx: Context, _: Body| async move {
        cx.step("Create Order", async |_| Ok(())).await?;
        Ok(Outcome::Done)
    };
    let run = run_through(Registry::new().job("misnamed", On::endpoint("*"), job)).await.run();
    let ended = run.attempts[0].ended.as_ref().expect("it ended");
    assert!(matches!(&ended.result, AttemptResult::Failed(failure)
        if failure.class == ErrorClass::Bug && failure.message.starts_with("step: a step name must")));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_put_off_runs_again_then_and_spends_no_attempt() {
    let job = |cx: Context, _: Body| async move {
        let until = START.plus(Duration::from_secs(3 * 86_400));
        if cx.started_at() < until {
            return Ok(Outcome::Defer { until, cause: "not before Monday".to_owned() });
        }
        assert_eq!(cx.attempt(), 1, "putting off does not count");
        Err(Failure::permanent(ErrorClass::Refused, "it ran"))
    };
    let stack = Stack::with(Registry::new().job("late", On::endpoint("*"), job));
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.work_on(&receive(&stack).await).await;
    let RunState::Waiting { cause, .. } = stack.run().state else { panic!("it waits") };
    assert_eq!(cause, "not before Monday");
    stack.drain().await;
    let run = stack.run();
    assert_eq!((run.attempt, run.counted_attempts()), (2, 1));
    assert_eq!(run.last_failure().expect("a failure").message, "it ran");
}

#[tokio::test(start_paused = true)]
async fn what_would_come_after_the_delivery_was_deleted_is_dead_at_once() {
    let job = |_: Context, _: Body| async {
        let until = START.plus(Duration::from_secs(91 * 86_400));
        Ok(Outcome::Defer { until, cause: "next spring".to_owned() })
    };
    let stack = run_through(Registry::new().job("late", On::endpoint("*"), job)).await;
    assert!(matches!(stack.run().state, RunState::Dead { .. }));
    let letters = stack.local.dead_letters().expect("memory");
    let reason = letters[0].attributes.iter().find(|(name, _)| name == "reason");
    assert_eq!(reason.map(|(_, value)| value.as_str()), Some("wait_too_long"));
}

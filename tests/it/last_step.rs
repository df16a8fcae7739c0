//! The step that a job ends with: one write saves it and ends the run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hookdock_pipeline::job::{Body, Context, JobResult, On, Outcome, Registry};
use hookdock_pipeline::ledger::{Run, RunState};
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;

use crate::scripts::{accept, dies_over, receive, unavailable};

/// A job whose one step counts how often it works.
fn counting<F, R>(job: F) -> (Stack, Arc<AtomicU32>)
where
    F: Fn(Context, Arc<AtomicU32>) -> R + Send + Sync + 'static,
    R: Future<Output = JobResult> + Send + 'static,
{
    let worked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&worked);
    let job = move |cx: Context, _: Body| job(cx, Arc::clone(&counted));
    (Stack::with(Registry::new().job("counts", On::endpoint("*"), job)), worked)
}

async fn ends_with(cx: &Context, name: &str, worked: &AtomicU32) -> JobResult {
    cx.last_step(name, async |_| {
        worked.fetch_add(1, Ordering::SeqCst);
        Ok(())
    })
    .await
}

async fn first_and_last(cx: Context, worked: Arc<AtomicU32>) -> JobResult {
    ends_with(&cx, "tell", &worked).await
}

async fn first_and_on(cx: Context, worked: Arc<AtomicU32>) -> JobResult {
    cx.step("tell", async |_| {
        worked.fetch_add(1, Ordering::SeqCst);
        Ok(())
    })
    .await?;
    Ok(Outcome::Done)
}

fn saved(run: &Run) -> Vec<&str> {
    let saved = run.steps.iter().filter(|step| step.saved.is_some());
    saved.map(|step| step.name.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn an_event_whose_job_ends_with_its_step_costs_four_ledger_writes() {
    let (stack, worked) = counting(first_and_last);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    let ingest = [Call::Find, Call::Put, Call::Send];
    let process = [
        Call::RecordDelivery,
        Call::Cell,
        Call::Fetch,
        Call::Create,
        Call::CompareAndSwap,
        Call::CompareAndSwap,
    ];
    assert_eq!(stack.plan.calls(), [&ingest[..], &process[..]].concat());
    let run = stack.run();
    assert_eq!((&run.state, run.attempt), (&RunState::Done, 1));
    assert_eq!(saved(&run), ["tell"]);
    let ended = run.attempts[0].ended.as_ref().expect("it ended");
    assert_eq!(ended.step.as_ref().map(|step| step.as_str()), Some("tell"));
    assert_eq!(worked.load(Ordering::SeqCst), 1);
}

/// How often the step works if a write of its run meets the fault.
async fn works(job: &str, well: usize, fault: Fault) -> u32 {
    let (stack, worked) = match job {
        "last" => counting(first_and_last),
        _ => counting(first_and_on),
    };
    stack.plan.strike_after(well, Call::CompareAndSwap, fault);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert!(stack.plan.has_struck(), "{job} {well} {fault:?}");
    assert_eq!(stack.run().state, RunState::Done, "{job} {well} {fault:?}");
    assert_eq!(saved(&stack.run()), ["tell"], "{job} {well} {fault:?}");
    worked.load(Ordering::SeqCst)
}

#[tokio::test(start_paused = true)]
async fn a_last_step_is_repeated_where_any_step_is_and_nowhere_else() {
    for fault in Fault::ALL {
        // The step begins.
        assert_eq!(works("last", 0, fault).await, 1, "{fault:?}");
        assert_eq!(works("any", 0, fault).await, 1, "{fault:?}");
        // It is saved; where it is the last, the run ends with that.
        let expected = if fault == Fault::FailsLate { 1 } else { 2 };
        assert_eq!(works("last", 1, fault).await, expected, "{fault:?}");
        assert_eq!(works("any", 1, fault).await, expected, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_after_its_last_step_does_not_repeat_it() {
    let (stack, worked) = counting(|cx, worked| async move {
        ends_with(&cx, "tell", &worked).await?;
        match cx.attempt() {
            1 => Err(unavailable()),
            2 => panic!("a bug"),
            _ => Ok(Outcome::Done),
        }
    });
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!((stack.run().state, stack.run().attempt), (RunState::Done, 3));
    assert_eq!(worked.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_last_step_is_unknown_until_the_run_has_ended() {
    let (stack, worked) = counting(|cx, worked| async move {
        let ended = ends_with(&cx, "tell", &worked).await;
        if cx.attempt() == 1 { std::future::pending().await } else { ended }
    });
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    dies_over(&stack, &receive(&stack).await).await;
    assert_eq!(stack.run().steps.len(), 1, "it is noted that it began");
    assert!(saved(&stack.run()).is_empty());
    stack.drain().await;
    assert_eq!((stack.run().state, stack.run().attempt), (RunState::Done, 2));
    assert_eq!(worked.load(Ordering::SeqCst), 2, "as a step that nobody saved");
}

#[tokio::test(start_paused = true)]
async fn of_two_last_steps_both_are_saved_and_neither_works_twice() {
    let (stack, worked) = counting(|cx, worked| async move {
        ends_with(&cx, "tell", &worked).await?;
        ends_with(&cx, "tell", &worked).await?;
        ends_with(&cx, "tell-others", &worked).await?;
        if cx.attempt() == 1 { Err(unavailable()) } else { Ok(Outcome::Done) }
    });
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    assert_eq!((stack.run().state, stack.run().attempt), (RunState::Done, 2));
    assert_eq!(saved(&stack.run()), ["tell", "tell-others"]);
    assert_eq!(worked.load(Ordering::SeqCst), 2);
}

//! Results that are too large for a run: documents, of which the run holds the digest.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hookdock_pipeline::job::{
    Body, Context, ErrorClass, LARGEST_INLINE_BYTES, LARGEST_RESULT_BYTES, On, Outcome, Registry,
    result_document,
};
use hookdock_pipeline::ledger::{RunState, StepResult};
use hookdock_pipeline::model::names::BodyDigest;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{DocumentName, Documents};
use hookdock_pipeline::testing::{Intercepted, Interceptor};
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;

use crate::scripts::{accept, attribute, dies_over, letter, receive, unavailable};

/// A job with one step that yields a text of so many bytes as JSON, another by each attempt, and
/// fails once after it. Counted is the step's work; noted is what the job was handed.
fn job(bytes: usize) -> (Registry, Arc<AtomicU32>, Arc<Mutex<Vec<String>>>) {
    let (worked, handed) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (counted, noted) = (Arc::clone(&worked), Arc::clone(&handed));
    let job = move |cx: Context, _: Body| {
        let (worked, handed) = (Arc::clone(&counted), Arc::clone(&noted));
        async move {
            let text = async |_| {
                worked.fetch_add(1, Ordering::SeqCst);
                Ok(format!("{}{}", "x".repeat(bytes - 3), cx.attempt()))
            };
            let text: String = cx.step("report", text).await?;
            handed.lock().expect("a lock").push(text);
            if cx.attempt() == 1 { Err(unavailable()) } else { Ok(Outcome::Done) }
        }
    };
    (Registry::new().job("reports", On::endpoint("*"), job), worked, handed)
}

async fn accepted(jobs: Registry) -> Stack {
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack
}

fn saved(stack: &Stack) -> StepResult {
    let run = stack.run();
    run.steps[0].saved.as_ref().expect("it is saved").result.clone()
}

/// The document of the only step.
async fn document(stack: &Stack) -> (DocumentName, Option<Bytes>) {
    let sha256 = match saved(stack) {
        StepResult::Kept { sha256, .. } => Some(sha256),
        StepResult::Inline(_) => None,
    };
    let sha256 = sha256.expect("it is not in the run");
    let run = stack.run();
    let name = result_document(&run.id, &run.steps[0].name, &sha256);
    let found = Documents::read(&stack.local, &name).await.expect("memory");
    (name, found)
}

#[tokio::test(start_paused = true)]
async fn a_large_result_is_kept_as_a_document_and_handed_on_to_a_retry() {
    let (jobs, worked, handed) = job(100_000);
    let stack = accepted(jobs).await;
    stack.drain().await;
    assert_eq!((stack.run().state, stack.run().attempt), (RunState::Done, 2));
    assert_eq!(worked.load(Ordering::SeqCst), 1);
    let handed = handed.lock().expect("a lock").clone();
    assert_eq!(handed[0], handed[1]);
    let json = Bytes::from(format!("\"{}\"", handed[0]));
    assert_eq!(document(&stack).await.1, Some(json.clone()));
    let kept = StepResult::Kept { sha256: BodyDigest::of(&json), bytes: 100_000 };
    assert_eq!(saved(&stack), kept, "the run holds no more than that");
}

#[tokio::test(start_paused = true)]
async fn a_result_is_in_its_run_up_to_sixteen_kibibytes_and_a_document_up_to_one_mebibyte() {
    for (bytes, inline) in [
        (LARGEST_INLINE_BYTES, true),
        (LARGEST_INLINE_BYTES + 1, false),
        (LARGEST_RESULT_BYTES, false),
    ] {
        let (jobs, ..) = job(bytes);
        let stack = accepted(jobs).await;
        stack.drain().await;
        assert_eq!(stack.run().state, RunState::Done, "{bytes}");
        assert_eq!(matches!(saved(&stack), StepResult::Inline(_)), inline, "{bytes}");
        let kept = stack.plan.calls().into_iter().filter(|call| *call == Call::KeepDocument);
        assert_eq!(kept.count(), usize::from(!inline), "{bytes}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_documents_a_large_result_is_a_failure_that_says_so() {
    let (jobs, worked, _) = job(LARGEST_INLINE_BYTES + 1);
    let mut stack = accepted(jobs).await;
    stack.process.effects.documents = None;
    stack.drain().await;
    let run = stack.run();
    let failure = run.last_failure().expect("a failure");
    assert_eq!(failure.class, ErrorClass::Bug);
    assert_eq!(
        failure.message,
        "the result of step report has 16385 bytes, a run holds 16384, and documents are not set \
         up here"
    );
    assert_eq!(worked.load(Ordering::SeqCst), 1, "the work is not repeated in vain");
}

#[tokio::test(start_paused = true)]
async fn a_fault_while_a_result_is_kept_leaves_the_step_unknown() {
    for fault in Fault::ALL {
        let (jobs, worked, handed) = job(100_000);
        let stack = accepted(jobs).await;
        stack.plan.strike(Call::KeepDocument, fault);
        stack.drain().await;
        assert!(stack.plan.has_struck(), "{fault:?}");
        assert_eq!(stack.run().state, RunState::Done, "{fault:?}");
        assert_eq!(worked.load(Ordering::SeqCst), 2, "{fault:?}");
        let last = handed.lock().expect("a lock").last().cloned().expect("a text");
        assert!(last.ends_with('2'), "the second attempt's own text is saved: {fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_while_a_result_is_read_costs_an_attempt_and_repeats_no_work() {
    for fault in Fault::ALL {
        let (jobs, worked, handed) = job(100_000);
        let stack = accepted(jobs).await;
        stack.plan.strike(Call::ReadDocument, fault);
        stack.drain().await;
        assert!(stack.plan.has_struck(), "{fault:?}");
        assert_eq!((stack.run().state, stack.run().attempt), (RunState::Done, 3), "{fault:?}");
        assert_eq!(worked.load(Ordering::SeqCst), 1, "{fault:?}");
        let handed = handed.lock().expect("a lock").clone();
        assert_eq!(handed[0], handed[1], "{fault:?}");
    }
}

/// The second attempt yields something else, and its result is the one that counts.
#[tokio::test(start_paused = true)]
async fn a_worker_that_dies_between_document_and_save_leaves_one_that_nobody_refers_to() {
    let (jobs, worked, handed) = job(100_000);
    let stack = accepted(jobs).await;
    let message = receive(&stack).await;
    stack.plan.strike_after(1, Call::CompareAndSwap, Fault::Hangs);
    dies_over(&stack, &message).await;
    assert!(stack.plan.has_struck() && stack.plan.calls().contains(&Call::KeepDocument));
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
    assert_eq!(worked.load(Ordering::SeqCst), 2);
    let handed = handed.lock().expect("a lock").clone();
    let document = document(&stack).await.1.expect("it is kept");
    assert_eq!(document, format!("\"{}\"", handed[0]));
    assert!(handed[0].ends_with('2'));
}

/// Somebody else has been at the documents: this is found in place of each.
#[derive(Clone)]
struct Meddled(Option<Bytes>);

impl Interceptor<dyn Documents> for Meddled {
    async fn read_document(
        &self,
        _: &Arc<dyn Documents>,
        _: &DocumentName,
    ) -> Result<Option<Bytes>, PortError> {
        Ok(self.0.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn a_document_that_is_gone_or_altered_ends_the_run_and_is_not_worked_for_again() {
    let altered = Bytes::from(format!("\"{}\"", "y".repeat(99_998)));
    for (found, what) in [(None, "is gone"), (Some(altered), "was altered")] {
        let (jobs, worked, _) = job(100_000);
        let mut stack = accepted(jobs).await;
        let documents = stack.process.effects.documents.clone().expect("set up");
        let meddled = Intercepted::shared(Arc::clone(&documents), Meddled(found));
        stack.process.effects.documents = Some(Arc::new(meddled));
        stack.drain().await;
        let letter = letter(&stack);
        assert_eq!(attribute(&letter, "reason"), "result_lost");
        let (name, _) = document(&stack).await;
        let message = format!("the saved result of step report {what}: documents/{name}");
        assert_eq!(attribute(&letter, "message"), message);
        assert_eq!((stack.run().attempt, worked.load(Ordering::SeqCst)), (2, 1));

        // Somebody puts the document back, and moves the letter back.
        stack.process.effects.documents = Some(documents);
        stack.local.redrive().await.expect("memory");
        stack.drain().await;
        assert_eq!(stack.run().state, RunState::Done);
        assert_eq!(worked.load(Ordering::SeqCst), 1);
    }
}

/// It takes the attempt's time like any other call.
#[tokio::test(start_paused = true)]
async fn a_slow_document_does_not_outlast_the_attempt() {
    let (jobs, ..) = job(100_000);
    let stack = accepted(jobs).await;
    stack.plan.slow_down(Call::KeepDocument, Duration::from_secs(60));
    let message = receive(&stack).await;
    stack.work_on(&message).await;
    let run = stack.run();
    let failure = run.last_failure().expect("a failure");
    assert_eq!(failure.message, "the attempt ran out of time");
}

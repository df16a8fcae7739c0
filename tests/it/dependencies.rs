//! A dependency that is down is left alone, and the runs that need it wait without losing attempts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hookdock_pipeline::job::{
    Body, Context, ErrorClass, Failure, JobResult, On, Outcome, Registry,
};
use hookdock_pipeline::ledger::breaker::BreakerPolicy;
use hookdock_pipeline::ledger::{Run, RunState};
use hookdock_pipeline::model::system::System as _;
use hookdock_signature::EpochMillis;
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::{START, Stack};

use crate::scripts::{accept, receive, unavailable};

/// A CRM that answers by the time of day, and remembers when it was called.
#[derive(Clone)]
struct Crm {
    answer: Arc<dyn Fn(EpochMillis) -> Result<(), Failure> + Send + Sync>,
    calls: Arc<Mutex<Vec<EpochMillis>>>,
}

impl Crm {
    fn answering(
        answer: impl Fn(EpochMillis) -> Result<(), Failure> + Send + Sync + 'static,
    ) -> Self {
        Self { answer: Arc::new(answer), calls: Arc::default() }
    }

    /// Down until that second.
    fn down_until(seconds: u64) -> Self {
        Self::answering(move |now| if now < after(seconds) { Err(unavailable()) } else { Ok(()) })
    }

    /// The seconds at which it was called.
    fn calls(&self) -> Vec<u64> {
        let calls = self.calls.lock().expect("a lock");
        calls.iter().map(|at| START.until(*at).as_secs()).collect()
    }

    /// A stack whose only job calls it.
    fn stack(&self, policy: BreakerPolicy) -> Stack {
        let crm = self.clone();
        let job = move |cx: Context, _: Body| {
            let crm = crm.clone();
            async move { crm.tell(&cx, policy).await }
        };
        Stack::with(Registry::new().job("tell_crm", On::endpoint("*"), job))
    }

    async fn tell(&self, cx: &Context, policy: BreakerPolicy) -> JobResult {
        let call = async || {
            self.calls.lock().expect("a lock").push(cx.started_at());
            (self.answer)(cx.started_at())
        };
        cx.dependency("crm").at("https://crm.example.com").policy(policy).call(call).await?;
        Ok(Outcome::Done)
    }
}

fn after(seconds: u64) -> EpochMillis {
    START.plus(Duration::from_secs(seconds))
}

async fn accept_many(stack: &Stack, many: usize) {
    for number in 0..many {
        accept(stack, &Draft::checkout(&format!("evt_{number}"), &format!("cs_{number}"))).await;
    }
}

fn runs(stack: &Stack) -> Vec<Run> {
    let events = stack.local.events().expect("memory");
    events.iter().flat_map(|event| stack.local.runs(&event.event()).expect("memory")).collect()
}

/// Works on one message after the other until none is due.
async fn work_one_by_one(stack: &Stack) {
    while let Some(message) = stack.local.receive(1).await.expect("memory").pop() {
        stack.work_on(&message).await;
    }
}

fn calls(stack: &Stack, call: Call) -> usize {
    stack.plan.calls().into_iter().filter(|made| *made == call).count()
}

#[tokio::test(start_paused = true)]
async fn after_five_failures_runs_are_held_back_and_use_no_attempt() {
    let crm = Crm::down_until(3600);
    let stack = crm.stack(BreakerPolicy::default());
    accept_many(&stack, 20).await;
    work_one_by_one(&stack).await;
    assert_eq!(crm.calls(), [0; 5]);
    let (held, failed): (Vec<Run>, Vec<Run>) =
        runs(&stack).into_iter().partition(|run| matches!(run.state, RunState::Waiting { .. }));
    assert_eq!((held.len(), failed.len()), (15, 5));
    for run in held {
        assert_eq!((run.attempt, run.counted_attempts()), (1, 0));
        let RunState::Waiting { not_before, cause } = run.state else {
            panic!("{:?}", run.state);
        };
        assert_eq!(cause, "held back: crm is left alone, it was unavailable");
        assert!(not_before >= after(5), "{not_before}");
    }
    assert!(failed.iter().all(|run| run.counted_attempts() == 1));
}

/// C-4: the calls that a dependency gets while it is down, whatever waits for it.
#[tokio::test(start_paused = true)]
async fn an_hour_of_outage_with_two_hundred_runs_is_no_storm() {
    let crm = Crm::down_until(3600);
    let stack = crm.stack(BreakerPolicy::default());
    accept_many(&stack, 200).await;
    stack.drain().await;
    let calls = crm.calls();
    let (down, up): (Vec<u64>, Vec<u64>) = calls.iter().partition(|second| **second < 3600);
    // A batch of ten is under way when it opens; then there are probes, at last every 150 s.
    assert!(down.len() <= 10 + 4 + 3600 / 150, "{} calls: {down:?}", down.len());
    for pair in down.get(9..).expect("a batch").windows(2) {
        assert!(pair[1] - pair[0] >= 4, "one probe at a time: {down:?}");
    }
    assert_eq!(up.len(), 200);
    let first = up.iter().filter(|second| **second < up[0] + 60).count();
    assert!(first < 40, "few come back at first: {first}");
    for run in runs(&stack) {
        assert_eq!(run.state, RunState::Done);
        assert!(run.attempt < 40 && run.counted_attempts() <= 4, "{run:#?}");
    }
    assert!(stack.local.dead_letters().expect("memory").is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_probe_is_made_at_a_time_and_an_answer_lets_the_others_through() {
    let crm = Crm::down_until(3600);
    let stack = crm.stack(BreakerPolicy::default());
    accept_many(&stack, 5).await;
    stack.work_on(&receive(&stack).await).await;
    work_one_by_one(&stack).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    accept_many(&stack, 30).await;
    stack.drain().await;
    let after_it: Vec<u64> = crm.calls().into_iter().filter(|second| *second >= 3600).collect();
    assert_eq!(after_it.len(), 30);
    assert!(runs(&stack).iter().all(|run| run.state == RunState::Done));
}

#[tokio::test(start_paused = true)]
async fn a_dependency_that_asks_for_time_is_left_alone_at_once_for_that_long() {
    let slow_down = || Failure::transient(ErrorClass::Throttled, "slow down");
    let crm = Crm::answering(move |now| match now < after(1) {
        true => Err(slow_down().after(Duration::from_secs(600))),
        false => Ok(()),
    });
    let stack = crm.stack(BreakerPolicy::default());
    accept_many(&stack, 20).await;
    work_one_by_one(&stack).await;
    assert_eq!(crm.calls(), [0]);
    stack.drain().await;
    let calls = crm.calls();
    assert_eq!(calls.len(), 21);
    assert!(calls[1] >= 600, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_dependency_refuses_says_that_it_is_there() {
    let no = || Failure::permanent(ErrorClass::Refused, "no");
    let crm = Crm::answering(move |_| Err(no()));
    let stack = crm.stack(BreakerPolicy::default());
    accept_many(&stack, 20).await;
    work_one_by_one(&stack).await;
    assert_eq!(crm.calls().len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_dependency_that_is_well_costs_a_read_now_and_then_and_no_write() {
    let crm = Crm::down_until(0);
    let stack = crm.stack(BreakerPolicy::default());
    accept_many(&stack, 50).await;
    work_one_by_one(&stack).await;
    assert_eq!((calls(&stack, Call::Cell), calls(&stack, Call::Swap)), (2, 0));
    tokio::time::sleep(Duration::from_secs(6)).await;
    accept(&stack, &Draft::checkout("evt_last", "cs_last")).await;
    work_one_by_one(&stack).await;
    // Of the breaker and of the holds.
    assert_eq!((calls(&stack, Call::Cell), calls(&stack, Call::Swap)), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_does_not_tell_does_not_keep_a_call_from_being_made() {
    for fault in Fault::ALL {
        let crm = Crm::down_until(0);
        let stack = crm.stack(BreakerPolicy::default());
        // The first is that of the holds.
        stack.plan.strike_after(1, Call::Cell, fault);
        accept_many(&stack, 3).await;
        work_one_by_one(&stack).await;
        assert!(stack.plan.has_struck());
        assert_eq!(crm.calls().len(), 3, "{fault:?}");
        assert_eq!(calls(&stack, Call::Cell), 2, "{fault:?}: the others do not wait again");
        let waited = START.until(stack.system.now());
        assert!(waited <= Duration::from_secs(1), "{fault:?}: {waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_is_cut_off_in_time_to_be_told_of() {
    let policy = BreakerPolicy { failures: 1, ..BreakerPolicy::default() };
    let job = move |cx: Context, _: Body| async move {
        cx.dependency("crm").policy(policy).call(async || std::future::pending().await).await
    };
    let stack = Stack::with(Registry::new().job("hangs", On::endpoint("*"), job));
    accept_many(&stack, 2).await;
    work_one_by_one(&stack).await;
    let runs = runs(&stack);
    let failure = runs.iter().find_map(Run::last_failure).expect("one failed");
    assert_eq!(failure.message, "crm did not answer in time");
    assert!(runs.iter().any(|run| matches!(run.state, RunState::Waiting { .. })), "{runs:#?}");
}

#[tokio::test(start_paused = true)]
async fn another_place_is_another_dependency() {
    let policy = BreakerPolicy { failures: 1, ..BreakerPolicy::default() };
    let job = move |cx: Context, Body(body): Body| async move {
        let place = if body.windows(5).any(|part| part == b"evt_0") { "a" } else { "b" };
        let answer = if place == "a" { Err(unavailable()) } else { Ok(()) };
        cx.dependency("crm").at(place).policy(policy).call(async || answer).await?;
        Ok(Outcome::Done)
    };
    let stack = Stack::with(Registry::new().job("places", On::endpoint("*"), job));
    accept_many(&stack, 2).await;
    work_one_by_one(&stack).await;
    let states: Vec<_> = runs(&stack).iter().map(|run| run.state.name()).collect();
    assert!(states.contains(&"done") && states.contains(&"retrying"), "{states:?}");
}

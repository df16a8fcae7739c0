//! A process that dies and is started again: what it had in hand goes on at once.

use std::time::Duration;

use hookdock_pipeline::job::{On, Registry};
use hookdock_pipeline::ledger::{RunState, Settlement};
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::ports::{Conditional, Ledger as _};
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;

use crate::scripts::{accept, dies_over, hangs, receive, scripted, unavailable};

#[tokio::test(start_paused = true)]
async fn what_a_dead_process_had_in_hand_goes_on_at_once_and_its_late_writes_are_refused() {
    // One delivery is stored, the other is in its message.
    for draft in [Draft::checkout("evt_1", "cs_1"), Draft::small_checkout("evt_1", "cs_1")] {
        let stack = Stack::with(Registry::new().job("hangs", On::endpoint("*"), hangs));
        accept(&stack, &draft).await;
        dies_over(&stack, &receive(&stack).await).await;
        let (held, now) = (stack.run(), stack.system.now());
        assert!(!held.is_abandoned(now), "{held:?}");
        assert!(stack.local.receive(10).await.expect("memory").is_empty(), "it is hidden");

        assert_eq!(stack.local.recover().await.expect("memory"), 1);
        let again = stack.local.receive(10).await.expect("memory");
        assert_eq!(again.iter().map(|message| message.receives).collect::<Vec<_>>(), [2]);
        assert!(stack.run().is_abandoned(now), "{:?}", stack.run());

        let late = held.settled(Settlement::Done, None, now);
        let refused = stack.local.compare_and_swap(&held.fence(), &late).await.expect("memory");
        assert!(matches!(refused, Conditional::Refused(_)), "{refused:?}");

        dies_over(&stack, &again[0]).await;
        assert_eq!(stack.run().attempt, 2, "it was claimed again");
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_next_attempt_waits_on_when_the_process_is_started_again() {
    let (jobs, _) = scripted(vec![Err(unavailable())]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.work_on(&receive(&stack).await).await;
    let RunState::Retrying { not_before } = stack.run().state else { panic!("{:?}", stack.run()) };
    assert_eq!(stack.local.recover().await.expect("memory"), 0);
    assert!(stack.local.receive(10).await.expect("memory").is_empty());
    assert_eq!(stack.run().state, RunState::Retrying { not_before });
    let next = stack.local.next_visible().expect("memory").expect("a message");
    assert!(stack.system.now().plus(Duration::from_millis(500)) < next, "{next:?}");
}

/// The table of what is due follows each write, also this one.
#[tokio::test(start_paused = true)]
async fn a_run_that_was_woken_and_whose_process_died_leaves_nothing_due_behind() {
    let wait = Duration::from_secs(3600);
    let (mut stack, calls) = {
        let (jobs, calls) = scripted(vec![Err(unavailable().after(wait))]);
        (Stack::with(jobs), calls)
    };
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.work_on(&receive(&stack).await).await;
    stack.system.sleep(wait).await;
    stack.wake().await;
    let message = receive(&stack).await;
    let jobs = std::mem::replace(
        &mut stack.process.registry,
        Registry::new().job("scripted", On::endpoint("*"), hangs),
    );
    dies_over(&stack, &message).await;
    assert_eq!(stack.local.recover().await.expect("memory"), 1);
    stack.process.registry = jobs;
    stack.drain().await;
    assert_eq!(
        (stack.run().state, stack.local.next_wake().expect("memory")),
        (RunState::Done, None)
    );
    assert_eq!(calls.load(std::sync::atomic::Ordering::SeqCst), 2);
}

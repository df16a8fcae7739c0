//! Every port call fails, hangs and fails late, one at a time.

use std::time::Duration;

use hookdock_jobs::registry;
use hookdock_pipeline::delivery::identity::IgnoreCause;
use hookdock_pipeline::job::{Body, Context, JobResult, On, Outcome, Registry};
use hookdock_pipeline::ledger::RunState;
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::ports::Records as _;
use hookdock_pipeline::process::Settings;
use hookdock_tests::faults::{Call, Fault};
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::{START, Stack, scope};
use http::StatusCode;

/// Shopify gives up after 5 s; nobody is kept waiting longer than that.
const STRICTEST_MS: i64 = 5_000;

#[tokio::test(start_paused = true)]
async fn a_fault_in_ingest_is_answered_503_in_time_and_the_providers_retry_succeeds() {
    for call in [Call::Find, Call::Put, Call::Send] {
        for fault in Fault::ALL {
            let stack = Stack::with(registry(hookdock_jobs::Settings::default()));
            stack.plan.strike(call, fault);
            let draft = Draft::checkout("evt_1", "cs_1");
            let answer = stack.post(&draft).await;
            let case = format!("{call:?} {fault:?}");
            assert!(stack.plan.has_struck(), "{case}");
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{case}");
            assert_eq!(answer.headers()["retry-after"], "5", "{case}");
            assert_eq!(&answer.body()[..], br#"{"error":"try again later"}"#, "{case}");
            assert!(stack.system.now().get() - START.get() < STRICTEST_MS, "{case}");

            assert_eq!(stack.post(&draft).await.status(), StatusCode::OK, "{case}");
            stack.drain().await;
            assert_eq!(stack.run().state, RunState::Done, "{case}");
            assert_eq!(stack.run().attempt, 1, "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_is_not_known_is_looked_for_again_before_it_is_refused() {
    let stack = Stack::with(registry(hookdock_jobs::Settings::default()));
    let answer = stack.post(&Draft::order("newcomer", "a secret")).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(stack.plan.calls(), [Call::Find, Call::Refresh]);
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_ledger_that_outlasts_the_attempts_loses_no_event() {
    for call in [Call::RecordDelivery, Call::Create, Call::CompareAndSwap] {
        let stack = Stack::with(registry(hookdock_jobs::Settings::default()));
        stack.plan.strike_times(40, call, Fault::Fails);
        stack.post(&Draft::checkout("evt_1", "cs_1")).await;
        stack.drain().await;
        assert!(stack.plan.has_struck(), "{call:?}");
        assert_eq!(stack.run().state, RunState::Done, "{call:?}");
        assert_eq!(stack.local.dead_letters().expect("memory").len(), 0, "{call:?}");
    }
}

/// SQS sets a message aside that it has handed out a hundred times; the embedded queue does too.
#[tokio::test(start_paused = true)]
async fn an_outage_for_as_long_as_a_message_may_stay_uses_up_none_of_its_receives() {
    let stack = Stack::with(registry(hookdock_jobs::Settings::default()));
    for event in 0..20 {
        stack.post(&Draft::checkout(&format!("evt_{event}"), &format!("cs_{event}"))).await;
    }
    // The longest that the template lets a queue keep a message.
    let over = START.plus(Settings::days(10));
    stack.plan.strike_times(usize::MAX, Call::RecordDelivery, Fault::Fails);
    let mut receives = 0;
    while stack.system.now() < over {
        for message in stack.local.receive(10).await.expect("memory") {
            receives = receives.max(message.receives);
            stack.work_on(&message).await;
        }
        stack.local.wait_for_work(Duration::from_secs(3600)).await.expect("memory");
    }
    assert!((50..100).contains(&receives), "{receives}");
    // From now on all goes well.
    stack.plan.strike_after(usize::MAX, Call::RecordDelivery, Fault::Fails);
    stack.drain().await;
    assert_eq!(stack.local.dead_letters().expect("memory").len(), 0);
    for event in stack.local.events().expect("memory") {
        let run = stack.local.runs(&event.event()).expect("memory").remove(0);
        assert_eq!((run.state, run.attempt), (RunState::Done, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn trouble_with_one_jobs_record_does_not_keep_the_others_from_running() {
    async fn fine(_: Context, _: Body) -> JobResult {
        Ok(Outcome::Done)
    }
    let jobs = Registry::new().job("first", On::endpoint("*"), fine);
    let stack = Stack::with(jobs.job("second", On::endpoint("*"), fine));
    stack.plan.strike(Call::Create, Fault::Fails);
    stack.post(&Draft::checkout("evt_1", "cs_1")).await;
    let message = stack.local.receive(1).await.expect("memory").remove(0);
    stack.work_on(&message).await;
    let runs = stack.local.runs(&stack.event().event()).expect("memory");
    let names: Vec<_> = runs.iter().map(|run| run.id.job.as_str()).collect();
    assert_eq!(names, ["second"]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_while_secrets_are_refreshed_is_ours_and_not_the_senders() {
    for fault in Fault::ALL {
        let stack = Stack::with(registry(hookdock_jobs::Settings::default()));
        stack.plan.strike(Call::Refresh, fault);
        let newer = Draft { secret: "whsec_newer".to_owned(), ..Draft::checkout("evt_1", "cs_1") };
        let answer = stack.post(&newer).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_ever_accepted_without_both_writes() {
    for call in [Call::Put, Call::Send] {
        for fault in [Fault::Fails, Fault::Hangs] {
            let stack = Stack::with(registry(hookdock_jobs::Settings::default()));
            stack.plan.strike(call, fault);
            let answer = stack.post(&Draft::checkout("evt_1", "cs_1")).await;
            assert!(!answer.status().is_success(), "{call:?} {fault:?}");
            let answer = stack.post(&Draft::checkout("evt_2", "cs_2")).await;
            assert!(answer.status().is_success(), "{call:?} {fault:?}");
            let id = answer.headers()["x-hookdock-delivery"].to_str().expect("ASCII");
            let stored = stack.local.stored(&id.parse().expect("an id")).expect("memory");
            assert!(stored.is_some(), "{call:?} {fault:?}");
            assert_eq!(stack.local.backlog().expect("memory"), 1, "{call:?} {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_the_processor_delays_an_event_and_loses_neither_it_nor_its_order() {
    let places = [
        (Call::RecordDelivery, 0),
        (Call::Create, 0),
        (Call::Fetch, 0),
        (Call::Commit, 0),
        (Call::Commit, 1),
        (Call::CompareAndSwap, 0),
        (Call::CompareAndSwap, 1),
        (Call::CompareAndSwap, 2),
    ];
    for (call, well) in places {
        for fault in Fault::ALL {
            let stack = Stack::with(registry(hookdock_jobs::Settings::default()));
            stack.plan.strike_after(well, call, fault);
            stack.post(&Draft::checkout("evt_1", "cs_1")).await;
            stack.drain().await;
            let case = format!("{call:?} {fault:?}");
            assert!(stack.plan.has_struck(), "{case}");
            assert_eq!(stack.run().state, RunState::Done, "{case}");
            let id = scope("stripe", None).key("cs_1");
            let order = stack.local.get("orders", &id).await.expect("memory");
            assert!(order.is_some(), "{case}");
            assert_eq!(stack.local.dead_letters().expect("memory").len(), 0, "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_is_a_failed_attempt() {
    async fn reads(cx: Context, _: Body) -> JobResult {
        cx.records().get("orders", "cs_1").await?;
        Ok(Outcome::Done)
    }
    for fault in Fault::ALL {
        let stack = Stack::with(Registry::new().job("reads", On::endpoint("*"), reads));
        stack.plan.strike(Call::Read, fault);
        stack.post(&Draft::checkout("evt_1", "cs_1")).await;
        stack.drain().await;
        assert_eq!((stack.run().state, stack.run().attempt), (RunState::Done, 2), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_on_the_way_to_the_dead_letters_loses_none() {
    let body = r#"{"id":"evt_1","type":"checkout.session.completed","data":{}}"#;
    for (call, well) in
        [(Call::DeadLetter, 0), (Call::CompareAndSwap, 0), (Call::CompareAndSwap, 1)]
    {
        for fault in Fault::ALL {
            let stack = Stack::with(registry(hookdock_jobs::Settings::default()));
            stack.plan.strike_after(well, call, fault);
            stack.post(&Draft::stripe("stripe", "whsec_test", body)).await;
            stack.drain().await;
            let case = format!("{call:?} {well} {fault:?}");
            assert!(stack.plan.has_struck(), "{case}");
            assert!(
                matches!(stack.run().state, RunState::Dead { dead_lettered: true, .. }),
                "{case}"
            );
            // Twice when a write that took effect was not answered; never not at all.
            let letters = stack.local.dead_letters().expect("memory").len();
            assert!((1..=2).contains(&letters), "{case}: {letters}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_put_off_comes_back_when_its_visibility_ends() {
    for fault in Fault::ALL {
        let stack = Stack::with(registry(hookdock_jobs::Settings::default()));
        stack.post(&Draft::checkout("evt_1", "cs_1")).await;
        let message = stack.local.receive(1).await.expect("memory").remove(0);
        stack.plan.strike(Call::RecordDelivery, Fault::Fails);
        stack.work_on(&message).await;
        stack.plan.strike(Call::ChangeVisibility, fault);
        stack.drain().await;
        assert_eq!(stack.run().state, RunState::Done, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_without_a_job_is_recorded_in_spite_of_a_fault() {
    for fault in Fault::ALL {
        let stack = Stack::with(registry(hookdock_jobs::Settings::default()));
        stack.plan.strike(Call::RecordDelivery, fault);
        stack.post(&Draft::github("{}")).await;
        stack.drain().await;
        assert_eq!(stack.event().ignored, Some(IgnoreCause::NoJob), "{fault:?}");
        assert_eq!(stack.event().deliveries, 1, "{fault:?}");
    }
}

//! The audit: two accounts of the same deliveries, and what is missing is in one alone.

use std::collections::BTreeMap;
use std::time::Duration;

use hookdock_operate::{Audit, AuditOrder};
use hookdock_pipeline::job::{ErrorClass, Failure};
use hookdock_pipeline::model::system::System as _;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;

use super::{SECOND, of};
use crate::scripts::{accept, scripted};

async fn audit(stack: &Stack, include_open: bool) -> Audit {
    let now = stack.system.now();
    let since = now.minus(Duration::from_secs(24 * 3600));
    let order = AuditOrder { since, until: now, include_open };
    of(stack).audit(&order).await.expect("an audit")
}

fn numbers(audit: &Audit) -> [u64; 4] {
    [audit.deliveries, audit.known, audit.open, audit.difference]
}

#[tokio::test(start_paused = true)]
async fn each_delivery_is_accounted_for_by_what_became_of_its_event() {
    let no = Failure::permanent(ErrorClass::Refused, "no such customer");
    let (jobs, _) = scripted(vec![Err(no)]);
    let stack = Stack::with(jobs);
    for (event, session) in [("evt_1", "cs_1"), ("evt_2", "cs_2"), ("evt_2", "cs_2")] {
        accept(&stack, &Draft::checkout(event, session)).await;
        stack.drain().await;
    }
    // The same id with another body.
    accept(&stack, &Draft::checkout("evt_2", "cs_3")).await;
    accept(&stack, &Draft::payments(&["EV1", "EV2"])).await;
    stack.drain().await;
    let counted = audit(&stack, true).await;
    assert_eq!(numbers(&counted), [5, 5, 0, 0]);
    let names: Vec<&str> = counted.hours.iter().map(|hour| hour.endpoint.as_str()).collect();
    assert_eq!(names, ["payments", "stripe"]);
    let events = |pairs: &[(&str, u64)]| -> BTreeMap<String, u64> {
        pairs.iter().map(|(state, count)| ((*state).to_owned(), *count)).collect()
    };
    let (payments, stripe) = (&counted.hours[0], &counted.hours[1]);
    assert_eq!((payments.deliveries, &payments.events), (1, &events(&[("done", 2)])));
    assert_eq!(stripe.events, events(&[("dead", 1), ("done", 1)]));
    assert_eq!((stripe.repeats, stripe.conflicts), (1, 1));
    assert_eq!(audit(&stack, false).await.hours, [], "the hour has not ended");
    stack.system.sleep(SECOND * 3600).await;
    assert_eq!(numbers(&audit(&stack, false).await), [5, 5, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_never_reached_a_worker_is_missing_after_a_quarter_of_an_hour() {
    let (jobs, _) = scripted(vec![]);
    let stack = Stack::with(jobs);
    accept(&stack, &Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    // A message that is lost, and one about the same id with another body.
    accept(&stack, &Draft::checkout("evt_2", "cs_2")).await;
    accept(&stack, &Draft::checkout("evt_1", "cs_9")).await;
    for message in stack.local.receive(10).await.expect("memory") {
        stack.local.delete(&message.receipt).await.expect("memory");
    }
    assert_eq!(numbers(&audit(&stack, true).await), [3, 1, 2, 0]);
    stack.system.sleep(SECOND * 16 * 60).await;
    let counted = audit(&stack, true).await;
    assert_eq!(numbers(&counted), [3, 1, 0, 2]);
    assert!(counted.missing.iter().all(|name| name.starts_with("stripe/dlv_")), "{counted:?}");
    assert_eq!(counted.missing.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_comes_in_packs_is_counted_once() {
    let (jobs, _) = scripted(vec![]);
    let stack = Stack::serving(
        "[endpoints.stripe]\nprovider = \"stripe\"\nsecrets = [\"whsec_test\"]\nstore = \"inline\"\n",
        jobs,
    );
    for number in 0..3 {
        accept(&stack, &Draft::checkout(&format!("evt_{number}"), "cs_1")).await;
    }
    assert_eq!(numbers(&audit(&stack, true).await), [0; 4], "they lie in their messages");
    stack.drain().await;
    assert_eq!(numbers(&audit(&stack, true).await), [3, 3, 0, 0]);
}

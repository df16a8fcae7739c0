//! Names of events that are shortened.

use hookdock_operate::{Code, Target};
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;

use super::of;
use crate::scripts::{accept, scripted};

#[tokio::test(start_paused = true)]
async fn a_beginning_that_one_event_has_is_its_name_and_one_that_several_have_lists_them() {
    let (jobs, _) = scripted(vec![]);
    let stack = Stack::with(jobs);
    for id in ["evt_alpha_1", "evt_alpha_2", "evt_beta_1"] {
        accept(&stack, &Draft::checkout(id, "cs_1")).await;
    }
    stack.drain().await;
    let operator = of(&stack);
    let beta = operator.show(&"stripe/evt_beta_1".parse().expect("a name"), None).await;
    let beta = beta.expect("known");
    let delivery = beta.first_delivery.as_deref().expect("a delivery");
    let beginning = |name: &str, length| name.chars().take(length).collect::<String>();
    let (key, delivery) = (beginning(&beta.key, 20), beginning(delivery, 30));
    for (name, expected) in [
        ("evt_beta", Ok("evt_beta_1")),
        ("evt_beta\u{2026}", Ok("evt_beta_1")),
        ("evt_alpha_1", Ok("evt_alpha_1")),
        (&*key, Ok("evt_beta_1")),
        (&*delivery, Ok("evt_beta_1")),
        ("evt_bet", Err(Code::NotFound)),
        ("evt_gamma", Err(Code::NotFound)),
        ("evt_alph", Err(Code::AmbiguousId)),
    ] {
        let target = Target::of("stripe", name).expect("a name");
        let shown = operator.show(&target, None).await;
        match (&shown, expected) {
            (Ok(event), Ok(id)) => assert_eq!(event.id.as_deref(), Some(id), "{name}"),
            (Err(trouble), Err(code)) => assert_eq!(trouble.code, code, "{name}: {trouble:?}"),
            _ => panic!("{name}: {shown:?}"),
        }
    }
    let ambiguous = operator.show(&"stripe/evt_alph".parse().expect("a name"), None).await;
    let why = ambiguous.expect_err("two begin so").why;
    assert_eq!(why, "2 of the newest events begin so: stripe/evt_alpha_2, stripe/evt_alpha_1");
}

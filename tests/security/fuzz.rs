//! Odd requests for a while, and faults that must be found.
//!
//! `HOOKDOCK_FUZZ_SECONDS=20` says for how long, and `HOOKDOCK_SEED=17` where to begin.

use std::time::Duration;

use hookdock_embedded::SystemClock;
use hookdock_pipeline::model::system::System as _;

use crate::campaign::{Plant, Tally, round};

/// A number that a person may set.
fn asked(name: &str, otherwise: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a person says what to run")]
    let set = std::env::var(name);
    set.map_or(otherwise, |text| text.parse().expect("a number"))
}

#[test]
#[expect(clippy::print_stdout, reason = "`tests/run security` shows what was sent")]
fn no_request_of_anybody_breaks_a_promise() {
    let first = asked("HOOKDOCK_SEED", 0);
    let time = Duration::from_secs(asked("HOOKDOCK_FUZZ_SECONDS", 1));
    let (end, mut tally) = (SystemClock.now().plus(time), Tally::default());
    for seed in first.. {
        if let Err(promise) = round(seed, Plant::Nothing, &mut tally) {
            panic!("{promise}\n\nHOOKDOCK_SEED={seed} HOOKDOCK_FUZZ_SECONDS=0 sends this again");
        }
        if SystemClock.now() >= end {
            break;
        }
    }
    println!("from HOOKDOCK_SEED={first}: {tally:#?}");
    // One round alone, which a person has sent again, need not have everything in it.
    let told =
        time.is_zero() || (tally.accepted > 0 && tally.refused.len() > 3 && tally.events > 0);
    assert!(told, "{tally:#?}");
}

/// Within a few rounds the fault is found, and told with these words.
fn check(plant: Plant, words: &str) {
    let found = (0..20).find_map(|seed| round(seed, plant, &mut Tally::default()).err());
    let found = found.unwrap_or_else(|| panic!("{plant:?} was not found"));
    assert!(found.contains(words), "{plant:?}: {found}");
}

#[test]
fn a_secret_that_strangers_know_is_found() {
    check(Plant::Known("github secret"), "a stranger was answered 200");
}

#[test]
fn an_answer_that_no_page_lists_is_found() {
    check(Plant::QueueDown, "a delivery was answered 503");
}

#[test]
fn a_message_that_is_lost_is_found() {
    check(Plant::MessageLost, "were accepted, ");
}

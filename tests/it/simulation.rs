//! Seeded schedules of the whole, and broken ports that they must notice.
//!
//! A schedule that breaks a promise prints itself, line by line. `HOOKDOCK_SEEDS=17` runs that
//! one again, and `HOOKDOCK_SEEDS=0..10000` as many as `tests/run simulate` does.

use std::ops::Range;

use hookdock_tests::sim::{self, Mutant, search, search_for};

/// The seeds to run; a few, unless somebody says which.
fn seeds() -> Range<u64> {
    #[expect(clippy::disallowed_methods, reason = "a person says which schedules to run")]
    let wanted = std::env::var("HOOKDOCK_SEEDS").unwrap_or_else(|_| "0..200".to_owned());
    let number = |text: &str| text.parse::<u64>().expect("a seed is a number");
    match wanted.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => number(&wanted)..number(&wanted) + 1,
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "`tests/run simulate` shows what was simulated")]
fn seeded_schedules_break_no_promise() {
    let found = search(seeds(), None);
    if let Some(broken) = found.broken {
        panic!("{broken}\nHOOKDOCK_SEEDS={} runs this schedule again", broken.seed);
    }
    println!("{:#?}", found.tally);
}

#[test]
fn a_seed_always_gives_the_same_schedule() {
    for seed in 0..20 {
        assert_eq!(sim::trace(seed), sim::trace(seed));
    }
}

/// Within so many seeds a schedule breaks this promise, because of what is broken.
fn check(mutant: Mutant, within: u64, promise: &str) {
    let found = search_for(0..within, Some(mutant), |broken| broken.violation.invariant == promise);
    assert!(found.broken.is_some(), "nothing broke the promise that {promise}");
}

#[test]
fn without_the_owner_in_the_fence_a_zombie_moves_the_run_of_another() {
    check(Mutant::OwnerUnchecked, 6000, "a run is moved on by the claim that holds it");
}

#[test]
fn without_the_state_in_the_fence_a_settled_run_is_moved_on() {
    check(Mutant::StateUnchecked, 200, "what is settled stays as it is");
}

#[test]
fn without_the_number_of_writes_in_the_fence_a_saved_step_is_lost() {
    check(Mutant::WritesUnchecked, 200, "what a step saved stays saved");
}

#[test]
fn a_step_whose_result_is_dropped_runs_again() {
    check(Mutant::StepForgotten, 100, "a step that is saved never runs again");
}

#[test]
fn a_last_step_whose_result_is_dropped_is_missed_at_the_end() {
    check(Mutant::StepForgotten, 100, "a run that is done has saved its last step");
}

#[test]
fn a_result_whose_document_is_forgotten_is_missed() {
    check(Mutant::DocumentForgotten, 100, "what a step saved comes back as it was");
}

#[test]
fn a_result_whose_document_is_torn_is_noticed() {
    check(Mutant::DocumentTorn, 100, "what a step saved comes back as it was");
}

#[test]
fn a_record_that_is_written_before_its_run_is_met_again() {
    let promise = "a record and its run are written both or neither";
    check(Mutant::CommitInTwo, 200, promise);
}

#[test]
fn a_run_that_is_opened_over_another_takes_it_away() {
    check(Mutant::OpenedAnew, 100, "what a step saved stays saved");
}

#[test]
fn a_lease_that_nobody_sees_gives_a_run_two_owners() {
    check(Mutant::LeaseHidden, 100, "a run has one owner at a time");
}

#[test]
fn a_delivery_that_is_counted_again_is_noticed() {
    check(Mutant::DeliveryCountedAgain, 100, "a delivery is counted once");
}

#[test]
fn an_archive_that_forgets_is_noticed() {
    check(Mutant::ArchiveForgets, 100, "what is queued has been stored");
}

#[test]
fn an_event_that_is_new_to_everybody_is_worked_on_again() {
    check(Mutant::OnceIsAlwaysNew, 100, "a direct event is worked on at most once");
}

#[test]
fn direct_work_without_a_record_is_noticed() {
    check(Mutant::OnceForgets, 100, "what is worked on at once is stored");
}

#[test]
fn a_message_that_is_deleted_without_having_been_packed_is_noticed() {
    check(Mutant::PackForgets, 100, "what is deleted has been packed");
}

#[test]
fn a_message_that_is_deleted_before_it_is_packed_is_noticed() {
    check(Mutant::PackedLater, 100, "what is deleted has been packed");
}

#[test]
fn a_pack_that_is_only_said_to_be_there_is_noticed() {
    check(Mutant::PlaceInvented, 200, "what is deleted has been packed");
}

#[test]
fn a_reference_that_is_queued_before_its_delivery_is_stored_is_noticed() {
    check(Mutant::QueuedBeforeStored, 100, "what is queued has been stored");
}

#[test]
fn a_queue_that_forgets_is_noticed() {
    check(Mutant::QueueForgets, 100, "what is answered 2xx is queued");
}

#[test]
fn an_order_that_is_forgotten_lets_the_older_overwrite_the_newer() {
    check(Mutant::CellForgotten, 500, "what is older is not written over what is newer");
}

#[test]
fn a_cell_that_anybody_overwrites_forgets_what_a_breaker_knows() {
    check(Mutant::TagUnchecked, 2000, "what is open is closed or kept open by a probe only");
}

#[test]
fn a_turn_that_nobody_sees_is_taken_twice() {
    check(Mutant::LockHidden, 500, "an entity has one run at work at a time");
}

#[test]
fn a_newer_event_that_there_never_was_supersedes_the_newest() {
    check(Mutant::LatestInvented, 100, "only what is older is superseded");
}

#[test]
fn a_breaker_that_nobody_sees_lets_calls_through() {
    check(Mutant::BreakerHidden, 500, "what is open is closed or kept open by a probe only");
}

#[test]
fn a_run_that_nobody_remembers_when_its_job_is_gone_is_missed_at_the_end() {
    check(Mutant::JobsForgotten, 200, "nothing acknowledged ends without a reason");
}

#[test]
fn a_dead_letter_that_is_forgotten_is_noticed() {
    check(Mutant::LetterForgotten, 100, "a run that is noted as dead_lettered has its letter");
}

#[test]
fn a_wait_that_is_not_written_before_its_message_is_deleted_is_lost() {
    check(Mutant::WaitForgotten, 500, "nothing acknowledged ends without a reason");
}

#[test]
fn a_wait_that_nobody_wakes_is_lost() {
    check(Mutant::WakeForgotten, 500, "nothing acknowledged ends without a reason");
}

#[test]
fn a_shard_that_no_tick_looks_at_never_ends() {
    check(Mutant::ShardForgotten, 500, "every event comes to its end");
}

#[test]
fn a_run_that_is_not_marked_is_sent_again_and_again() {
    let promise = "a run is marked each time before its reference is sent";
    check(Mutant::MarkForgotten, 500, promise);
}

#[test]
fn a_mark_that_leaves_a_run_due_is_noticed() {
    let promise = "a run that is woken is marked, and stays as it is";
    check(Mutant::MarkWithoutTime, 500, promise);
}

//! The rules of a run, written down once more and apart from the product.
//!
//! The simulator holds every write to a stored run to them, and so does the model of the claim.

use std::time::Duration;

use hookdock_pipeline::ledger::{DeadReason, RECORD_LIFE, Run, RunState};
use hookdock_signature::EpochMillis;

/// How far two clocks can be apart: what the margin of a lease allows for.
pub const CLOCKS_APART: Duration = Duration::from_secs(2);

/// What becomes of the wake of a run that waits in the ledger alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WakeMove {
    /// It begins to wait.
    Begun,
    /// Its reference is about to be sent.
    Marked,
    /// It is left for later.
    Left,
}

/// What a change of a stored run does to its wake. `None`: nothing, or it ends.
#[must_use]
pub fn wake_move(before: Option<&Run>, after: &Run) -> Option<WakeMove> {
    let is = after.wake.as_ref()?;
    let Some(was) = before.and_then(|before| before.wake.as_ref()) else {
        return Some(WakeMove::Begun);
    };
    match is.sent.checked_sub(was.sent) {
        Some(0) if is.at == was.at => None,
        Some(0) if is.at > was.at => Some(WakeMove::Left),
        Some(1) if is.at > was.at => Some(WakeMove::Marked),
        _ => Some(WakeMove::Begun),
    }
}

/// The rule that a change of a stored run breaks, at that true time.
#[must_use]
pub fn broken(before: Option<&Run>, after: &Run, now: EpochMillis) -> Option<&'static str> {
    let Some(before) = before else {
        return (!is_new(after)).then_some("a run begins with its first attempt");
    };
    if is_new(after) && is_over(before, now) {
        return None;
    }
    if has_lost_a_result(before, after) {
        return Some("what a step saved stays saved");
    }
    if let (Some(not_before), Some(wake)) = (waits_until(after), &after.wake)
        && wake.at < not_before
    {
        return Some("a run is not woken before it is due");
    }
    if has_ended(after) && after.wake.is_some() {
        return Some("a run that has ended is not woken");
    }
    if !has_ended(after) && after.wake.is_none() && before.wake.is_some() {
        return Some("a run that the ledger wakes is woken until it ends");
    }
    if before.wake != after.wake && before.state == after.state && before.attempt == after.attempt {
        return wake_broken(before, after);
    }
    if after.attempt == before.attempt + 1 {
        return claim_broken(before, after, now);
    }
    let claim = |run: &Run| (run.owner.clone(), run.attempt, run.generation);
    if claim(before) != claim(after) {
        return Some("a run is moved on by the claim that holds it");
    }
    let was_dead = matches!(before.state, RunState::Dead { .. });
    if has_no_job(after) && !was_dead && after.uncounted_attempts == before.uncounted_attempts {
        return without_job_broken(before, after, now);
    }
    let change_visibility = matches!(after.state, RunState::Waiting { .. });
    if after.uncounted_attempts != before.uncounted_attempts + u32::from(change_visibility)
        || after.excused_attempts != before.excused_attempts
    {
        return Some("attempts are counted on");
    }
    match (&before.state, &after.state) {
        (RunState::Running { lease_until: was }, RunState::Running { lease_until: is }) => {
            (was != is || after.writes != before.writes + 1)
                .then_some("a claim writes one step after the other")
        }
        (RunState::Running { .. }, _) => None,
        (
            RunState::Dead { reason: was, .. },
            RunState::Dead { reason: is, dead_lettered: true },
        ) if was == is => None,
        _ => Some("what is settled stays as it is"),
    }
}

/// The rule that a claim of a run that exists breaks.
fn claim_broken(before: &Run, after: &Run, now: EpochMillis) -> Option<&'static str> {
    let latest = now.plus(CLOCKS_APART);
    let RunState::Running { .. } = after.state else {
        return Some("a claim leads to a running attempt");
    };
    let uncounted_attempts = match before.state {
        RunState::Dead { .. } => before.attempt,
        _ => before.uncounted_attempts,
    };
    let excused_attempts = match before.state {
        RunState::Dead { .. } => 0,
        _ => before.excused_attempts + u32::from(silent_attempts(before) == 1),
    };
    if (after.uncounted_attempts, after.excused_attempts) != (uncounted_attempts, excused_attempts)
        || after.generation < before.generation
    {
        return Some("attempts are counted on");
    }
    match &before.state {
        RunState::Running { lease_until } if latest < *lease_until => {
            Some("a run has one owner at a time")
        }
        RunState::Retrying { not_before } | RunState::Waiting { not_before, .. }
            if latest < *not_before =>
        {
            Some("an attempt is not made before it is due")
        }
        RunState::Running { .. } | RunState::Retrying { .. } | RunState::Waiting { .. } => None,
        RunState::Done | RunState::Ignored { .. } => Some("a run that is done never runs again"),
        RunState::Dead { .. } if after.generation > before.generation => None,
        RunState::Dead { .. } => Some("a dead run is woken by its letter only"),
        RunState::Dismissed { .. } => Some("a run that is set aside is not claimed"),
    }
}

/// The rule that the maintenance breaks.
fn wake_broken(before: &Run, after: &Run) -> Option<&'static str> {
    let marked = matches!(wake_move(Some(before), after), Some(WakeMove::Marked | WakeMove::Left));
    let (writes, wake) = (before.writes + 1, after.wake.clone());
    let unchanged = Run { writes, wake, ..before.clone() } == *after;
    (!marked || !unchanged).then_some("a run that is woken is marked, and stays as it is")
}

fn has_ended(run: &Run) -> bool {
    is_done(run) || matches!(run.state, RunState::Dead { dead_lettered: true, .. })
}

fn waits_until(run: &Run) -> Option<EpochMillis> {
    match run.state {
        RunState::Retrying { not_before } | RunState::Waiting { not_before, .. } => {
            Some(not_before)
        }
        _ => None,
    }
}

/// How many of its last attempts never said how they ended.
#[must_use]
pub fn silent_attempts(run: &Run) -> usize {
    run.attempts.iter().rev().take_while(|attempt| attempt.ended.is_none()).count()
}

/// The rule that a run breaks that is moved on because its job is not registered.
fn without_job_broken(before: &Run, after: &Run, now: EpochMillis) -> Option<&'static str> {
    match &before.state {
        RunState::Done | RunState::Ignored { .. } => Some("what is settled stays as it is"),
        RunState::Running { lease_until } if now.plus(CLOCKS_APART) < *lease_until => {
            Some("a run has one owner at a time")
        }
        _ if after.writes != before.writes + 1 => Some("a claim writes one step after the other"),
        _ => None,
    }
}

/// Whether the run waits for its job, or has done so in vain.
#[must_use]
pub fn has_no_job(run: &Run) -> bool {
    match &run.state {
        RunState::Waiting { cause, .. } => cause == "job_unregistered",
        RunState::Dead { reason, .. } => *reason == DeadReason::JobUnregistered,
        _ => false,
    }
}

fn has_lost_a_result(before: &Run, after: &Run) -> bool {
    let saved = before.steps.iter().filter(|step| step.saved.is_some());
    saved
        .into_iter()
        .any(|step| after.step(&step.name).map(|step| &step.saved) != Some(&step.saved))
}

/// Whether the run needs no further attempt.
#[must_use]
pub fn is_done(run: &Run) -> bool {
    matches!(run.state, RunState::Done | RunState::Ignored { .. })
}

/// Whether the record is a first claim, or a run that waits for its job before it.
#[must_use]
pub fn is_new(run: &Run) -> bool {
    let begins = match run.attempt {
        0 => run.writes == 1 && has_no_job(run),
        1 => run.writes == 0 && matches!(run.state, RunState::Running { .. }),
        _ => false,
    };
    begins && run.uncounted_attempts == 0 && run.steps.is_empty()
}

/// Whether the record's life is over by anybody's clock.
#[must_use]
pub fn is_over(run: &Run, now: EpochMillis) -> bool {
    run.updated_at.plus(RECORD_LIFE) <= now.plus(CLOCKS_APART)
}

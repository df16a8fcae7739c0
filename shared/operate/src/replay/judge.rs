//! What became of a run that was sent: its first attempt after that decides, since its last may be
//! three days away.

use hookdock_pipeline::ledger::{Run, RunState};

use crate::outcome::Outcome;
use crate::replay::plan::PlanItem;

/// What is seen of an item that was sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// No worker has taken it yet.
    Unclaimed,
    /// A worker has it.
    Under,
    /// It has come to this.
    Ended(Outcome),
}

/// What became of the item, whose run had so many attempts when it was sent, under that generation.
pub(super) fn judge(run: Option<&Run>, attempt: u32, generation: u32) -> Seen {
    let Some(run) = run else { return Seen::Unclaimed };
    if run.attempt <= attempt {
        // Nobody has claimed it since. Of a later generation, somebody set it aside meanwhile.
        return match run.generation >= generation && !is_as_sent(run) {
            true => Seen::Ended(Outcome::Changed),
            false => Seen::Unclaimed,
        };
    }
    match &run.state {
        RunState::Running { .. } => Seen::Under,
        RunState::Done => Seen::Ended(Outcome::Done),
        RunState::Ignored { cause } if cause.starts_with("superseded") => {
            Seen::Ended(Outcome::Superseded)
        }
        RunState::Ignored { .. } => Seen::Ended(Outcome::Ignored),
        RunState::Dead { .. } => Seen::Ended(Outcome::Dead),
        RunState::Retrying { .. } => Seen::Ended(Outcome::FailedOnce),
        RunState::Waiting { .. } => Seen::Ended(Outcome::Waiting),
        RunState::Dismissed { .. } => Seen::Ended(Outcome::Changed),
    }
}

/// Whether a run that was sent can still look like this before it is claimed.
fn is_as_sent(run: &Run) -> bool {
    matches!(run.state, RunState::Retrying { .. } | RunState::Waiting { .. })
}

/// The generation under which the item is sent: a run that has ended is claimed only by a later
/// one than its own, and so is one that starts over.
pub(super) fn sent_generation(item: &PlanItem, resumes: bool) -> u32 {
    use crate::account::State;
    let goes_on = matches!(item.state, State::Retrying | State::Waiting);
    let again = u32::from(item.job.is_some() && !(goes_on && resumes));
    item.generation.saturating_add(again)
}

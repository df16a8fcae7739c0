//! How a run that exists is claimed: taken over, tried again, or set going again.

use crate::ledger::run::{Claim, Run, Unclaimable};
use crate::ledger::state::{Attempt, RunState};
use crate::model::restart::{Effects, Mode, Restart};

/// How many attempts a run's record lists; older ones are only counted.
const ATTEMPTS_KEPT: usize = 10;

impl Run {
    /// The run claimed once more, if its state allows that.
    ///
    /// ```text
    /// running    before lease_until   -> held          from then on -> claimed
    /// retrying   before not_before    -> held          from then on -> claimed
    /// waiting    before not_before    -> held          from then on -> claimed
    /// dead       same generation      -> ended         later one    -> claimed, attempts again
    /// done, ignored                   -> ended         later one, of mode `again`: as if dead
    /// dismissed                       -> ended
    /// record life over                -> claimed as if it had never been
    /// ```
    ///
    /// A later generation whose mode is not `resume` drops the saved steps, whatever the state was.
    ///
    /// # Errors
    ///
    /// Why it cannot be claimed.
    pub fn claimed(&self, claim: &Claim) -> Result<Self, Unclaimable> {
        if self.expires_at() <= claim.now {
            return Ok(Self::opened(self.id.clone(), claim));
        }
        match &self.state {
            RunState::Running { lease_until: until }
            | RunState::Retrying { not_before: until }
            | RunState::Waiting { not_before: until, .. }
                if claim.now < *until =>
            {
                Err(Unclaimable::Until { time: *until, has_wake: self.wake.is_some() })
            }
            RunState::Running { .. } | RunState::Retrying { .. } | RunState::Waiting { .. } => {
                match self.mode_of(claim) {
                    None | Some(Mode::Resume) => Ok(self.reclaimed(claim)),
                    Some(Mode::StartOver | Mode::Again) => Ok(self.restarted(claim)),
                }
            }
            RunState::Done | RunState::Ignored { .. }
                if self.mode_of(claim) == Some(Mode::Again) =>
            {
                Ok(self.restarted(claim))
            }
            RunState::Done | RunState::Ignored { .. } | RunState::Dismissed { .. } => {
                Err(Unclaimable::Ended)
            }
            RunState::Dead { .. } if self.mode_of(claim).is_some() => Ok(self.restarted(claim)),
            RunState::Dead { dead_lettered: true, .. } => Err(Unclaimable::Ended),
            RunState::Dead { dead_lettered: false, .. } => {
                Err(Unclaimable::NotDeadLettered(Box::new(self.clone())))
            }
        }
    }

    /// How the claim's message sets this run going again. `None`: it does not, its generation is
    /// none that the run has not had.
    fn mode_of(&self, claim: &Claim) -> Option<Mode> {
        let mode = claim.restart.as_ref().map_or(Mode::Resume, |restart| restart.mode);
        (claim.generation > self.generation).then_some(mode)
    }

    fn restarted(&self, claim: &Claim) -> Self {
        let steps = match self.mode_of(claim) {
            None | Some(Mode::Resume) => self.steps.clone(),
            Some(Mode::StartOver | Mode::Again) => Vec::new(),
        };
        let (operation, effects_of) = match &claim.restart {
            None => (None, self.effects_of),
            Some(Restart { operation, effects: Effects::Same, .. }) => {
                (Some(operation.clone()), self.effects_of)
            }
            Some(Restart { operation, effects: Effects::New, .. }) => {
                (Some(operation.clone()), claim.generation)
            }
        };
        let (uncounted_attempts, excused_attempts) = (self.attempt, 0);
        let again = self.reclaimed(claim);
        Self { steps, operation, effects_of, uncounted_attempts, excused_attempts, ..again }
    }

    fn reclaimed(&self, claim: &Claim) -> Self {
        let number = self.attempt.saturating_add(1);
        let mut attempts = self.attempts.clone();
        attempts.push(Attempt::started(number, claim.code.clone(), claim.now));
        attempts.drain(..attempts.len().saturating_sub(ATTEMPTS_KEPT));
        Self {
            state: RunState::Running { lease_until: claim.lease_until },
            owner: claim.owner.clone(),
            attempt: number,
            generation: self.generation.max(claim.generation),
            excused_attempts: self.excused_attempts.saturating_add(self.died_in_company().into()),
            writes: 0,
            attempts,
            wake: self.wake_after(claim.lease_until),
            updated_at: claim.now,
            ..self.clone()
        }
    }

    /// Whether the worker of the last attempt died, and that attempt was not made in isolation, as
    /// one after a dead worker is. Then any of the runs beside it may have killed the worker.
    fn died_in_company(&self) -> bool {
        let mut ended = self.attempts.iter().rev().map(|attempt| attempt.ended.is_some());
        ended.next() == Some(false) && ended.next() != Some(false)
    }
}

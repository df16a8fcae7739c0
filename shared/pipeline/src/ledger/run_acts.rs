//! The moves of a run that a person makes. Each counts as a write of the last claim, so the fence of
//! whoever read the run before does not fit any more.

use hookdock_signature::EpochMillis;

use crate::ledger::run::Run;
use crate::ledger::state::RunState;
use crate::model::failure::recorded;

impl Run {
    /// The run that retries or waits, due now. `None`: it does neither.
    #[must_use]
    pub fn expedited(&self, now: EpochMillis) -> Option<Self> {
        let state = match &self.state {
            RunState::Retrying { .. } => RunState::Retrying { not_before: now },
            RunState::Waiting { cause, .. } => {
                RunState::Waiting { not_before: now, cause: cause.clone() }
            }
            _ => return None,
        };
        // Should the message be lost that is sent for it, it is woken.
        Some(Self { wake: self.wake_after(now), ..self.acted(state, now) })
    }

    /// The dead run, set aside. Its generation rises, so that the dead letter that is left behind
    /// cannot set it going, not even once it is restored. `None`: it is not dead.
    #[must_use]
    pub fn dismissed(&self, by: &str, why: &str, now: EpochMillis) -> Option<Self> {
        let RunState::Dead { reason, .. } = self.state else { return None };
        let state = RunState::Dismissed { reason, by: recorded(by), why: recorded(why) };
        let generation = self.generation.saturating_add(1);
        Some(Self { generation, ..self.acted(state, now) })
    }

    /// The dismissed run, dead again. `None`: it is not dismissed.
    #[must_use]
    pub fn restored(&self, now: EpochMillis) -> Option<Self> {
        let RunState::Dismissed { reason, .. } = self.state else { return None };
        Some(self.acted(RunState::Dead { reason, dead_lettered: true }, now))
    }

    fn acted(&self, state: RunState, at: EpochMillis) -> Self {
        let writes = self.writes.saturating_add(1);
        Self { state, wake: None, writes, updated_at: at, ..self.clone() }
    }
}

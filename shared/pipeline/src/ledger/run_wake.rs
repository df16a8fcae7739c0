//! How a run that was left to the ledger is woken.

use hookdock_signature::EpochMillis;

use crate::delivery::reference::Reference;
use crate::ledger::run::Run;
use crate::ledger::wake::Wake;

impl Run {
    /// When its reference is to be sent, if the run was left to the ledger.
    #[must_use]
    pub fn wakes_at(&self) -> Option<EpochMillis> {
        self.wake.as_ref().map(|wake| wake.at)
    }

    /// What wakes this run of the event that the reference is about. Of the run's own generation,
    /// it sets nothing going that has ended.
    pub(crate) fn wake_at(&self, at: EpochMillis, reference: &Reference) -> Wake {
        let (generation, job) = (self.generation, Some(self.id.job.clone()));
        Wake::new(at, Reference { generation, job, restart: None, ..reference.clone() })
    }

    /// The run and the reference to send for it, which is marked as sent. `None`: it waits for no
    /// reference.
    #[must_use]
    pub fn woken(&self, now: EpochMillis, chance: u128) -> Option<(Self, Reference)> {
        let wake = self.wake.clone()?;
        let reference = wake.reference.clone();
        Some((self.with_wake(wake.sent_at(now, chance)), reference))
    }

    /// The run whose reference is to be sent only then.
    #[must_use]
    pub fn left_until(&self, at: EpochMillis) -> Option<Self> {
        let wake = self.wake.clone()?;
        Some(self.with_wake(Wake { at, ..*wake }))
    }

    /// What wakes the run, if something does, once that time has passed and nobody has been heard of.
    pub(super) fn wake_after(&self, time: EpochMillis) -> Option<Box<Wake>> {
        self.wake.as_deref().map(|wake| Box::new(wake.clone().after(time)))
    }

    /// Nothing of the run itself has changed, so it does not live any longer.
    fn with_wake(&self, wake: Wake) -> Self {
        Self { wake: Some(Box::new(wake)), writes: self.writes.saturating_add(1), ..self.clone() }
    }
}

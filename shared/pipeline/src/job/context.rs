//! What a job knows of its run and may reach.

use std::sync::Arc;

use derive_more::Debug;
use getset::Getters;
use hookdock_signature::EpochMillis;

use crate::job::breakers::Breakers;
use crate::job::effects::Effects;
use crate::job::worker::WorkerContext;
use crate::ledger::{EffectKey, RunId};
use crate::model::names::{StepName, TenantId};
use crate::model::scope::Scope;

/// How far an attempt may go.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The generation that effect keys carry.
    pub effects_of: u32,
    /// When the delivery was received.
    pub received_at: EpochMillis,
    /// When the run was first claimed.
    pub opened_at: EpochMillis,
    /// When the attempt began.
    pub started_at: EpochMillis,
    /// When the attempt is cut off.
    pub deadline: EpochMillis,
    /// Until when nobody else may claim the run: later than the deadline, since clocks differ.
    pub lease_until: EpochMillis,
}

/// What a job knows of its run and may reach.
#[derive(Clone, Debug, Getters)]
#[debug("Context({run:?}, {scope:?}, {limits:?})")]
pub struct Context {
    /// The run: the endpoint, the event and the job. It stays the same over all attempts.
    #[getset(get = "pub")]
    run: RunId,
    /// Whose the event is, and with it all that the job keeps and calls. [`Scope::key`] makes an
    /// id that is unique beyond Hookdock, for a system that all tenants' runs write to.
    #[getset(get = "pub")]
    scope: Scope,
    limits: Limits,
    #[getset(get = "pub(super)")]
    effects: Effects,
    worker: Arc<dyn WorkerContext>,
    #[getset(get = "pub(super)")]
    breakers: Arc<Breakers>,
}

impl Context {
    /// A context for one attempt of a run whose event is that tenant's.
    #[must_use]
    pub fn new(
        run: RunId,
        tenant: Option<TenantId>,
        limits: Limits,
        effects: Effects,
        worker: Arc<dyn WorkerContext>,
        breakers: Arc<Breakers>,
    ) -> Self {
        let scope = Scope::Own { endpoint: run.event.endpoint.clone(), tenant };
        Self { run, scope, limits, effects, worker, breakers }
    }

    /// Whose event it is. `None`: the endpoint has no tenants, or the event names none.
    #[must_use]
    pub fn tenant(&self) -> Option<&TenantId> {
        match &self.scope {
            Scope::Own { tenant, .. } => tenant.as_ref(),
            Scope::Shared => None,
        }
    }

    /// The number of this attempt, from 1; those that were put off do not count.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.limits.attempt
    }

    /// When the delivery was received, by our clock.
    #[must_use]
    pub fn received_at(&self) -> EpochMillis {
        self.limits.received_at
    }

    /// When the run was first claimed.
    #[must_use]
    pub fn opened_at(&self) -> EpochMillis {
        self.limits.opened_at
    }

    /// When this attempt began.
    #[must_use]
    pub fn started_at(&self) -> EpochMillis {
        self.limits.started_at
    }

    /// When this attempt is cut off.
    #[must_use]
    pub fn deadline(&self) -> EpochMillis {
        self.limits.deadline
    }

    pub(super) fn lease_until(&self) -> EpochMillis {
        self.limits.lease_until
    }

    pub(super) fn effect_key(&self, step: &StepName) -> EffectKey {
        EffectKey::of(&self.run, self.limits.effects_of, step)
    }

    pub(super) fn worker(&self) -> &dyn WorkerContext {
        self.worker.as_ref()
    }
}

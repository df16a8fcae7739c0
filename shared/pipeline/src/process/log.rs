//! What is told of an event: one line for each outcome, with the names that a person looks for.
//!
//! Dead is an error, a try that failed is a warning, and the rest is information. `reason.code` and
//! `message` are what metric filters select by, and hold no text that a sender wrote.

use hookdock_signature::EpochMillis;
use jiff::Timestamp;

use crate::delivery::identity::IgnoreCause;
use crate::delivery::reference::Reference;
use crate::ledger::{Hold, JOB_UNREGISTERED, Run, RunState};
use crate::model::names::{EventId, EventType, TenantId};

/// A line about the event of a reference, with further fields and the message.
macro_rules! tell {
    ($level:ident, $reference:expr, $($rest:tt)*) => {
        tracing::$level!(
            delivery.id = %$reference.delivery_id,
            endpoint = %$reference.endpoint,
            tenant = $reference.tenant.as_ref().map(TenantId::as_str),
            event.key = %$reference.event_key,
            event.id = $reference.event_id.as_ref().map(EventId::as_str),
            event.r#type = $reference.event_type.as_ref().map(EventType::as_str),
            $($rest)*
        )
    };
}

/// The event has come before, in another delivery.
pub(super) fn duplicate(reference: &Reference) {
    tell!(info, reference, "the event came before; a run that has ended does not run again");
}

/// Nothing runs for the event.
pub(super) fn ignored(reference: &Reference, cause: IgnoreCause) {
    tell!(info, reference, reason.code = cause.code(), "no job runs");
}

/// The outcome came too late.
pub(super) fn lost(run: &Run, reference: &Reference) {
    tell!(
        warn,
        reference,
        run.job = %run.id.job,
        run.attempt = run.attempt,
        "another worker has claimed the run; this outcome was not recorded"
    );
}

/// An attempt has ended.
pub(super) fn settled(run: &Run, reference: &Reference) {
    macro_rules! settled {
        ($level:ident) => {{
            let failure = run.last_failure().filter(|_| !matches!(run.state, RunState::Done));
            tell!(
                $level,
                reference,
                run.job = %run.id.job,
                run.attempt = run.attempt,
                run.state = run.state.name(),
                run.next_attempt_at = next_attempt(&run.state),
                reason.code = reason(&run.state),
                error.class = failure.map(|failure| failure.class.code()),
                error.message = failure.map(|failure| failure.message.as_str()),
                "run settled"
            );
        }};
    }
    match run.state {
        RunState::Dead { .. } => settled!(error),
        RunState::Retrying { .. } => settled!(warn),
        _ => settled!(info),
    }
}

/// A run whose job is not registered was moved on.
pub(super) fn without_job(run: &Run, reference: &Reference) {
    macro_rules! without_job {
        ($level:ident) => {
            tell!(
                $level,
                reference,
                run.job = %run.id.job,
                run.state = run.state.name(),
                run.next_attempt_at = next_attempt(&run.state),
                reason.code = JOB_UNREGISTERED,
                "run has no job"
            )
        };
    }
    match run.state {
        RunState::Dead { .. } => without_job!(error),
        _ => without_job!(info),
    }
}

/// A run is held by a person.
pub(super) fn held(run: &Run, reference: &Reference, hold: &Hold) {
    tell!(
        info,
        reference,
        run.job = %run.id.job,
        run.state = run.state.name(),
        run.next_attempt_at = next_attempt(&run.state),
        hold.id = %hold.id,
        "run is held"
    );
}

fn next_attempt(state: &RunState) -> Option<String> {
    match state {
        RunState::Retrying { not_before } | RunState::Waiting { not_before, .. } => {
            Some(utc(*not_before))
        }
        _ => None,
    }
}

fn reason(state: &RunState) -> Option<&'static str> {
    match state {
        RunState::Dead { reason, .. } => Some(reason.code()),
        _ => None,
    }
}

/// A time as people read it.
pub(super) fn utc(at: EpochMillis) -> String {
    Timestamp::from_millisecond(at.get()).unwrap_or_default().to_string()
}

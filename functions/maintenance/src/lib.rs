//! The Lambda function that the scheduler of `EventBridge` calls each minute.
//!
//! It gives [`hookdock_pipeline::maintenance`] the time that it has; every decision is made there.

use std::time::Duration;

use hookdock_aws::log;
use hookdock_pipeline::maintenance::Maintenance;
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::{DueRuns, Ledger, Messages};
use hookdock_signature::EpochMillis;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde::de::IgnoredAny;
use tracing::Instrument as _;

/// What is left of the invocation for what was begun: a call and its repetition.
const ANSWER_MARGIN: Duration = Duration::from_secs(5);

/// Some runs could not be looked at, or not woken. They are still due, and the next tick tries them
/// again; the error is for the function's metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Incomplete {
    /// How many runs, or pages of runs.
    pub failed: u64,
}

/// Does what is due. What the schedule sends along is not looked at.
///
/// # Errors
///
/// Some of it could not be done.
pub async fn handle<M: Messages, L: Ledger + DueRuns, S: System>(
    maintenance: &Maintenance<M, L, S>,
    event: LambdaEvent<IgnoredAny>,
) -> Result<(), Incomplete> {
    let context = event.context;
    let span = log::request(&context.request_id, context.xray_trace_id.as_deref());
    let end = EpochMillis::new(i64::try_from(context.deadline).unwrap_or(i64::MAX));
    let woken = maintenance.wake(end.minus(ANSWER_MARGIN)).instrument(span).await;
    match woken.failed {
        0 => Ok(()),
        failed => Err(Incomplete { failed }),
    }
}

impl From<Incomplete> for Diagnostic {
    fn from(Incomplete { failed }: Incomplete) -> Self {
        Self {
            error_type: "Incomplete".to_owned(),
            error_message: format!("{failed} runs or pages of runs met an error"),
        }
    }
}

#[cfg(test)]
mod tests {
    use hookdock_embedded::{Embedded, QueueSettings, TestSystem};
    use lambda_runtime::Context;
    use serde_json::json;

    use super::*;

    /// A tick as the schedule sends it, with its default input.
    fn tick() -> LambdaEvent<IgnoredAny> {
        let event = serde_json::from_value(json!({ "version": "0", "source": "aws.scheduler" }));
        let mut context = Context::default();
        context.deadline = 60_000;
        LambdaEvent::new(event.expect("an event"), context)
    }

    #[tokio::test]
    async fn a_tick_without_anything_due_ends_well() {
        let system = TestSystem::starting_at(EpochMillis::new(10_000));
        let local = Embedded::in_memory(system.clone(), QueueSettings::default()).expect("memory");
        let maintenance = Maintenance::new(local.clone(), local, system);
        assert_eq!(handle(&maintenance, tick()).await, Ok(()));
    }

    #[test]
    fn lambda_is_told_the_error_by_a_stable_name() {
        let told = Diagnostic::from(Incomplete { failed: 2 });
        assert_eq!(told.error_type, "Incomplete");
        assert_eq!(told.error_message, "2 runs or pages of runs met an error");
    }
}

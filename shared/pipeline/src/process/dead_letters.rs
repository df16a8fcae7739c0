//! The dead letters of runs, and of messages that no run could be made of.

use crate::delivery::reference::Reference;
use crate::ledger::dead_letter::DeadLetter;
use crate::ledger::{Run, RunState};
use crate::model::names::JobName;
use crate::model::port_error::{PortError, chain};
use crate::model::system::System;
use crate::model::versioned::Unreadable;
use crate::ports::{Deliveries, Ledger, Messages};
use crate::process::task::{Progress, Received};
use crate::process::use_case::Process;

impl<D: Deliveries, M: Messages, L: Ledger, S: System> Process<D, M, L, S> {
    /// Sends the dead letter, then notes that it was sent. In between, a worker may die: then the
    /// dead letter is sent twice, and never not at all.
    pub(super) async fn dead_letter(
        &self,
        run: &Run,
        reference: &Reference,
    ) -> Result<Progress, PortError> {
        let RunState::Dead { reason, .. } = run.state else {
            return Ok(Progress::Finished);
        };
        self.messages.dead_letter(&DeadLetter::of_run(reference, run, reason)?).await?;
        self.ledger.compare_and_swap(&run.fence(), &run.dead_lettered()).await?;
        Ok(Progress::Finished)
    }

    /// A dead letter was moved back while its job is off: it goes back to where it was.
    pub(super) async fn dead_letter_unregistered(
        &self,
        reference: &Reference,
        job: &JobName,
    ) -> Result<Progress, PortError> {
        tracing::error!(
            reason.code = "no_job", delivery.id = %reference.delivery_id, run.job = %job,
            "the job of a dead letter is not registered"
        );
        let message = format!("job {job} is not registered for this event");
        let dead_letter = DeadLetter::of_reference(reference, "no_job", &message)?;
        self.messages.dead_letter(&dead_letter).await?;
        Ok(Progress::Finished)
    }

    pub(super) async fn dead_letter_unreadable(
        &self,
        message: &Received,
        error: &Unreadable,
    ) -> Result<Progress, PortError> {
        tracing::error!(
            reason.code = "bad_reference",
            bytes = message.body.len(),
            error = chain(error),
            "message is not a reference"
        );
        self.messages.dead_letter(&DeadLetter::of_unreadable(&message.body, error)).await?;
        Ok(Progress::Finished)
    }
}

//! One message of the queue, from its receipt to its verdict.

use std::slice;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::delivery::message::Message;
use crate::delivery::part::Part;
use crate::delivery::reference::Reference;
use crate::model::deadline;
use crate::model::port_error::{PortError, PortErrorKind, chain};
use crate::model::retry::{LONGEST_PUT_OFF, RetryPolicy};
use crate::model::system::System;
use crate::model::versioned::Unreadable;
use crate::ports::{Deliveries, Ledger, Messages};
use crate::process::claim::least_time;
use crate::process::log;
use crate::process::pack::{BatchPack, Opened};
use crate::process::task::{Progress, Received, Verdict};
use crate::process::use_case::{A_MOMENT, Process, SETTLE_MARGIN};

impl<D: Deliveries, M: Messages, L: Ledger, S: System> Process<D, M, L, S> {
    /// Processes the messages of one batch, one future for each, to be run side by side. What came
    /// in the messages themselves is written in one go, for all that wait for it.
    pub fn batch<'a>(&'a self, messages: &'a [Received]) -> Vec<BoxFuture<'a, Verdict>> {
        let opened = messages.iter().map(|message| (message, Message::parse(&message.body)));
        let opened: Vec<Opened<'_>> = opened.collect();
        let packing = self.packing(&opened);
        let verdict = |opened| self.verdict(opened, packing.clone()).boxed();
        opened.into_iter().map(verdict).collect()
    }

    /// Processes one message: a batch of one.
    pub async fn one(&self, message: &Received) -> Verdict {
        let opened = (message, Message::parse(&message.body));
        let packing = self.packing(slice::from_ref(&opened));
        self.verdict(opened, packing).await
    }

    /// Whatever goes wrong is this message's alone, and ends in a verdict.
    async fn verdict(&self, (message, opened): Opened<'_>, packing: BatchPack<'_>) -> Verdict {
        let delivery_id = opened.as_ref().map(|opened| opened.delivery_id().as_str()).ok();
        let work = async {
            match &opened {
                Ok(Message::Reference(reference)) => self.work(reference, None, message).await,
                Ok(Message::Inline(inline)) => {
                    let reference = packing.of(inline).await?;
                    self.work(&reference, Some(inline.stored()), message).await
                }
                // Written by a later version, which may have been deployed only in part.
                Err(error @ Unreadable::Version(_)) => Err(later_version(*error)),
                Err(error) => self.dead_letter_unreadable(message, error).await,
            }
        };
        match deadline::with_deadline(&self.system, message.deadline, work).await {
            Ok(Ok(Progress::Finished)) => Verdict::Finished,
            Ok(Ok(Progress::Later(wait))) => {
                self.change_visibility(message, delivery_id, wait).await
            }
            Ok(Err(error)) => {
                // The wait grows, so that an outage does not use up what the queue grants.
                let wait = RetryPolicy::OUTAGE.wait(message.receives, self.system.random());
                let (error, next_at) = (chain(&error), log::utc(self.system.now().plus(wait)));
                tracing::error!(
                    delivery.id = delivery_id,
                    message.next_at = next_at,
                    error,
                    "message will come back"
                );
                self.change_visibility(message, delivery_id, wait).await
            }
            Err(deadline::DeadlineExceeded) => {
                tracing::error!(delivery.id = delivery_id, "message ran out of time");
                Verdict::Again
            }
        }
    }

    pub(super) async fn work(
        &self,
        reference: &Reference,
        brought: Option<&Bytes>,
        message: &Received,
    ) -> Result<Progress, PortError> {
        let room = self.worker.room_for(reference.stored_bytes);
        let least = least_time(self.system.now().until(message.deadline));
        let last_call = message.deadline.minus(SETTLE_MARGIN).minus(least);
        let Ok(_room) = deadline::with_lazy_deadline(&self.system, last_call, room).await else {
            return Ok(Progress::Later(A_MOMENT));
        };
        match reference.part {
            Part::Batch(batch) => self.split(reference, batch, message.deadline).await,
            Part::Whole | Part::Item(_) => self.event(reference, brought, message).await,
        }
    }

    /// Without the put-off the message comes back when its visibility runs out, so a failure here
    /// costs time and nothing else.
    async fn change_visibility(
        &self,
        message: &Received,
        delivery_id: Option<&str>,
        wait: Duration,
    ) -> Verdict {
        let wait = wait.clamp(Duration::from_secs(1), LONGEST_PUT_OFF);
        let change_visibility = self.messages.change_visibility(&message.receipt, wait);
        if let Ok(Err(error)) =
            deadline::with_deadline(&self.system, message.deadline, change_visibility).await
        {
            let error = chain(&error);
            tracing::warn!(delivery.id = delivery_id, error, "message was not put off");
        }
        Verdict::Again
    }
}

fn later_version(error: Unreadable) -> PortError {
    PortError::new("read the reference", PortErrorKind::Invalid).with_source(error)
}

//! A delivery that carries several events becomes a message for each.
//!
//! Nothing is claimed for it. A worker that dies on the way leaves the message, and the items that
//! were sent already are sent twice: their event keys make that harmless.

use std::borrow::Cow;

use hookdock_signature::EpochMillis;

use crate::delivery::events::MOST_ITEMS;
use crate::delivery::identity::Flag;
use crate::delivery::part::{Batch, Part};
use crate::delivery::reference::Reference;
use crate::delivery::stored::StoredDelivery;
use crate::job::opened;
use crate::ledger::dead_letter::DeadLetter;
use crate::model::failure::{ErrorClass, Failure, Recovery};
use crate::model::port_error::{PortError, PortErrorKind};
use crate::model::system::System;
use crate::model::trace::Trace;
use crate::ports::{Deliveries, Ledger, MOST_AT_ONCE, Messages};
use crate::process::task::Progress;
use crate::process::use_case::{A_MOMENT, Process, SETTLE_MARGIN};

const SEND: &str = "queue the items of a delivery";

/// How often what the queue did not take is sent again before the message is put off.
const TRIES: usize = 3;

/// The references to send, and the trace they belong to.
struct Items {
    references: Vec<Reference>,
    trace: Option<Trace>,
}

impl<D: Deliveries, M: Messages, L: Ledger, S: System> Process<D, M, L, S> {
    pub(super) async fn split(
        &self,
        reference: &Reference,
        batch: Batch,
        deadline: EpochMillis,
    ) -> Result<Progress, PortError> {
        if reference.flags.contains(&Flag::TooManyItems) {
            let message = format!(
                "the delivery carries {} events, at most {MOST_ITEMS} are taken apart",
                batch.items
            );
            return self.dead_letter_batch(reference, "too_many_items", &message).await;
        }
        match self.items(reference, batch).await {
            Ok(items) => self.send_all(reference, batch, &items, deadline).await,
            Err(failure) if failure.recovery() == Recovery::Never => {
                self.dead_letter_batch(reference, failure.class().code(), failure.message()).await
            }
            Err(failure) => Err(PortError::new("read the delivery", PortErrorKind::Unavailable)
                .with_source(failure)),
        }
    }

    /// What is left to be sent.
    async fn items(&self, reference: &Reference, batch: Batch) -> Result<Items, Failure> {
        let object = self.read(reference).await?;
        let (stored, _body) = opened(&object, reference)?;
        if stored.items.len() != batch.items {
            let message = "the stored delivery lists other items";
            return Err(Failure::permanent(ErrorClass::DigestMismatch, message));
        }
        let StoredDelivery { items, trace, .. } = stored;
        let left = items.into_iter().skip(batch.sent);
        Ok(Items {
            references: left.map(|item| reference.to_item(item)).collect(),
            trace: trace.as_deref().and_then(Trace::read),
        })
    }

    async fn send_all(
        &self,
        reference: &Reference,
        batch: Batch,
        items: &Items,
        deadline: EpochMillis,
    ) -> Result<Progress, PortError> {
        let mut sent = batch.sent;
        for references in items.references.chunks(MOST_AT_ONCE) {
            if self.system.now() >= deadline.minus(SETTLE_MARGIN) {
                return self.go_on_later(reference, Batch { sent, ..batch }, items).await;
            }
            self.send(references, items).await?;
            sent = sent.saturating_add(references.len());
        }
        tracing::info!(
            delivery.id = %reference.delivery_id, endpoint = %reference.endpoint,
            items = batch.items, "delivery taken apart"
        );
        Ok(Progress::Finished)
    }

    /// Sends the references, and again those that the queue did not take.
    async fn send(&self, references: &[Reference], items: &Items) -> Result<(), PortError> {
        let mut left = Cow::Borrowed(references);
        for _ in 0..TRIES {
            let trace = items.trace.as_ref().map(Trace::as_str);
            let refused = self.messages.send_items(&left, trace).await?;
            if refused.is_empty() {
                return Ok(());
            }
            left = refused.iter().filter_map(|place| left.get(*place).cloned()).collect();
        }
        Err(PortError::new(SEND, PortErrorKind::Throttled))
    }

    /// There is no time for the rest. A message of its own says where to go on, so that a worker
    /// with little time gets through as well.
    async fn go_on_later(
        &self,
        reference: &Reference,
        batch: Batch,
        items: &Items,
    ) -> Result<Progress, PortError> {
        if matches!(reference.part, Part::Batch(before) if before == batch) {
            return Ok(Progress::Later(A_MOMENT));
        }
        let rest = Reference { part: Part::Batch(batch), ..reference.clone() };
        self.send(&[rest], items).await?;
        Ok(Progress::Finished)
    }

    async fn dead_letter_batch(
        &self,
        reference: &Reference,
        reason: &str,
        message: &str,
    ) -> Result<Progress, PortError> {
        tracing::error!(
            delivery.id = %reference.delivery_id, endpoint = %reference.endpoint,
            reason.code = reason, error = message, "delivery is not taken apart"
        );
        let dead_letter = DeadLetter::of_reference(reference, reason, message)?;
        self.messages.dead_letter(&dead_letter).await?;
        Ok(Progress::Finished)
    }
}

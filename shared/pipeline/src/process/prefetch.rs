//! The stored delivery, read while the ledger is asked.
//!
//! Nothing follows from a read, so it need not wait for the claim, and a run that is claimed needs
//! it at once. Whether anything may run is decided without it.

use std::pin::pin;

use bytes::Bytes;
use futures_util::future::{Either, select};

use crate::delivery::reference::Reference;
use crate::lookup;
use crate::model::failure::{ErrorClass, Failure};
use crate::model::system::System;
use crate::ports::{Deliveries, Ledger, Messages};
use crate::process::task::{Prefetched, Task};
use crate::process::use_case::Process;

impl<D: Deliveries, M: Messages, L: Ledger, S: System> Process<D, M, L, S> {
    /// Does the work, and reads meanwhile what it is going to ask for. Only the work is waited
    /// for.
    pub(super) async fn reading_ahead<T>(
        &self,
        reference: &Reference,
        stored: &Prefetched,
        work: impl Future<Output = T> + Send,
    ) -> T {
        match select(pin!(work), pin!(self.read_ahead(reference, stored))).await {
            Either::Left((done, _)) => done,
            Either::Right(((), work)) => work.await,
        }
    }

    /// Where somebody asks for it already, it is read there.
    async fn read_ahead(&self, reference: &Reference, stored: &Prefetched) {
        if let Some(mut known) = stored.0.try_lock()
            && known.is_none()
        {
            *known = Some(self.read(reference).await);
        }
    }

    /// What was read is there for all jobs. What went wrong is one attempt's, and the next job
    /// reads again.
    pub(super) async fn stored(&self, task: Task<'_>) -> Result<Bytes, Failure> {
        let mut known = task.stored.0.lock().await;
        let read = match known.take() {
            Some(read) => read,
            None => self.read(task.reference).await,
        };
        *known = read.as_ref().ok().cloned().map(Ok);
        read
    }

    /// The stored delivery that a reference points to.
    pub(super) async fn read(&self, reference: &Reference) -> Result<Bytes, Failure> {
        let Reference { object, delivery_id, .. } = reference;
        let stored = lookup::read(&self.deliveries, object, delivery_id).await?;
        let missing = "the stored object is missing";
        stored.ok_or_else(|| Failure::permanent(ErrorClass::BodyMissing, missing))
    }
}

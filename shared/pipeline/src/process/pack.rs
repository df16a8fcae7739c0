//! What came in its message is packed before anything else is done with it.
//!
//! From then on it is like any other delivery: a worker that dies leaves the message, dead letters and
//! records name the pack, and the message may be deleted at any end.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, join_all};
use hookdock_signature::EpochMillis;

use crate::delivery::message::{Inline, Message};
use crate::delivery::object_key::ObjectKey;
use crate::delivery::pack::Pack;
use crate::delivery::reference::Reference;
use crate::ledger::EventRef;
use crate::model::deadline;
use crate::model::names::DeliveryId;
use crate::model::port_error::{PortError, PortErrorKind};
use crate::model::system::System;
use crate::model::versioned::Unreadable;
use crate::ports::{Deliveries, Ledger, Messages};
use crate::process::task::Received;
use crate::process::use_case::{Process, SETTLE_MARGIN};

const TAKE: &str = "take the delivery out of its message";
const PACK: &str = "pack the deliveries";
const LOOK: &str = "look for the delivery's pack";

/// A message, and what it turned out to hold.
pub(super) type Opened<'a> = (&'a Received, Result<Message, Unreadable>);

/// Where the deliveries of a batch are that came in their messages.
type Places = BTreeMap<DeliveryId, Result<ObjectKey, Arc<PortError>>>;

/// The packing of one batch, which all its messages wait for that need it.
#[derive(Clone)]
pub(super) struct BatchPack<'a>(Shared<BoxFuture<'a, Arc<Places>>>);

impl BatchPack<'_> {
    /// The reference to the delivery in its pack, once that is durable.
    pub(super) async fn of(self, inline: &Inline) -> Result<Reference, PortError> {
        let places = self.0.await;
        match places.get(inline.delivery_id()) {
            Some(Ok(pack)) => Ok(inline.packed(pack.clone())),
            Some(Err(error)) => {
                Err(PortError::new(TAKE, error.kind()).with_source(Arc::clone(error)))
            }
            None => Err(PortError::new(TAKE, PortErrorKind::Invalid)),
        }
    }
}

impl<D: Deliveries, M: Messages, L: Ledger, S: System> Process<D, M, L, S> {
    /// Nothing is done before the first message asks for it.
    pub(super) fn packing<'a>(&'a self, batch: &[Opened<'a>]) -> BatchPack<'a> {
        let came = batch.iter().filter_map(|(message, opened)| match opened {
            Ok(Message::Inline(inline)) => Some((*message, Arc::clone(inline))),
            Ok(Message::Reference(_)) | Err(_) => None,
        });
        let came = came.collect();
        BatchPack(async move { Arc::new(self.pack(came).await) }.boxed().shared())
    }

    pub(super) async fn pack(&self, came: Vec<(&Received, Arc<Inline>)>) -> Places {
        let Some(deadline) = came.iter().map(|(message, _)| message.deadline).min() else {
            return Places::new();
        };
        let known = join_all(came.iter().map(|(message, inline)| self.place(message, inline)));
        let (mut places, mut new) = (Places::new(), BTreeMap::new());
        for ((_, inline), known) in came.iter().zip(known.await) {
            let id = inline.delivery_id().clone();
            match known {
                Ok(None) => drop(new.insert(id, Arc::clone(inline))),
                Ok(Some(pack)) => drop(places.insert(id, Ok(pack))),
                Err(error) => drop(places.insert(id, Err(Arc::new(error)))),
            }
        }
        let packs = Pack::all_of(&new);
        let kept = packs.iter().map(|pack| self.keep(pack, deadline));
        for (pack, kept) in packs.iter().zip(join_all(kept).await) {
            let place = kept.map(|()| pack.object().clone()).map_err(Arc::new);
            places.extend(pack.deliveries().iter().map(|id| (id.clone(), place.clone())));
        }
        places
    }

    pub(super) async fn keep(&self, pack: &Pack, deadline: EpochMillis) -> Result<(), PortError> {
        self.in_time(deadline, PACK, self.deliveries.pack(pack)).await
    }

    /// Where the delivery of a message is that was handed out before. Whoever had it then may
    /// have packed it, and the ledger says so; if not, it is packed again, which harms nobody.
    pub(super) async fn place(
        &self,
        message: &Received,
        inline: &Inline,
    ) -> Result<Option<ObjectKey>, PortError> {
        if message.receives <= 1 {
            return Ok(None);
        }
        let event = EventRef::of(inline.unpacked());
        let place = self.ledger.find_pack(&event, inline.delivery_id());
        self.in_time(message.deadline, LOOK, place).await
    }

    /// A call that hangs leaves the time to put the message off.
    async fn in_time<T>(
        &self,
        deadline: EpochMillis,
        action: &'static str,
        call: impl Future<Output = Result<T, PortError>> + Send,
    ) -> Result<T, PortError> {
        deadline::with_deadline(&self.system, deadline.minus(SETTLE_MARGIN), call)
            .await
            .unwrap_or_else(|deadline::DeadlineExceeded| {
                Err(PortError::new(action, PortErrorKind::TimedOut))
            })
    }
}

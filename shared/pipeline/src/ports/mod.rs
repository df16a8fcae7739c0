//! What the use cases and the jobs ask of the world. Each port is as wide as its caller needs.
//!
//! The futures of the ports that a job meets are boxed, because it meets them behind `dyn`: its
//! author writes plain functions without type parameters.
//!
//! `hookdock-aws` and `hookdock-embedded` implement all of them, and one suite of contract tests
//! holds both to the same behaviour.

mod cells;
mod documents;
mod mail;
mod model;
mod notices;
mod web;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
pub use cells::{Cell, CellItem, Cells, Swapped};
pub use documents::{Document, DocumentName, Documents, Kept};
use futures_util::future::BoxFuture;
use hookdock_signature::{EpochMillis, Key, KeyRequest, Secret};
pub use mail::{Email, Mail};
pub use model::{Answer, AnswerForm, Model, Prompt, Usage};
pub use notices::{Notice, Notices};
use serde_json::Value;
pub use web::Web;

use crate::dead_letter::DeadLetter;
use crate::endpoint::Endpoint;
use crate::fault::PortError;
use crate::ledger::{EventRecord, EventRef, Fence, History, Run, RunId, Sighting};
use crate::names::{DeliveryId, EndpointId};
use crate::pack::Pack;
use crate::reference::Reference;
use crate::sealed::{ObjectKey, SealedDelivery};

/// Time and chance, so that tests can choose both. A clone is another handle to the same.
pub trait System: Clone + Send + Sync + 'static {
    /// The time of day.
    fn now(&self) -> EpochMillis;

    /// Waits that long.
    fn sleep(&self, wait: Duration) -> impl Future<Output = ()> + Send;

    /// 128 unpredictable bits.
    fn random(&self) -> u128;
}

/// Where endpoints are configured.
pub trait Endpoints: Send + Sync {
    /// The endpoint of that name, possibly as it was a few minutes ago. `None`: there is none.
    fn find(
        &self,
        id: &EndpointId,
    ) -> impl Future<Output = Result<Option<Arc<Endpoint>>, PortError>> + Send;

    /// The endpoint read anew, after a signature did not match: its secret may have been rotated.
    /// `None`: it was read moments ago, so there is nothing newer to try.
    fn refresh(
        &self,
        id: &EndpointId,
    ) -> impl Future<Output = Result<Option<Arc<Endpoint>>, PortError>> + Send;
}

/// What providers are asked over the network. Whom, and how, the catalogue's definitions say.
///
/// The futures are boxed because few providers are asked anything: the use case holds the port
/// behind `dyn` and does not carry one more type about.
pub trait Providers: std::fmt::Debug + Send + Sync {
    /// The key, possibly as it was a while ago. `None`: its provider does not have it.
    fn key<'a>(&'a self, request: &'a KeyRequest) -> BoxFuture<'a, Result<Option<Key>, PortError>>;

    /// Fetches a URL that a verified message asks to be fetched, once. What comes back is not
    /// looked at.
    fn visit<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<(), PortError>>;
}

/// Where a secret is kept that a provider hands over.
pub trait Captures: Send + Sync {
    /// Keeps the secret as the endpoint's, unless one is kept already; decided atomically. From
    /// then on it is among the secrets of the endpoint.
    fn capture(
        &self,
        id: &EndpointId,
        secret: &Secret,
    ) -> impl Future<Output = Result<Captured, PortError>> + Send;
}

/// What became of a secret that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Captured {
    /// It is kept now.
    New,
    /// The same was kept already: the provider asks again, for it did not get our answer.
    Same,
    /// Another is kept, and stays.
    Other,
}

/// Where deliveries are kept. Only a verified delivery can be sealed, so nothing else gets in.
pub trait Archive: Send + Sync {
    /// Keeps the delivery; when this returns `Ok` it is durable.
    fn put(&self, delivery: &SealedDelivery) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Keeps the delivery unless its object's name is taken; decided atomically, so that of
    /// several that carry the same event one is told that it is new. On an error it may be kept.
    fn put_once(
        &self,
        delivery: &SealedDelivery,
    ) -> impl Future<Output = Result<Kept, PortError>> + Send;
}

/// The way to the processor. Only a sealed delivery has a message to send.
pub trait WorkQueue: Send + Sync {
    /// Whether what is sent is stored by the same write, so that nobody has to put it into the
    /// archive before.
    const STORES: bool = false;

    /// Queues the delivery's message; when this returns `Ok` it is durable.
    fn send(&self, delivery: &SealedDelivery)
    -> impl Future<Output = Result<(), PortError>> + Send;
}

/// What the processor reads deliveries from, and packs those into that come in their messages.
pub trait Deliveries: Send + Sync {
    /// The stored object. `None`: it is not there.
    fn read(
        &self,
        object: &ObjectKey,
    ) -> impl Future<Output = Result<Option<Bytes>, PortError>> + Send;

    /// Keeps the pack; when this returns `Ok` it is durable.
    fn pack(&self, pack: &Pack) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// The packs, for people who look for a delivery by its id.
pub trait Packs: Send + Sync {
    /// The names that begin so, in order.
    fn packs(
        &self,
        beginning: &str,
    ) -> impl Future<Output = Result<Vec<ObjectKey>, PortError>> + Send;
}

/// How many references are sent in one call: what SQS takes (`SendMessageBatch`, read 2026-11).
/// A reference is far below the tenth of a mebibyte that this leaves for each.
pub const MOST_AT_ONCE: usize = 10;

/// What the processor does with a message that it cannot finish now.
pub trait Messages: Send + Sync {
    /// Hides the message for that long, counted from now and in whole seconds.
    fn put_off(
        &self,
        receipt: &str,
        wait: Duration,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Queues references to the items of a delivery, at most [`MOST_AT_ONCE`], and returns the
    /// places of those that were not taken. On an error any of them may have been.
    fn send_items(
        &self,
        references: &[Reference],
        trace: Option<&str>,
    ) -> impl Future<Output = Result<Vec<usize>, PortError>> + Send;

    /// Sends a message to the dead-letter queue.
    fn bury(&self, letter: &DeadLetter) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// The record of events and runs.
///
/// The decisions are made in [`crate::ledger`]; a store only has to compare and swap. A clone is
/// another handle to the same. Where runs are recorded, they share [`Cells`].
pub trait Ledger: Cells {
    /// The pack that a sighting has named for the delivery. `None`: there is none, for nobody has
    /// recorded the delivery, or it did not come in its message.
    fn place(
        &self,
        event: &EventRef,
        delivery: &DeliveryId,
    ) -> impl Future<Output = Result<Option<ObjectKey>, PortError>> + Send;

    /// Records that a delivery carried this event and returns what is known of it. Recording the
    /// same delivery again changes nothing. A delivery whose body is not that of the first is
    /// recorded as a conflict, unless the event was ignored so far: then it takes its place, also
    /// if it was recorded before.
    fn sight(
        &self,
        sighting: &Sighting,
    ) -> impl Future<Output = Result<EventRecord, PortError>> + Send;

    /// The run as it is now, and not as it was a moment ago. `None`: there is none.
    fn run(&self, id: &RunId) -> impl Future<Output = Result<Option<Run>, PortError>> + Send;

    /// Writes a run that must not exist yet. `Some`: it does, and this is it.
    fn open(&self, run: &Run) -> impl Future<Output = Result<Option<Run>, PortError>> + Send;

    /// Writes the run's next state if the stored run still has this fence. `Some`: it has not,
    /// and this is the stored run.
    fn advance(
        &self,
        from: &Fence,
        to: &Run,
    ) -> impl Future<Output = Result<Option<Run>, PortError>> + Send;

    /// Like [`Ledger::advance`], and inserts the record with it: both are written, or neither.
    fn commit(
        &self,
        from: &Fence,
        to: &Run,
        record: &Record,
    ) -> impl Future<Output = Result<Committed, PortError>> + Send;
}

/// The same record, for people who ask what became of an event.
pub trait Histories: Send + Sync {
    /// All that is recorded of the event. `None`: no worker has seen it, or its record's life is
    /// over.
    fn history(
        &self,
        event: &EventRef,
    ) -> impl Future<Output = Result<Option<History>, PortError>> + Send;
}

/// What became of a run's next state that was to be written together with a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Committed {
    /// Both are written.
    Both,
    /// The stored run is another one, and this is it.
    Fenced(Box<Run>),
    /// A record of that id was already there, with this content.
    Already(Value),
}

/// One business record a job writes.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What kind of record, such as `orders`.
    pub collection: String,
    /// Its id within the collection.
    pub id: String,
    /// Its content.
    pub body: Value,
}

/// What became of a conditional insert.
#[derive(Debug, Clone, PartialEq)]
pub enum Inserted {
    /// The record is new.
    New,
    /// A record of that id was already there, with this content.
    Already(Value),
}

/// The business records of the jobs, kept apart from Hookdock's own ledger.
pub trait Records: Send + Sync {
    /// Writes the record unless its id is taken; decided atomically.
    fn insert(&self, record: Record) -> BoxFuture<'_, Result<Inserted, PortError>>;

    /// The record's content, if there is one.
    fn get<'a>(
        &'a self,
        collection: &'a str,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Value>, PortError>>;
}

//! The contracts of the ports: what the pipeline relies on, whatever keeps the data.
//!
//! Each function takes a fresh [`Bench`] and panics where the contract is broken.

mod captures;
mod deliveries;
mod events;
mod operate;
mod queue;
mod runs;
mod shared;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

pub use captures::captures;
pub use deliveries::{archive, once, packs};
pub use events::{events, histories, ignored, ignored_at_once, jobs, retyped};
use hookdock_embedded::EndpointFile;
use hookdock_operate::ports::Place;
use hookdock_pipeline::delivery::raw::RawDelivery;
use hookdock_pipeline::delivery::recipient::Recipient;
use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::delivery::verified::VerifiedDelivery;
use hookdock_pipeline::job::Effects;
use hookdock_pipeline::ledger::{Claim, EventRef, RunId};
use hookdock_pipeline::model::names::{CodeVersion, DeliveryId, EventKey, Owner};
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{
    Archive, Captures, Conditional, Deliveries, Documents, DueRuns, Endpoints as _, Histories,
    Ledger, Messages, Packs, Record, WorkQueue,
};
use hookdock_signature::{EpochMillis, Keys};
pub use operate::{attention, dead_letters, objects, operators_cells};
pub use queue::{items, queue};
pub use runs::{claims, commits, due, fences, states};
pub use shared::{cells, documents, records, scopes};

use crate::requests::{Draft, ENDPOINTS};
use crate::stack::START;

/// Calls a macro with the names of all contracts, so that no adapter is spared one.
#[macro_export]
macro_rules! each_contract {
    ($contracts:ident) => {
        $contracts!(
            archive,
            once,
            packs,
            captures,
            queue,
            items,
            events,
            jobs,
            ignored,
            ignored_at_once,
            retyped,
            claims,
            fences,
            states,
            due,
            commits,
            cells,
            histories,
            records,
            documents,
            scopes,
            objects,
            attention,
            operators_cells,
            dead_letters
        );
    };
}

/// A set of adapters, and what a test has to see behind them.
pub trait Bench: Sync {
    /// Where secrets are kept that providers hand over.
    fn captures(&self) -> &impl Captures;

    /// Where ingest stores.
    fn archive(&self) -> &impl Archive;

    /// Where ingest sends.
    fn queue(&self) -> &impl WorkQueue;

    /// Where the processor reads and packs.
    fn deliveries(&self) -> &(impl Deliveries + Packs + Clone);

    /// What the processor does with messages.
    fn messages(&self) -> &(impl Messages + Clone);

    /// The record of events and runs.
    fn ledger(&self) -> &(impl Ledger + DueRuns);

    /// The same record, for people.
    fn histories(&self) -> &impl Histories;

    /// The same place, as an operator sees it.
    fn place(&self) -> &impl Place;

    /// What jobs reach.
    fn effects(&self) -> &Effects;

    /// Where jobs keep documents.
    fn documents(&self) -> &dyn Documents {
        self.effects().documents.as_deref().expect("set up")
    }

    /// Hands out the visible messages of the work queue.
    fn receive(&self) -> impl Future<Output = Vec<Seen>> + Send;

    /// Hands out what lies in the dead-letter queue.
    fn dead_letters(&self) -> impl Future<Output = Vec<Seen>> + Send;

    /// Lets time pass.
    fn wait(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// A message as a consumer of the queue sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its handle.
    pub receipt: String,
    /// Its body.
    pub body: String,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// How often it was handed out.
    pub receives: u32,
}

/// Of conditional writes that were made at once one was made: its place, and what the others were
/// told.
fn one_wins<T: Debug>(answers: Vec<Result<Conditional<T>, PortError>>) -> (usize, Vec<T>) {
    let (mut won, mut told) = (Vec::new(), Vec::new());
    for (place, answer) in answers.into_iter().enumerate() {
        match answer.expect("an answer") {
            Conditional::Written => won.push(place),
            Conditional::Refused(there) => told.push(there),
        }
    }
    assert_eq!(won.len(), 1, "{won:?} were written, others were told {told:?}");
    (won[0], told)
}

fn record(collection: &str, id: &str, body: &serde_json::Value) -> Record {
    Record { collection: collection.to_owned(), id: id.to_owned(), body: body.clone() }
}

fn delivery_id(number: u128) -> DeliveryId {
    delivery_id_at(START, number)
}

fn delivery_id_at(at: EpochMillis, number: u128) -> DeliveryId {
    DeliveryId::new(at, number << 64)
}

fn event_ref() -> EventRef {
    EventRef { endpoint: "stripe".parse().expect("a name"), key: EventKey::of(&[b"the event"]) }
}

fn run_id() -> RunId {
    RunId { event: event_ref(), job: "fulfil_order".parse().expect("a name") }
}

fn claim(owner: u128) -> Claim {
    Claim {
        owner: Owner::new(owner),
        code: CodeVersion::of_this_package(),
        now: START,
        lease_until: START.plus(Duration::from_secs(30)),
        generation: 0,
        restart: None,
    }
}

/// A delivery, verified and sealed.
pub async fn seal(draft: &Draft, number: u128) -> SealedDelivery {
    seal_at(draft, number, START).await
}

/// The same, received at that time.
pub async fn seal_at(draft: &Draft, number: u128, at: EpochMillis) -> SealedDelivery {
    let mut parts = draft.path.trim_start_matches("/webhooks/").split('/');
    let id = parts.next().expect("an endpoint").parse().expect("a name");
    let tenant = parts.next().map(|tenant| tenant.parse().expect("a name"));
    let endpoints = EndpointFile::parse(ENDPOINTS).expect("usable endpoints");
    let endpoint = endpoints.find(&id).await.expect("an answer").expect("registered");
    let raw = RawDelivery {
        id: delivery_id_at(at, number),
        endpoint: id,
        tenant,
        received_at: at,
        incoming: draft.signed(at),
    };
    let recipient = Recipient::of(endpoint, &raw);
    let verified = VerifiedDelivery::verify(raw, recipient, &Keys::none()).expect("verified");
    SealedDelivery::of(&verified).expect("sealed")
}

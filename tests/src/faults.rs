//! A wrapper around any adapters that lets one call fail.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::pack::Pack;
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::endpoint::Endpoint;
use hookdock_pipeline::ledger::dead_letter::DeadLetter;
use hookdock_pipeline::ledger::{DeliveryRecord, EventRef, Fence, Recorded, Run, RunId};
use hookdock_pipeline::model::names::{CellName, CellTag, DeliveryId, EndpointId};
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use hookdock_pipeline::ports::{
    Archive, Captured, Captures, Cell, Cells, CommitRefused, Conditional, Deliveries, Document,
    DocumentName, Documents, Endpoints, Ledger, Messages, Record, Records, Web, WorkQueue,
};
use hookdock_signature::Secret;
use http::{Request, Response};
use serde_json::Value;

/// A call through a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `Endpoints::find`
    Find,
    /// `Endpoints::refresh`
    Refresh,
    /// `Captures::capture`
    Capture,
    /// `Archive::put`
    Put,
    /// `Archive::put_once`
    PutOnce,
    /// `Web::call`
    Web,
    /// `WorkQueue::send`
    Send,
    /// `Deliveries::read`
    Fetch,
    /// `Deliveries::pack`
    Pack,
    /// `Messages::change_visibility`
    ChangeVisibility,
    /// `Messages::send_items`
    SendItems,
    /// `Messages::dead_letter`
    DeadLetter,
    /// `Ledger::find_pack`
    FindPack,
    /// `Ledger::record_delivery`
    RecordDelivery,
    /// `Ledger::run`
    Run,
    /// `Ledger::create`
    Create,
    /// `Ledger::compare_and_swap`
    CompareAndSwap,
    /// `Ledger::commit`
    Commit,
    /// `Cells::cell`
    Cell,
    /// `Cells::swap`
    Swap,
    /// `Records::insert`
    Insert,
    /// `Records::get`
    Read,
    /// `Documents::keep`
    KeepDocument,
    /// `Documents::read`
    ReadDocument,
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails and has no effect.
    Fails,
    /// It never answers, and has no effect.
    Hangs,
    /// It takes effect and fails all the same: the answer was lost.
    FailsLate,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Fails, Self::Hangs, Self::FailsLate];
}

/// Which call meets which fault, and what was called.
#[derive(Debug, Clone, Default)]
pub struct Plan(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    next: Option<Planned>,
    calls: Vec<Call>,
    struck: bool,
    slow: Option<(Call, Duration)>,
    every: Duration,
}

impl State {
    /// How long such a call takes.
    fn wait(&self, call: Call) -> Duration {
        self.slow.filter(|(slow, _)| *slow == call).map_or(self.every, |(_, wait)| wait)
    }
}

/// What is going to go wrong.
#[derive(Debug, Clone, Copy)]
struct Planned {
    call: Call,
    fault: Fault,
    /// How many such calls go well before.
    well: usize,
    /// How many then meet the fault.
    times: usize,
}

impl Plan {
    /// Lets the next such call meet the fault.
    pub fn strike(&self, call: Call, fault: Fault) {
        self.plan(Planned { call, fault, well: 0, times: 1 });
    }

    /// Lets such a call meet the fault after that many went well.
    pub fn strike_after(&self, well: usize, call: Call, fault: Fault) {
        self.plan(Planned { call, fault, well, times: 1 });
    }

    /// Lets that many such calls in a row meet the fault.
    pub fn strike_times(&self, times: usize, call: Call, fault: Fault) {
        self.plan(Planned { call, fault, well: 0, times });
    }

    /// Lets every such call take that long.
    pub fn slow_down(&self, call: Call, wait: Duration) {
        self.state().slow = Some((call, wait));
    }

    /// Lets every call take that long.
    pub fn slow_all_down(&self, wait: Duration) {
        self.state().every = wait;
    }

    fn plan(&self, planned: Planned) {
        let mut state = self.state();
        state.next = Some(planned);
        state.struck = false;
    }

    /// Whether all that was planned has happened.
    #[must_use]
    pub fn has_struck(&self) -> bool {
        self.state().struck
    }

    /// What was called so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the plan")
    }

    fn fault(&self, call: Call) -> Option<Fault> {
        let mut state = self.state();
        state.calls.push(call);
        let planned = state.next.as_mut().filter(|planned| planned.call == call)?;
        if planned.well > 0 {
            planned.well -= 1;
            return None;
        }
        planned.times -= 1;
        let Planned { fault, times, .. } = *planned;
        if times == 0 {
            state.next = None;
            state.struck = true;
        }
        Some(fault)
    }

    async fn around<T>(
        &self,
        call: Call,
        work: impl Future<Output = Result<T, PortError>> + Send,
    ) -> Result<T, PortError> {
        // Others get their turn at every call, as they do where calls take time.
        tokio::task::yield_now().await;
        let wait = self.state().wait(call);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let lost = || PortError::new("make the planned call", PortErrorKind::Unavailable);
        match self.fault(call) {
            None => work.await,
            Some(Fault::Fails) => Err(lost()),
            Some(Fault::Hangs) => std::future::pending().await,
            Some(Fault::FailsLate) => {
                work.await?;
                Err(lost())
            }
        }
    }
}

/// Adapters whose calls go by a plan.
#[derive(Debug, Clone)]
pub struct Faulty<P> {
    /// The adapters.
    pub inner: P,
    /// The plan.
    pub plan: Plan,
}

impl<P: Endpoints> Endpoints for Faulty<P> {
    async fn find(&self, id: &EndpointId) -> Result<Option<Arc<Endpoint>>, PortError> {
        self.plan.around(Call::Find, self.inner.find(id)).await
    }

    async fn refresh(&self, id: &EndpointId) -> Result<Option<Arc<Endpoint>>, PortError> {
        self.plan.around(Call::Refresh, self.inner.refresh(id)).await
    }
}

impl<P: Captures> Captures for Faulty<P> {
    async fn capture(&self, id: &EndpointId, secret: &Secret) -> Result<Captured, PortError> {
        self.plan.around(Call::Capture, self.inner.capture(id, secret)).await
    }
}

impl<P: Archive> Archive for Faulty<P> {
    async fn put(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        self.plan.around(Call::Put, self.inner.put(delivery)).await
    }

    async fn put_once(&self, delivery: &SealedDelivery) -> Result<Conditional<()>, PortError> {
        self.plan.around(Call::PutOnce, self.inner.put_once(delivery)).await
    }
}

impl<P: Web> Web for Faulty<P> {
    fn call(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, PortError>> {
        self.plan.around(Call::Web, self.inner.call(request)).boxed()
    }
}

impl<P: WorkQueue> WorkQueue for Faulty<P> {
    async fn send(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        self.plan.around(Call::Send, self.inner.send(delivery)).await
    }
}

impl<P: Deliveries> Deliveries for Faulty<P> {
    async fn read(&self, object: &ObjectKey) -> Result<Option<Bytes>, PortError> {
        self.plan.around(Call::Fetch, self.inner.read(object)).await
    }

    async fn pack(&self, pack: &Pack) -> Result<(), PortError> {
        self.plan.around(Call::Pack, self.inner.pack(pack)).await
    }
}

impl<P: Messages> Messages for Faulty<P> {
    async fn change_visibility(&self, receipt: &str, wait: Duration) -> Result<(), PortError> {
        self.plan.around(Call::ChangeVisibility, self.inner.change_visibility(receipt, wait)).await
    }

    async fn send_items(
        &self,
        references: &[Reference],
        trace: Option<&str>,
    ) -> Result<Vec<usize>, PortError> {
        self.plan.around(Call::SendItems, self.inner.send_items(references, trace)).await
    }

    async fn dead_letter(&self, letter: &DeadLetter) -> Result<(), PortError> {
        self.plan.around(Call::DeadLetter, self.inner.dead_letter(letter)).await
    }
}

impl<P: Cells> Cells for Faulty<P> {
    async fn cell(&self, name: &CellName) -> Result<Option<Cell>, PortError> {
        self.plan.around(Call::Cell, self.inner.cell(name)).await
    }

    async fn swap(
        &self,
        name: &CellName,
        from: Option<&CellTag>,
        to: &Cell,
    ) -> Result<Conditional<Option<Cell>>, PortError> {
        self.plan.around(Call::Swap, self.inner.swap(name, from, to)).await
    }
}

impl<P: Ledger> Ledger for Faulty<P> {
    async fn find_pack(
        &self,
        event: &EventRef,
        delivery: &DeliveryId,
    ) -> Result<Option<ObjectKey>, PortError> {
        self.plan.around(Call::FindPack, self.inner.find_pack(event, delivery)).await
    }

    async fn record_delivery(&self, delivery: &DeliveryRecord) -> Result<Recorded, PortError> {
        self.plan.around(Call::RecordDelivery, self.inner.record_delivery(delivery)).await
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        self.plan.around(Call::Run, self.inner.run(id)).await
    }

    async fn create(&self, run: &Run) -> Result<Conditional<Run>, PortError> {
        self.plan.around(Call::Create, self.inner.create(run)).await
    }

    async fn compare_and_swap(
        &self,
        from: &Fence,
        to: &Run,
    ) -> Result<Conditional<Run>, PortError> {
        self.plan.around(Call::CompareAndSwap, self.inner.compare_and_swap(from, to)).await
    }

    async fn commit(
        &self,
        from: &Fence,
        to: &Run,
        record: &Record,
    ) -> Result<Conditional<CommitRefused>, PortError> {
        self.plan.around(Call::Commit, self.inner.commit(from, to, record)).await
    }
}

impl<P: Records> Records for Faulty<P> {
    fn insert(&self, record: Record) -> BoxFuture<'_, Result<Conditional<Value>, PortError>> {
        self.plan.around(Call::Insert, self.inner.insert(record)).boxed()
    }

    fn get<'a>(
        &'a self,
        collection: &'a str,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Value>, PortError>> {
        self.plan.around(Call::Read, self.inner.get(collection, id)).boxed()
    }
}

impl<P: Documents> Documents for Faulty<P> {
    fn keep(&self, document: Document) -> BoxFuture<'_, Result<Conditional<()>, PortError>> {
        self.plan.around(Call::KeepDocument, self.inner.keep(document)).boxed()
    }

    fn read<'a>(
        &'a self,
        name: &'a DocumentName,
    ) -> BoxFuture<'a, Result<Option<Bytes>, PortError>> {
        self.plan.around(Call::ReadDocument, Documents::read(&self.inner, name)).boxed()
    }
}

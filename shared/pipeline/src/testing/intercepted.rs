//! A port whose calls meet an interceptor first: for faults, traces and counts in tests.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use derive_more::Debug;
use hookdock_signature::{EpochMillis, Secret};
use http::{Request, Response};
use serde_json::Value;

use crate::delivery::object_key::ObjectKey;
use crate::delivery::pack::Pack;
use crate::delivery::reference::Reference;
use crate::delivery::sealed::SealedDelivery;
use crate::endpoint::Endpoint;
use crate::ledger::dead_letter::DeadLetter;
use crate::ledger::{DeliveryRecord, EffectKey, EventRef, Fence, Recorded, Run, RunId, Shard};
use crate::model::names::{CellName, CellTag, DeliveryId, EndpointId};
use crate::model::port_error::PortError;
use crate::ports::{
    Answer, Archive, Captured, Captures, Cell, Cells, CommitRefused, Conditional, Deliveries,
    Document, DocumentName, Documents, DueRuns, Email, Endpoints, Ledger, Mail, Messages, Model,
    Notice, Notices, Prompt, Record, Records, Web, WorkQueue,
};

/// A port, or several in one, behind an interceptor. A clone is another handle to the same.
///
/// It implements every port that `P` implements, so it can be used wherever `P` can.
///
/// ```
/// use std::sync::Arc;
///
/// use hookdock_pipeline::ledger::{Fence, Run};
/// use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
/// use hookdock_pipeline::ports::{Conditional, Ledger};
/// use hookdock_pipeline::testing::{Intercepted, Interceptor};
///
/// /// Lets no run move on.
/// #[derive(Clone)]
/// struct Stuck;
///
/// impl<L: Ledger> Interceptor<L> for Stuck {
///     async fn compare_and_swap(
///         &self,
///         _: &Arc<L>,
///         _: &Fence,
///         _: &Run,
///     ) -> Result<Conditional<Run>, PortError> {
///         Err(PortError::new("write the run", PortErrorKind::Throttled))
///     }
/// }
///
/// fn stuck<L: Ledger>(ledger: L) -> impl Ledger {
///     Intercepted::new(ledger, Stuck)
/// }
/// ```
#[derive(Debug)]
#[debug("Intercepted")]
pub struct Intercepted<P: ?Sized, I> {
    port: Arc<P>,
    interceptor: I,
}

impl<P, I> Intercepted<P, I> {
    /// The port behind that interceptor.
    pub fn new(port: P, interceptor: I) -> Self {
        Self::shared(Arc::new(port), interceptor)
    }
}

impl<P: ?Sized, I> Intercepted<P, I> {
    /// A port that others have too, or one behind `dyn`, behind that interceptor.
    pub fn shared(port: Arc<P>, interceptor: I) -> Self {
        Self { port, interceptor }
    }
}

impl<P: ?Sized, I: Clone> Clone for Intercepted<P, I> {
    fn clone(&self) -> Self {
        Self { port: Arc::clone(&self.port), interceptor: self.interceptor.clone() }
    }
}

/// What a port answers.
pub trait Answered: Send + 'static {
    /// Whether the call changed something, if it is one that can.
    fn took_effect(&self) -> bool {
        true
    }
}

impl Answered for () {}
impl Answered for Vec<usize> {}
impl Answered for Vec<RunId> {}
impl Answered for Recorded {}
impl Answered for Captured {}
impl Answered for Answer {}
impl<T: Send + 'static> Answered for Option<T> {}

impl<T: Send + 'static> Answered for Conditional<T> {
    fn took_effect(&self) -> bool {
        matches!(self, Self::Written)
    }
}

impl Answered for Response<Bytes> {
    fn took_effect(&self) -> bool {
        self.status().is_success()
    }
}

impl Invocation {
    /// Which call it is.
    #[must_use]
    pub fn call(&self) -> Call {
        self.into()
    }
}

impl fmt::Debug for Invocation {
    /// The arguments can be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call().fmt(f)
    }
}

/// The type of an argument that outlives its call.
macro_rules! owned {
    (&str) => { String };
    (&[$item:ty]) => { Vec<$item> };
    (&$value:ty) => { $value };
    (Option<&str>) => { Option<String> };
    (Option<&$value:ty>) => { Option<$value> };
    ($value:ty) => { $value };
}

/// The argument, so that it outlives its call.
macro_rules! to_owned {
    ($arg:ident (&$($borrowed:tt)*)) => {
        $arg.to_owned()
    };
    ($arg:ident (Option<$($borrowed:tt)*)) => {
        $arg.map(ToOwned::to_owned)
    };
    ($arg:ident $type:tt) => {
        $arg
    };
}

/// The owned argument, as its port takes it.
macro_rules! lent {
    ($arg:ident (&$($borrowed:tt)*)) => {
        &$arg
    };
    ($arg:ident (Option<&str>)) => {
        $arg.as_deref()
    };
    ($arg:ident (Option<$($borrowed:tt)*)) => {
        $arg.as_ref()
    };
    ($arg:ident $type:tt) => {
        $arg
    };
}

/// Makes of a table of the ports the calls, the interceptor with a method for each of them, and
/// the ports of [`Intercepted`]. Those that are called through `dyn` have boxed futures, and say so.
macro_rules! intercepted {
    ($($(#[$boxed:ident])? $port:ident {$(
        $call:ident, $hook:ident = $method:ident($($arg:ident: $type:tt),*) -> $answer:ty;
    )*})*) => {
        /// A call through a port.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Call {$($(
            #[doc = concat!("`", stringify!($port), "::", stringify!($method), "`")]
            $call,
        )*)*}

        /// A call through a port, with its arguments.
        #[derive(Clone)]
        pub enum Invocation {$($(
            #[doc = concat!("`", stringify!($port), "::", stringify!($method), "`")]
            $call($(owned! $type),*),
        )*)*}

        impl From<&Invocation> for Call {
            fn from(invocation: &Invocation) -> Self {
                match invocation {$($(
                    Invocation::$call(..) => Self::$call,
                )*)*}
            }
        }

        /// What happens to the calls through an [`Intercepted`] port.
        ///
        /// Every call passes through [`Interceptor::around`], unless the interceptor has a method
        /// of its own for it. That one may make the call with other arguments, or answer
        /// otherwise.
        pub trait Interceptor<P: ?Sized>: Clone + Send + Sync + 'static {
            /// Makes the call by awaiting `work`. An interceptor may wait, note the call, fail
            /// before or after it, or let `work` go on by itself.
            fn around<T: Answered>(
                &self,
                invocation: Invocation,
                work: impl Future<Output = Result<T, PortError>> + Send + 'static,
            ) -> impl Future<Output = Result<T, PortError>> + Send {
                drop(invocation);
                work
            }

            $($(
                #[doc = concat!("`", stringify!($port), "::", stringify!($method), "`")]
                fn $hook(
                    &self,
                    port: &Arc<P>,
                    $($arg: $type),*
                ) -> impl Future<Output = Result<$answer, PortError>> + Send
                where
                    P: $port + 'static,
                {
                    let port = Arc::clone(port);
                    $(let $arg = to_owned!($arg $type);)*
                    self.around(Invocation::$call($($arg.clone()),*), async move {
                        <P as $port>::$method(&port, $(lent!($arg $type)),*).await
                    })
                }
            )*)*
        }

        $($(#[$boxed])?
        impl<P: $port + ?Sized + 'static, I: Interceptor<P>> $port for Intercepted<P, I> {$(
            async fn $method(&self, $($arg: $type),*) -> Result<$answer, PortError> {
                self.interceptor.$hook(&self.port, $($arg),*).await
            }
        )*})*
    };
}

intercepted! {
    Endpoints {
        Find, find = find(id: (&EndpointId)) -> Option<Arc<Endpoint>>;
        Refresh, refresh = refresh(id: (&EndpointId)) -> Option<Arc<Endpoint>>;
    }
    Captures {
        Capture, capture = capture(id: (&EndpointId), secret: (&Secret)) -> Captured;
    }
    Archive {
        Put, put = put(delivery: (&SealedDelivery)) -> ();
        PutOnce, put_once = put_once(delivery: (&SealedDelivery)) -> Conditional<()>;
    }
    WorkQueue {
        Send, send = send(delivery: (&SealedDelivery)) -> ();
    }
    Deliveries {
        Fetch, fetch = read(object: (&ObjectKey)) -> Option<Bytes>;
        Pack, pack = pack(pack: (&Pack)) -> ();
    }
    Messages {
        ChangeVisibility, change_visibility
            = change_visibility(receipt: (&str), wait: (Duration)) -> ();
        SendItems, send_items
            = send_items(references: (&[Reference]), trace: (Option<&str>)) -> Vec<usize>;
        DeadLetter, dead_letter = dead_letter(dead_letter: (&DeadLetter)) -> ();
    }
    Cells {
        Cell, cell = cell(name: (&CellName)) -> Option<Cell>;
        Swap, swap = swap(name: (&CellName), from: (Option<&CellTag>), to: (&Cell))
            -> Conditional<Option<Cell>>;
    }
    Ledger {
        FindPack, find_pack
            = find_pack(event: (&EventRef), delivery: (&DeliveryId)) -> Option<ObjectKey>;
        RecordDelivery, record_delivery
            = record_delivery(delivery: (&DeliveryRecord)) -> Recorded;
        Run, run = run(id: (&RunId)) -> Option<Run>;
        Create, create = create(run: (&Run)) -> Conditional<Run>;
        CompareAndSwap, compare_and_swap
            = compare_and_swap(from: (&Fence), to: (&Run)) -> Conditional<Run>;
        Commit, commit
            = commit(from: (&Fence), to: (&Run), record: (&Record)) -> Conditional<CommitRefused>;
    }
    DueRuns {
        DueRuns, due_runs
            = due_runs(shard: (Shard), by: (EpochMillis), most: (usize)) -> Vec<RunId>;
    }
    #[async_trait] Records {
        Insert, insert = insert(record: (Record)) -> Conditional<Value>;
        Read, read = get(collection: (&str), id: (&str)) -> Option<Value>;
    }
    #[async_trait] Documents {
        KeepDocument, keep_document = keep(document: (Document)) -> Conditional<()>;
        ReadDocument, read_document = read(name: (&DocumentName)) -> Option<Bytes>;
    }
    #[async_trait] Mail {
        Mail, mail = send(email: (&Email), effect: (&EffectKey)) -> ();
    }
    #[async_trait] Notices {
        Publish, publish = publish(notice: (&Notice), effect: (&EffectKey)) -> ();
    }
    #[async_trait] Model {
        Ask, ask = ask(prompt: (&Prompt)) -> Answer;
    }
    #[async_trait] Web {
        Web, web = call(request: (Request<Bytes>)) -> Response<Bytes>;
    }
}

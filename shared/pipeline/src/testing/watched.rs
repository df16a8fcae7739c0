//! The ports, under a watch.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{Method, Request, Response};
use serde_json::Value;

use crate::delivery::object_key::ObjectKey;
use crate::job::{EffectKey, Effects};
use crate::ledger::{DeliveryRecord, EventRef, Fence, Recorded, Run, RunId};
use crate::model::names::{CellName, CellTag, DeliveryId};
use crate::model::port_error::PortError;
use crate::ports::{
    Answer, Cell, Cells, CommitRefused, Conditional, Document, DocumentName, Documents, Email,
    Ledger, Mail, Model, Notice, Notices, Prompt, Record, Records, Web,
};
use crate::testing::watch::{Effect, Seen, Watch};

/// Where the engine keeps the results of steps; they are not the job's doing.
const OWN_DOCUMENTS: &str = "steps/";

/// A port under a watch.
#[derive(Clone)]
pub(super) struct Watched<P> {
    pub(super) port: P,
    pub(super) watch: Watch,
}

impl<P> fmt::Debug for Watched<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("watch", &self.watch).finish_non_exhaustive()
    }
}

/// The same effects, under a watch.
pub(super) fn watched(effects: Effects, watch: &Watch) -> Effects {
    fn under<P>(port: P, watch: &Watch) -> Arc<Watched<P>> {
        Arc::new(Watched { port, watch: watch.clone() })
    }
    let Effects { records, documents, mail, model, notices, web } = effects;
    Effects {
        records: under(records, watch),
        documents: documents.map(|port| under(port, watch) as Arc<dyn Documents>),
        mail: mail.map(|port| under(port, watch) as Arc<dyn Mail>),
        model: model.map(|port| under(port, watch) as Arc<dyn Model>),
        notices: notices.map(|port| under(port, watch) as Arc<dyn Notices>),
        web: web.map(|port| under(port, watch) as Arc<dyn Web>),
    }
}

fn known(what: impl Into<String>, key: impl Into<String>) -> Effect {
    Effect { what: what.into(), key: Some(key.into()) }
}

/// Done once more each time: who is asked knows no keys.
fn unknown(what: impl Into<String>) -> Effect {
    Effect { what: what.into(), key: None }
}

fn of_record(record: &Record) -> Effect {
    known(format!("a record in {}", record.collection), record.id.as_str())
}

fn nothing<T>(_: &mut Seen, _: &T) {}

impl<L: Ledger> Cells for Watched<L> {
    async fn cell(&self, name: &CellName) -> Result<Option<Cell>, PortError> {
        self.watch.call("the read of a cell", self.port.cell(name), nothing).await
    }

    async fn swap(
        &self,
        name: &CellName,
        from: Option<&CellTag>,
        to: &Cell,
    ) -> Result<Conditional<Option<Cell>>, PortError> {
        self.watch.call("the write of a cell", self.port.swap(name, from, to), nothing).await
    }
}

impl<L: Ledger> Ledger for Watched<L> {
    async fn record_delivery(&self, delivery: &DeliveryRecord) -> Result<Recorded, PortError> {
        self.watch.call("the event's record", self.port.record_delivery(delivery), nothing).await
    }

    async fn find_pack(
        &self,
        event: &EventRef,
        delivery: &DeliveryId,
    ) -> Result<Option<ObjectKey>, PortError> {
        let what = "the look for the delivery";
        self.watch.call(what, self.port.find_pack(event, delivery), nothing).await
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        self.watch.call("the look for the run", self.port.run(id), nothing).await
    }

    async fn create(&self, run: &Run) -> Result<Conditional<Run>, PortError> {
        let wrote = |seen: &mut Seen, answer: &Conditional<Run>| {
            if *answer == Conditional::Written {
                seen.wrote(run);
            }
        };
        self.watch.call("the claim", self.port.create(run), wrote).await
    }

    async fn compare_and_swap(
        &self,
        from: &Fence,
        to: &Run,
    ) -> Result<Conditional<Run>, PortError> {
        let wrote = |seen: &mut Seen, answer: &Conditional<Run>| {
            if *answer == Conditional::Written {
                seen.wrote(to);
            }
        };
        let what = match to.step_reached() {
            Some(step) if to.state.name() == from.state => format!("the write of step {step}"),
            _ => format!("the write of the run as {}", to.state.name()),
        };
        self.watch.call(&what, self.port.compare_and_swap(from, to), wrote).await
    }

    async fn commit(
        &self,
        from: &Fence,
        to: &Run,
        record: &Record,
    ) -> Result<Conditional<CommitRefused>, PortError> {
        let wrote = |seen: &mut Seen, committed: &Conditional<CommitRefused>| {
            if *committed == Conditional::Written {
                seen.wrote(to);
                seen.did(of_record(record));
            }
        };
        let what = format!("the commit to {}", record.collection);
        self.watch.call(&what, self.port.commit(from, to, record), wrote).await
    }
}

impl Records for Watched<Arc<dyn Records>> {
    fn insert(&self, record: Record) -> BoxFuture<'_, Result<Conditional<Value>, PortError>> {
        let effect = of_record(&record);
        let did = |seen: &mut Seen, inserted: &Conditional<Value>| {
            if *inserted == Conditional::Written {
                seen.did(effect);
            }
        };
        async move {
            let what = format!("the record in {}", record.collection);
            self.watch.call(&what, self.port.insert(record), did).await
        }
        .boxed()
    }

    fn get<'a>(
        &'a self,
        collection: &'a str,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Value>, PortError>> {
        async move {
            let what = format!("the look into {collection}");
            self.watch.call(&what, self.port.get(collection, id), nothing).await
        }
        .boxed()
    }
}

impl Documents for Watched<Arc<dyn Documents>> {
    fn keep(&self, document: Document) -> BoxFuture<'_, Result<Conditional<()>, PortError>> {
        let name = document.name.to_string();
        let kind = name.split('/').next().unwrap_or_default().to_owned();
        let what = format!("the document in {kind}");
        let did = move |seen: &mut Seen, kept: &Conditional<()>| {
            if *kept == Conditional::Written && !name.starts_with(OWN_DOCUMENTS) {
                seen.did(known(format!("a document in {kind}"), name));
            }
        };
        async move { self.watch.call(&what, self.port.keep(document), did).await }.boxed()
    }

    fn read<'a>(
        &'a self,
        name: &'a DocumentName,
    ) -> BoxFuture<'a, Result<Option<Bytes>, PortError>> {
        self.watch.call("the look at a document", self.port.read(name), nothing).boxed()
    }
}

impl Mail for Watched<Arc<dyn Mail>> {
    fn send<'a>(
        &'a self,
        email: &'a Email,
        effect: &'a EffectKey,
    ) -> BoxFuture<'a, Result<(), PortError>> {
        let did = |seen: &mut Seen, (): &()| seen.did(unknown("an e-mail"));
        self.watch.call("the e-mail", self.port.send(email, effect), did).boxed()
    }
}

impl Notices for Watched<Arc<dyn Notices>> {
    fn publish<'a>(
        &'a self,
        notice: &'a Notice,
        effect: &'a EffectKey,
    ) -> BoxFuture<'a, Result<(), PortError>> {
        let did = |seen: &mut Seen, (): &()| seen.did(unknown("a notice"));
        self.watch.call("the notice", self.port.publish(notice, effect), did).boxed()
    }
}

impl Model for Watched<Arc<dyn Model>> {
    fn ask<'a>(&'a self, prompt: &'a Prompt) -> BoxFuture<'a, Result<Answer, PortError>> {
        let did = |seen: &mut Seen, _: &Answer| seen.did(unknown("a question to the model"));
        self.watch.call("the question to the model", self.port.ask(prompt), did).boxed()
    }
}

impl Web for Watched<Arc<dyn Web>> {
    fn call(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, PortError>> {
        let effect = of_request(&request);
        let host = request.uri().host().unwrap_or("nowhere");
        // A path can be a secret.
        let what = format!("the {} to {host}", request.method());
        let did = |seen: &mut Seen, answer: &Response<Bytes>| {
            if let Some(effect) = effect.filter(|_| answer.status().is_success()) {
                seen.did(effect);
            }
        };
        async move { self.watch.call(&what, self.port.call(request), did).await }.boxed()
    }
}

fn of_request(request: &Request<Bytes>) -> Option<Effect> {
    let (method, uri) = (request.method(), request.uri());
    let what = format!("a {method} to {}", uri.host().unwrap_or("nowhere"));
    let key = request.headers().get("idempotency-key").and_then(|key| key.to_str().ok());
    match (key, method) {
        (_, &(Method::GET | Method::HEAD | Method::OPTIONS)) => None,
        (Some(key), _) => Some(known(what, key)),
        (None, &(Method::PUT | Method::DELETE)) => Some(known(what, uri.to_string())),
        (None, _) => Some(unknown(what)),
    }
}

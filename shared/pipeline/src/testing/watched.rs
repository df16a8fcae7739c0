//! What a trial sees of the calls: what each is called, and what it did outside.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};

use crate::job::Effects;
use crate::model::port_error::PortError;
use crate::ports::Record;
use crate::testing::intercepted::{Answered, Intercepted, Interceptor, Invocation};
use crate::testing::watch::{Effect, Seen, Watch};

/// Where the engine keeps the results of steps; they are not the job's doing.
const OWN_DOCUMENTS: &str = "steps/";

impl<P: ?Sized> Interceptor<P> for Watch {
    async fn around<T: Answered>(
        &self,
        invocation: Invocation,
        work: impl Future<Output = Result<T, PortError>> + Send + 'static,
    ) -> Result<T, PortError> {
        let happened = |seen: &mut Seen, answer: &T| {
            if answer.took_effect() {
                seen.happened(&invocation);
            }
        };
        self.call(&named(&invocation), work, happened).await
    }
}

/// The same effects, under a watch.
pub(super) fn watched(effects: Effects, watch: &Watch) -> Effects {
    fn under<P: ?Sized>(port: Arc<P>, watch: &Watch) -> Arc<Intercepted<P, Watch>> {
        Arc::new(Intercepted::shared(port, watch.clone()))
    }
    let Effects { records, documents, mail, model, notices, web } = effects;
    Effects {
        records: under(records, watch),
        documents: documents.map(|port| under(port, watch) as _),
        mail: mail.map(|port| under(port, watch) as _),
        model: model.map(|port| under(port, watch) as _),
        notices: notices.map(|port| under(port, watch) as _),
        web: web.map(|port| under(port, watch) as _),
    }
}

/// What a call is called in a report.
fn named(invocation: &Invocation) -> String {
    match invocation {
        Invocation::Cell(..) => "the read of a cell".to_owned(),
        Invocation::Swap(..) => "the write of a cell".to_owned(),
        Invocation::RecordDelivery(..) => "the event's record".to_owned(),
        Invocation::FindPack(..) => "the look for the delivery".to_owned(),
        Invocation::Run(..) => "the look for the run".to_owned(),
        Invocation::Create(..) => "the claim".to_owned(),
        Invocation::CompareAndSwap(from, to) => match to.step_reached() {
            Some(step) if to.state.name() == from.state => format!("the write of step {step}"),
            _ => format!("the write of the run as {}", to.state.name()),
        },
        Invocation::Commit(_, _, record) => format!("the commit to {}", record.collection),
        Invocation::Insert(record) => format!("the record in {}", record.collection),
        Invocation::Read(collection, _) => format!("the look into {collection}"),
        Invocation::KeepDocument(document) => {
            format!("the document in {}", kind(document.name.as_str()))
        }
        Invocation::ReadDocument(..) => "the look at a document".to_owned(),
        Invocation::Mail(..) => "the e-mail".to_owned(),
        Invocation::Publish(..) => "the notice".to_owned(),
        Invocation::Ask(..) => "the question to the model".to_owned(),
        // A path can be a secret.
        Invocation::Web(request) => format!("the {} to {}", request.method(), host(request)),
        other => format!("the call {:?}", other.call()),
    }
}

impl Seen {
    /// The call took effect.
    fn happened(&mut self, invocation: &Invocation) {
        if let Invocation::Create(run)
        | Invocation::CompareAndSwap(_, run)
        | Invocation::Commit(_, run, _) = invocation
        {
            self.wrote(run);
        }
        if let Some(effect) = effect(invocation) {
            self.did(effect);
        }
    }
}

/// What a call did outside.
fn effect(invocation: &Invocation) -> Option<Effect> {
    match invocation {
        Invocation::Commit(_, _, record) | Invocation::Insert(record) => Some(of_record(record)),
        Invocation::KeepDocument(document) => {
            let name = document.name.as_str();
            let own = name.starts_with(OWN_DOCUMENTS);
            (!own).then(|| known(format!("a document in {}", kind(name)), name))
        }
        Invocation::Mail(..) => Some(unknown("an e-mail")),
        Invocation::Publish(..) => Some(unknown("a notice")),
        Invocation::Ask(..) => Some(unknown("a question to the model")),
        Invocation::Web(request) => of_request(request),
        _ => None,
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

fn kind(document: &str) -> &str {
    document.split('/').next().unwrap_or_default()
}

fn host(request: &Request<Bytes>) -> &str {
    request.uri().host().unwrap_or("nowhere")
}

fn of_request(request: &Request<Bytes>) -> Option<Effect> {
    let (method, uri) = (request.method(), request.uri());
    let what = format!("a {method} to {}", host(request));
    let key = request.headers().get("idempotency-key").and_then(|key| key.to_str().ok());
    match (key, method) {
        (_, &(Method::GET | Method::HEAD | Method::OPTIONS)) => None,
        (Some(key), _) => Some(known(what, key)),
        (None, &(Method::PUT | Method::DELETE)) => Some(known(what, uri.to_string())),
        (None, _) => Some(unknown(what)),
    }
}

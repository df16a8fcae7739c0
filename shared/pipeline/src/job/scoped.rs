//! What a job keeps and calls is its tenant's own; what tenants share has to be asked for.

use bytes::Bytes;
use derive_more::Debug;
use serde_json::Value;

use crate::job::context::Context;
use crate::job::dependency::Dependency;
use crate::job::ordered::Ordered;
use crate::model::failure::{ErrorClass, Failure};
use crate::model::scope::{LONGEST_ID_BYTES, Scope};
use crate::ports::{Conditional, Document, DocumentName, Documents, Record, Records};

/// The business records of one scope.
#[derive(Clone, Copy, Debug)]
#[debug("ScopedRecords({scope:?})")]
pub struct ScopedRecords<'a> {
    port: &'a dyn Records,
    scope: &'a Scope,
}

/// The documents of one scope.
#[derive(Clone, Copy, Debug)]
#[debug("ScopedDocuments({scope:?})")]
pub struct ScopedDocuments<'a> {
    port: &'a dyn Documents,
    scope: &'a Scope,
}

/// What the tenants of all endpoints share: see [`Context::shared_across_tenants`].
#[derive(Debug, Clone, Copy)]
pub struct AcrossTenants<'a> {
    cx: &'a Context,
}

impl<'a> ScopedRecords<'a> {
    pub(super) fn new(port: &'a dyn Records, scope: &'a Scope) -> Self {
        Self { port, scope }
    }

    /// Writes the record unless its id is taken in this scope; decided atomically.
    ///
    /// A run that dies after it cannot tell its own record from another's later: a step that has to
    /// know is [`Context::commit`].
    ///
    /// ```
    /// # use hookdock_pipeline::job::{Context, Failure};
    /// # use hookdock_pipeline::ports::Record;
    /// # use serde_json::json;
    /// # async fn seen(cx: Context) -> Result<bool, Failure> {
    /// let (collection, id) = ("customers".to_owned(), "cus_1".to_owned());
    /// cx.records().insert(Record { collection, id, body: json!({}) }).await?;
    /// Ok(cx.records().get("customers", "cus_1").await?.is_some())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The records are unavailable, or the id is longer than
    /// [`LONGEST_ID_BYTES`](crate::model::scope::LONGEST_ID_BYTES).
    pub async fn insert(&self, record: Record) -> Result<Conditional<Value>, Failure> {
        Ok(self.port.insert(within(self.scope, record)?).await?)
    }

    /// The content of this scope's record of that id, if there is one.
    ///
    /// # Errors
    ///
    /// As for [`ScopedRecords::insert`].
    pub async fn get(&self, collection: &str, id: &str) -> Result<Option<Value>, Failure> {
        Ok(self.port.get(collection, &key(self.scope, id)?).await?)
    }
}

impl<'a> ScopedDocuments<'a> {
    pub(super) fn new(port: &'a dyn Documents, scope: &'a Scope) -> Self {
        Self { port, scope }
    }

    /// The name of this scope's document of that kind and id, such as `invoices` and the id of an
    /// order.
    #[must_use]
    pub fn name(&self, kind: &'static str, id: &str, ending: &'static str) -> DocumentName {
        DocumentName::of(self.scope, kind, id, ending)
    }

    /// Keeps the document unless its name is taken; decided atomically.
    ///
    /// ```
    /// # use bytes::Bytes;
    /// # use hookdock_pipeline::job::{Context, Failure};
    /// # use hookdock_pipeline::ports::Document;
    /// # async fn keep(cx: Context, invoice: Bytes) -> Result<(), Failure> {
    /// let documents = cx.documents()?;
    /// let name = documents.name("invoices", "cs_1", "txt");
    /// documents.keep(Document { name, content_type: "text/plain", body: invoice }).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The documents are unavailable.
    pub async fn keep(&self, document: Document) -> Result<Conditional<()>, Failure> {
        Ok(self.port.keep(document).await?)
    }

    /// The document's content, if there is one.
    ///
    /// # Errors
    ///
    /// The documents are unavailable.
    pub async fn read(&self, name: &DocumentName) -> Result<Option<Bytes>, Failure> {
        Ok(self.port.read(name).await?)
    }
}

impl Context {
    /// What all tenants of all endpoints share, such as a number that counts them all.
    ///
    /// Only for what no sender names: a sender at any endpoint reaches what is kept here under an
    /// id from his events, and can take the id of another tenant's order.
    ///
    /// ```
    /// # use hookdock_pipeline::job::{Context, Failure};
    /// # async fn rates() -> Result<(), Failure> { Ok(()) }
    /// # async fn convert(cx: Context) -> Result<(), Failure> {
    /// // One service for all tenants: when it is down, it is down for each of them.
    /// cx.shared_across_tenants().dependency("rates").call(async || rates().await).await
    /// # }
    /// ```
    #[must_use]
    pub fn shared_across_tenants(&self) -> AcrossTenants<'_> {
        AcrossTenants { cx: self }
    }
}

impl<'a> AcrossTenants<'a> {
    /// Like [`Context::records`], for all tenants.
    #[must_use]
    pub fn records(self) -> ScopedRecords<'a> {
        self.cx.records_of(Scope::SHARED)
    }

    /// Like [`Context::commit`], for all tenants.
    ///
    /// # Errors
    ///
    /// As for [`Context::commit`].
    pub async fn commit(self, name: &str, record: Record) -> Result<Conditional<Value>, Failure> {
        self.cx.commit_in(Scope::SHARED, name, record).await
    }

    /// Like [`Context::documents`], for all tenants.
    ///
    /// # Errors
    ///
    /// They are not set up here.
    pub fn documents(self) -> Result<ScopedDocuments<'a>, Failure> {
        self.cx.documents_of(Scope::SHARED)
    }

    /// Like [`Context::ordered`], for an entity that the events of all tenants write to.
    pub fn ordered(self, entity: &'a str) -> Ordered<'a> {
        Ordered::of(self.cx, Scope::SHARED, entity)
    }

    /// Like [`Context::dependency`], for something whose failures are no tenant's doing: the
    /// failures of one tenant hold back the runs of all.
    pub fn dependency(self, name: &'a str) -> Dependency<'a> {
        Dependency::of(self.cx, Scope::SHARED, name)
    }
}

/// The record as it is kept.
pub(super) fn within(scope: &Scope, record: Record) -> Result<Record, Failure> {
    let id = key(scope, &record.id)?;
    Ok(Record { id, ..record })
}

/// Before the store, which would refuse it each time.
fn key(scope: &Scope, id: &str) -> Result<String, Failure> {
    match id.len() {
        ..=LONGEST_ID_BYTES => Ok(scope.key(id)),
        bytes => {
            let message = format!("a record's id has {bytes} bytes, {LONGEST_ID_BYTES} fit");
            Err(Failure::permanent(ErrorClass::BadData, message))
        }
    }
}

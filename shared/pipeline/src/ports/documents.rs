//! Documents: what is too large for a record, or too personal for the ledger.

use async_trait::async_trait;
use bytes::Bytes;
use derive_more::{Debug, Display};
use sha2::{Digest as _, Sha256};

use crate::model::port_error::PortError;
use crate::model::scope::Scope;
use crate::ports::conditional::Conditional;

/// The name of a document: `{kind}/{SHA-256 of its id in its scope}.{ending}`. Nothing a sender wrote is in it.
#[derive(Debug, Clone, PartialEq, Eq, Display)]
pub struct DocumentName(String);

/// A document to keep.
#[derive(Clone, PartialEq, Eq, Debug)]
// The content stays out of logs.
#[debug("Document({name}, {content_type}, body_bytes: {})", body.len())]
pub struct Document {
    /// Its name.
    pub name: DocumentName,
    /// Its media type, such as `application/json`.
    pub content_type: &'static str,
    /// Its content.
    pub body: Bytes,
}

/// Where jobs keep documents.
#[async_trait]
pub trait Documents: Send + Sync {
    /// Keeps the document unless its name is taken; decided atomically.
    async fn keep(&self, document: Document) -> Result<Conditional<()>, PortError>;

    /// The document's content, if there is one.
    async fn read(&self, name: &DocumentName) -> Result<Option<Bytes>, PortError>;
}

impl DocumentName {
    /// The name of the scope's document of that kind and id, such as `invoices` and the id of an
    /// order.
    #[must_use]
    pub fn of(scope: &Scope, kind: &'static str, id: &str, ending: &'static str) -> Self {
        let id = hex::encode(Sha256::digest(scope.key(id)));
        Self(format!("{kind}/{id}.{ending}"))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

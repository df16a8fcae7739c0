//! Documents.

use async_trait::async_trait;
use bytes::Bytes;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Conditional, Document, DocumentName, Documents};

use crate::Embedded;
use crate::store::{DOCUMENTS, keep};

#[async_trait]
impl<S: Send + Sync> Documents for Embedded<S> {
    async fn keep(&self, document: Document) -> Result<Conditional<()>, PortError> {
        let write = self.store.write("keep the document", move |transaction| {
            let documents = transaction.open_table(DOCUMENTS)?;
            keep(documents, document.name.as_str(), &document.body)
        });
        write.await
    }

    async fn read(&self, name: &DocumentName) -> Result<Option<Bytes>, PortError> {
        self.store.read("read the document", |snapshot| {
            let found = snapshot.open_table(DOCUMENTS)?.get(name.as_str())?;
            Ok(found.map(|document| Bytes::copy_from_slice(document.value())))
        })
    }
}

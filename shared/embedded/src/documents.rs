//! Documents.

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Conditional, Document, DocumentName, Documents};

use crate::Embedded;
use crate::store::{DOCUMENTS, keep};

impl<S: Send + Sync> Documents for Embedded<S> {
    fn keep(&self, document: Document) -> BoxFuture<'_, Result<Conditional<()>, PortError>> {
        self.store
            .write("keep the document", move |transaction| {
                let documents = transaction.open_table(DOCUMENTS)?;
                keep(documents, document.name.as_str(), &document.body)
            })
            .boxed()
    }

    fn read<'a>(
        &'a self,
        name: &'a DocumentName,
    ) -> BoxFuture<'a, Result<Option<Bytes>, PortError>> {
        async move {
            self.store.read("read the document", |snapshot| {
                let found = snapshot.open_table(DOCUMENTS)?.get(name.as_str())?;
                Ok(found.map(|document| Bytes::copy_from_slice(document.value())))
            })
        }
        .boxed()
    }
}

//! Business records.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Conditional, Record, Records};
use redb::{ReadableTable as _, WriteTransaction};
use serde_json::Value;

use crate::Embedded;
use crate::store::{RECORDS, StoreError, from_bytes, to_bytes};

impl<S: Send + Sync> Records for Embedded<S> {
    fn insert(&self, record: Record) -> BoxFuture<'_, Result<Conditional<Value>, PortError>> {
        self.store
            .write("write the record", move |transaction| insert(transaction, &record))
            .boxed()
    }

    fn get<'a>(
        &'a self,
        collection: &'a str,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Value>, PortError>> {
        async move {
            self.store.read("read the record", |snapshot| {
                let found = snapshot.open_table(RECORDS)?.get((collection, id))?;
                found.map(|record| from_bytes(record.value())).transpose()
            })
        }
        .boxed()
    }
}

pub(crate) fn insert(
    transaction: &WriteTransaction,
    record: &Record,
) -> Result<Conditional<Value>, StoreError> {
    let mut records = transaction.open_table(RECORDS)?;
    let key = (record.collection.as_str(), record.id.as_str());
    if let Some(existing) = records.get(key)? {
        return Ok(Conditional::Refused(from_bytes(existing.value())?));
    }
    records.insert(key, to_bytes(&record.body)?.as_slice())?;
    Ok(Conditional::Written)
}

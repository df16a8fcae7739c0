//! Business records.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Inserted, Record, Records};
use redb::{ReadableTable as _, WriteTransaction};
use serde_json::Value;

use crate::Embedded;
use crate::store::{RECORDS, StoreError, from_bytes, to_bytes};

impl<S: Send + Sync> Records for Embedded<S> {
    fn insert(&self, record: Record) -> BoxFuture<'_, Result<Inserted, PortError>> {
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
) -> Result<Inserted, StoreError> {
    let mut records = transaction.open_table(RECORDS)?;
    let key = (record.collection.as_str(), record.id.as_str());
    if let Some(existing) = records.get(key)? {
        return Ok(Inserted::Already(from_bytes(existing.value())?));
    }
    records.insert(key, to_bytes(&record.body)?.as_slice())?;
    Ok(Inserted::New)
}

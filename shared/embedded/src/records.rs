//! Business records.

use async_trait::async_trait;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Conditional, Record, Records};
use redb::{ReadableTable as _, WriteTransaction};
use serde_json::Value;

use crate::Embedded;
use crate::store::{RECORDS, StoreError, from_bytes, to_bytes};

#[async_trait]
impl<S: Send + Sync> Records for Embedded<S> {
    async fn insert(&self, record: Record) -> Result<Conditional<Value>, PortError> {
        let write = move |transaction: &_| insert(transaction, &record);
        self.store.write("write the record", write).await
    }

    async fn get(&self, collection: &str, id: &str) -> Result<Option<Value>, PortError> {
        self.store.read("read the record", |snapshot| {
            let found = snapshot.open_table(RECORDS)?.get((collection, id))?;
            found.map(|record| from_bytes(record.value())).transpose()
        })
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

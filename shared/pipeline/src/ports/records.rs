//! The business records of jobs.

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::model::port_error::PortError;

/// One business record a job writes.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What kind of record, such as `orders`.
    pub collection: String,
    /// Its id within the collection.
    pub id: String,
    /// Its content.
    pub body: Value,
}

/// What became of a conditional insert.
#[derive(Debug, Clone, PartialEq)]
pub enum Inserted {
    /// The record is new.
    New,
    /// A record of that id was already there, with this content.
    Already(Value),
}

/// The business records of the jobs, kept apart from Hookdock's own ledger.
pub trait Records: Send + Sync {
    /// Writes the record unless its id is taken; decided atomically.
    fn insert(&self, record: Record) -> BoxFuture<'_, Result<Inserted, PortError>>;

    /// The record's content, if there is one.
    fn get<'a>(
        &'a self,
        collection: &'a str,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Value>, PortError>>;
}

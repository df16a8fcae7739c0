//! The business records of jobs.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::port_error::PortError;
use crate::ports::conditional::Conditional;

/// One business record a job writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What kind of record, such as `orders`.
    pub collection: String,
    /// Its id within the collection.
    pub id: String,
    /// Its content.
    pub body: Value,
}

/// The business records of the jobs, kept apart from Hookdock's own ledger.
#[async_trait]
pub trait Records: Send + Sync {
    /// Writes the record unless its id is taken; decided atomically.
    async fn insert(&self, record: Record) -> Result<Conditional<Value>, PortError>;

    /// The record's content, if there is one.
    async fn get(&self, collection: &str, id: &str) -> Result<Option<Value>, PortError>;
}

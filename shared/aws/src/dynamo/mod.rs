//! The tables in DynamoDB: the ledger, and the records that jobs write.

#[cfg(feature = "operate")]
mod attention;
mod cells;
mod condition;
mod due;
mod events;
#[cfg(feature = "operate")]
mod histories;
mod item;
mod keys;
mod ledger;
mod records;
mod runs;
mod table;
#[cfg(test)]
mod tests;

#[cfg(feature = "operate")]
pub(crate) use attention::DynamoAttention;
#[cfg(feature = "operate")]
pub use histories::DynamoHistories;
pub use ledger::DynamoLedger;
pub use records::DynamoRecords;

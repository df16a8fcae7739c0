//! The tables in DynamoDB: the ledger, and the records that jobs write.

mod cells;
mod condition;
mod due;
mod events;
mod histories;
mod item;
mod keys;
mod ledger;
mod records;
mod runs;
mod table;
#[cfg(test)]
mod tests;

pub use histories::DynamoHistories;
pub use ledger::DynamoLedger;
pub use records::DynamoRecords;

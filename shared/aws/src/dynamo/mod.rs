//! The tables in DynamoDB: the ledger, and the records that jobs write.

mod cells;
mod histories;
mod item;
mod ledger;
mod records;

pub use histories::DynamoHistories;
pub use ledger::DynamoLedger;
pub use records::DynamoRecords;

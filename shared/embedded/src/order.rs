//! Tables whose keys are an order: that of runs by the time they are due, or by their state.

use hookdock_pipeline::ledger::RunId;
use redb::{Key, TableDefinition, WriteTransaction};

use crate::store::StoreError;

/// The key of a run in its tables.
pub(crate) fn run_key(id: &RunId) -> (&str, &str, &str) {
    (id.event.endpoint.as_str(), id.event.key.as_str(), id.job.as_str())
}

/// Moves an entry of an order to another place, or in or out of it.
pub(crate) fn move_entry<'k, K: Key + 'static>(
    transaction: &WriteTransaction,
    order: TableDefinition<'_, K, ()>,
    from: Option<K::SelfType<'k>>,
    to: Option<K::SelfType<'k>>,
) -> Result<(), StoreError>
where
    K::SelfType<'k>: PartialEq,
{
    if from == to {
        return Ok(());
    }
    let mut order = transaction.open_table(order)?;
    if let Some(place) = from {
        order.remove(place)?;
    }
    if let Some(place) = to {
        order.insert(place, ())?;
    }
    Ok(())
}

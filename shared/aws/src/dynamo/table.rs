//! A table, and how its items are read and written.

use aws_sdk_dynamodb::Client;
#[cfg(feature = "operate")]
use aws_sdk_dynamodb::error::BuildError;
#[cfg(feature = "operate")]
use aws_sdk_dynamodb::operation::batch_get_item::builders::BatchGetItemFluentBuilder;
use aws_sdk_dynamodb::operation::get_item::builders::GetItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
#[cfg(feature = "operate")]
use aws_sdk_dynamodb::types::KeysAndAttributes;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure as OnRefusal};

use super::item::{Item, text};

/// A key attribute and its value.
pub(super) type KeyPart<'a> = (&'static str, &'a str);

/// A table, and how its items are read and written.
///
/// Reads are consistent. A write whose condition does not hold returns the item that is stored.
#[derive(Debug, Clone)]
pub(super) struct Table {
    client: Client,
    name: String,
}

impl Table {
    pub(super) fn new(client: Client, name: &str) -> Self {
        Self { client, name: name.to_owned() }
    }

    pub(super) fn get(&self, key: [KeyPart<'_>; 2]) -> GetItemFluentBuilder {
        let get = self.client.get_item().table_name(&self.name).consistent_read(true);
        key.into_iter().fold(get, |get, (name, value)| get.key(name, text(value)))
    }

    pub(super) fn query(&self) -> QueryFluentBuilder {
        self.client.query().table_name(&self.name).consistent_read(true)
    }

    /// An index: what it says may be a moment old.
    #[cfg(feature = "operate")]
    pub(super) fn index(&self, name: &str) -> QueryFluentBuilder {
        self.client.query().table_name(&self.name).index_name(name)
    }

    /// Several items at once, by their keys.
    #[cfg(feature = "operate")]
    pub(super) fn batch(&self, keys: Vec<Item>) -> Result<BatchGetItemFluentBuilder, BuildError> {
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        Ok(self.client.batch_get_item().request_items(&self.name, keys?))
    }

    pub(super) fn put(&self, item: Item) -> PutItemFluentBuilder {
        self.client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(OnRefusal::AllOld)
    }

    pub(super) fn update(&self, key: [KeyPart<'_>; 2]) -> UpdateItemFluentBuilder {
        let update = self.client.update_item().table_name(&self.name);
        key.into_iter().fold(update, |update, (name, value)| update.key(name, text(value)))
    }

    /// A put that is a part of a transaction.
    pub(super) fn transacted_put(&self, item: Item) -> PutBuilder {
        Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(OnRefusal::AllOld)
    }

    pub(super) fn transaction(&self) -> TransactWriteItemsFluentBuilder {
        self.client.transact_write_items()
    }
}

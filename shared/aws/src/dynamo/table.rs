//! A table, and how its items are read and written.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::get_item::builders::GetItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
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

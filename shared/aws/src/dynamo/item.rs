//! Items, and their attributes.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use hookdock_pipeline::model::port_error::PortError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A stored item.
pub(super) type Item = HashMap<String, AttributeValue>;

/// A write of a transaction.
pub(super) fn one_put(
    action: &'static str,
    put: PutBuilder,
) -> Result<TransactWriteItem, PortError> {
    let put = put.build().map_err(PortError::invalid(action))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// `#name` for each name, since many a plain one is a reserved word.
pub(super) fn names<'a>(
    names: impl IntoIterator<Item = &'a str>,
) -> Option<HashMap<String, String>> {
    Some(names.into_iter().map(|name| (format!("#{name}"), name.to_owned())).collect())
}

/// `:name` for each value of an expression.
pub(super) fn values<'a>(
    values: impl IntoIterator<Item = (&'a str, AttributeValue)>,
) -> Option<HashMap<String, AttributeValue>> {
    Some(values.into_iter().map(|(name, value)| (format!(":{name}"), value)).collect())
}

/// A text.
pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number.
pub(super) fn number(value: impl Into<i64>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// The item that holds the value's fields.
pub(super) fn to_item(action: &'static str, value: &impl Serialize) -> Result<Item, PortError> {
    serde_dynamo::to_item(value).map_err(PortError::invalid(action))
}

/// The value whose fields the item holds.
pub(super) fn from_item<T: DeserializeOwned>(
    action: &'static str,
    item: Item,
) -> Result<T, PortError> {
    serde_dynamo::from_item(item).map_err(PortError::invalid(action))
}

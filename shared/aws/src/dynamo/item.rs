//! What the tables have in common: items, and conditions that did not hold.

use std::collections::HashMap;
use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, TransactWriteItem};
use hookdock_pipeline::model::port_error::{FaultKind, PortError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sdk_errors::port_error;

/// A stored item.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// A condition did not hold for this item, as it was at that moment. `None`: there was none.
#[derive(Debug)]
pub(crate) struct Conflict(pub(crate) Option<Item>);

/// An error that may be a conflict.
pub(crate) trait Conditional:
    ProvideErrorMetadata + Error + Send + Sync + Sized + 'static
{
    /// The conflict, if that is what it is.
    fn conflict(&self) -> Option<Conflict>;
}

impl Conditional for PutItemError {
    fn conflict(&self) -> Option<Conflict> {
        match self {
            Self::ConditionalCheckFailedException(refused) => Some(Conflict(refused.item.clone())),
            _ => None,
        }
    }
}

impl Conditional for UpdateItemError {
    fn conflict(&self) -> Option<Conflict> {
        match self {
            Self::ConditionalCheckFailedException(refused) => Some(Conflict(refused.item.clone())),
            _ => None,
        }
    }
}

/// Tells a condition that did not hold from a call that failed.
pub(crate) fn conditional<O, E: Conditional>(
    action: &'static str,
    result: Result<O, SdkError<E>>,
) -> Result<Result<O, Conflict>, PortError> {
    let error = match result {
        Ok(output) => return Ok(Ok(output)),
        Err(error) => error,
    };
    match error.as_service_error().and_then(Conditional::conflict) {
        Some(conflict) => Ok(Err(conflict)),
        None => Err(port_error(action)(error)),
    }
}

/// Like [`conditional`], for a transaction of two writes: which of them met a conflict.
pub(crate) fn transacted<O>(
    action: &'static str,
    result: Result<O, SdkError<TransactWriteItemsError>>,
) -> Result<Result<O, [Option<Conflict>; 2]>, PortError> {
    let error = match result {
        Ok(output) => return Ok(Ok(output)),
        Err(error) => error,
    };
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return Err(port_error(action)(error));
    };
    match cancelled.cancellation_reasons() {
        [one, other] if [one, other].into_iter().all(is_conflict_or_none) => {
            Ok(Err([one, other].map(conflict)))
        }
        // Most often another transaction on the same item: it is worth another try.
        _ => Err(PortError::new(action, FaultKind::Throttled).because(error)),
    }
}

fn is_conflict_or_none(reason: &CancellationReason) -> bool {
    matches!(reason.code(), None | Some("None" | "ConditionalCheckFailed"))
}

fn conflict(reason: &CancellationReason) -> Option<Conflict> {
    (reason.code() == Some("ConditionalCheckFailed")).then(|| Conflict(reason.item.clone()))
}

/// A write of a transaction.
pub(crate) fn one_put(
    action: &'static str,
    put: PutBuilder,
) -> Result<TransactWriteItem, PortError> {
    let put = put.build().map_err(|error| unfit(action, error))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// `#name` for each name, since many a plain one is a reserved word.
pub(crate) fn names<const N: usize>(names: [&str; N]) -> Option<HashMap<String, String>> {
    Some(names.map(|name| (format!("#{name}"), name.to_owned())).into())
}

/// A text.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number.
pub(crate) fn number(value: impl Into<i64>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// The item that holds the value's fields.
pub(crate) fn to_item(action: &'static str, value: &impl Serialize) -> Result<Item, PortError> {
    serde_dynamo::to_item(value).map_err(|error| unfit(action, error))
}

/// The value whose fields the item holds.
pub(crate) fn from_item<T: DeserializeOwned>(
    action: &'static str,
    item: Item,
) -> Result<T, PortError> {
    serde_dynamo::from_item(item).map_err(|error| unfit(action, error))
}

/// A stored form that is not ours, or one of ours that cannot be stored.
pub(crate) fn unfit(
    action: &'static str,
    error: impl Into<Box<dyn Error + Send + Sync>>,
) -> PortError {
    PortError::new(action, FaultKind::Invalid).because(error)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::http::HttpResponse;
    use aws_sdk_dynamodb::types::error::TransactionCanceledException;
    use aws_sdk_s3::primitives::SdkBody;

    use super::*;

    type Transacted = Result<Result<(), [Option<Conflict>; 2]>, PortError>;

    fn cancelled(codes: &[&str]) -> Transacted {
        let reasons = codes.iter().map(|code| CancellationReason::builder().code(*code).build());
        let error = TransactionCanceledException::builder()
            .set_cancellation_reasons(Some(reasons.collect()))
            .build();
        let error = TransactWriteItemsError::TransactionCanceledException(error);
        let answer = HttpResponse::new(400.try_into().expect("a status"), SdkBody::empty());
        transacted("write both", Err(SdkError::service_error(error, answer)))
    }

    #[test]
    fn a_transaction_that_met_a_condition_says_which() {
        for (codes, expected) in [
            (["ConditionalCheckFailed", "None"], [true, false]),
            (["None", "ConditionalCheckFailed"], [false, true]),
            (["ConditionalCheckFailed", "ConditionalCheckFailed"], [true, true]),
        ] {
            let conflicts = cancelled(&codes).expect("an answer").expect_err("cancelled");
            assert_eq!(conflicts.map(|conflict| conflict.is_some()), expected, "{codes:?}");
        }
    }

    /// A condition beside it says nothing: the items were being written by somebody else.
    #[test]
    fn a_transaction_that_met_another_is_worth_another_try() {
        for codes in [
            &["TransactionConflict", "None"][..],
            &["ConditionalCheckFailed", "TransactionConflict"],
            &["ThrottlingError", "None"],
            &["None"],
        ] {
            let error = cancelled(codes).expect_err("no answer");
            assert_eq!(error.kind(), FaultKind::Throttled, "{codes:?}");
        }
    }
}

//! Conditional writes, and conditions that did not hold.

use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::CancellationReason;
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};

use super::item::Item;
use crate::sdk_errors::port_error;

/// A condition did not hold for this item, as it was at that moment. `None`: there was none.
#[derive(Debug)]
pub(super) struct Conflict(pub(super) Option<Item>);

/// An error that may be a conflict.
pub(super) trait ConditionError:
    ProvideErrorMetadata + Error + Send + Sync + Sized + 'static
{
    /// The conflict, if that is what it is.
    fn conflict(&self) -> Option<Conflict>;
}

impl ConditionError for PutItemError {
    fn conflict(&self) -> Option<Conflict> {
        match self {
            Self::ConditionalCheckFailedException(refused) => Some(Conflict(refused.item.clone())),
            _ => None,
        }
    }
}

impl ConditionError for UpdateItemError {
    fn conflict(&self) -> Option<Conflict> {
        match self {
            Self::ConditionalCheckFailedException(refused) => Some(Conflict(refused.item.clone())),
            _ => None,
        }
    }
}

/// Tells a condition that did not hold from a call that failed.
pub(super) fn conditional<O, E: ConditionError>(
    action: &'static str,
    result: Result<O, SdkError<E>>,
) -> Result<Result<O, Conflict>, PortError> {
    let error = match result {
        Ok(output) => return Ok(Ok(output)),
        Err(error) => error,
    };
    match error.as_service_error().and_then(ConditionError::conflict) {
        Some(conflict) => Ok(Err(conflict)),
        None => Err(port_error(action)(error)),
    }
}

/// Like [`conditional`], for a transaction of two writes: which of them met a conflict.
pub(super) fn transacted<O>(
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
        _ => Err(PortError::new(action, PortErrorKind::Throttled).with_source(error)),
    }
}

fn is_conflict_or_none(reason: &CancellationReason) -> bool {
    matches!(reason.code(), None | Some("None" | "ConditionalCheckFailed"))
}

fn conflict(reason: &CancellationReason) -> Option<Conflict> {
    (reason.code() == Some("ConditionalCheckFailed")).then(|| Conflict(reason.item.clone()))
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
            assert_eq!(error.kind(), PortErrorKind::Throttled, "{codes:?}");
        }
    }
}

//! The Lambda function that processes what the queue holds.
//!
//! It translates a batch of SQS messages for [`hookdock_pipeline::process`], each on its own, and
//! the verdicts back; every decision is made there.

mod batch;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
pub use batch::NamelessMessage;
use hookdock_aws::log;
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::{Deliveries, Ledger, Messages};
use hookdock_pipeline::process::Process;
use lambda_runtime::LambdaEvent;
use tracing::Instrument as _;

/// Processes one batch, its messages side by side, and names those that are to come back.
///
/// # Errors
///
/// A message has no id, so that its failure could not be told; then nothing of the batch is
/// touched, and all of it comes back.
pub async fn handle<D: Deliveries, M: Messages, L: Ledger, S: System>(
    process: &Process<D, M, L, S>,
    event: LambdaEvent<SqsEvent>,
) -> Result<SqsBatchResponse, NamelessMessage> {
    let LambdaEvent { payload, context } = event;
    let span = log::request(&context.request_id, context.xray_trace_id.as_deref());
    batch::run(process, payload, &context).instrument(span).await
}

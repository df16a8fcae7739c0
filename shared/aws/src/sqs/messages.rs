//! Messages of an SQS queue, and dead letters in another.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, MessageAttributeValue, MessageSystemAttributeNameForSends,
    MessageSystemAttributeValue, SendMessageBatchRequestEntry,
};
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::ledger::dead_letter::DeadLetter;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::model::retry::LONGEST_PUT_OFF;
use hookdock_pipeline::ports::Messages;

use crate::sdk_errors::port_error;
use crate::sqs::queue::group_of;

const SEND_ITEMS: &str = "queue the items of a delivery";
const PUT_OFF: &str = "put the message off";
const DEAD_LETTER: &str = "send the dead letter";

/// SQS refuses a message without a body.
const NO_BODY: &str = "(no body)";

/// The queues as the processor sees them: messages to put off, and a place for dead letters.
#[derive(Debug, Clone)]
pub struct SqsMessages {
    client: Client,
    queue_url: String,
    dead_letter_url: String,
}

impl SqsMessages {
    pub(crate) fn new(client: Client, queue_url: &str, dead_letter_url: &str) -> Self {
        Self {
            client,
            queue_url: queue_url.to_owned(),
            dead_letter_url: dead_letter_url.to_owned(),
        }
    }
}

impl Messages for SqsMessages {
    async fn change_visibility(&self, receipt: &str, wait: Duration) -> Result<(), PortError> {
        self.client
            .change_message_visibility()
            .queue_url(&self.queue_url)
            .receipt_handle(receipt)
            .visibility_timeout(whole_seconds(wait))
            .send()
            .await
            .map_err(port_error(PUT_OFF))?;
        Ok(())
    }

    async fn send_items(
        &self,
        references: &[Reference],
        trace: Option<&str>,
    ) -> Result<Vec<usize>, PortError> {
        let entries = references.iter().enumerate();
        let entries = entries.map(|(place, reference)| entry(place, reference, trace));
        let answer = self
            .client
            .send_message_batch()
            .queue_url(&self.queue_url)
            .set_entries(Some(entries.collect::<Result<_, _>>()?))
            .send()
            .await
            .map_err(port_error(SEND_ITEMS))?;
        Ok(answer.failed().iter().filter_map(refused).collect())
    }

    async fn dead_letter(&self, dead_letter: &DeadLetter) -> Result<(), PortError> {
        let body = if dead_letter.body.is_empty() { NO_BODY } else { &dead_letter.body };
        let mut call =
            self.client.send_message().queue_url(&self.dead_letter_url).message_body(body);
        for (name, value) in &dead_letter.attributes {
            call = call.message_attributes(*name, text(DEAD_LETTER, value)?);
        }
        call.send().await.map_err(port_error(DEAD_LETTER))?;
        Ok(())
    }
}

/// One message of a batch, named by its place.
fn entry(
    place: usize,
    reference: &Reference,
    trace: Option<&str>,
) -> Result<SendMessageBatchRequestEntry, PortError> {
    let body = reference.to_json().map_err(PortError::invalid(SEND_ITEMS))?;
    SendMessageBatchRequestEntry::builder()
        .id(place.to_string())
        .message_body(body)
        .set_message_attributes(Some(attributes(reference)?))
        .set_message_system_attributes(trace_header(trace)?)
        .set_message_group_id(group_of(reference))
        .build()
        .map_err(PortError::invalid(SEND_ITEMS))
}

fn refused(entry: &BatchResultErrorEntry) -> Option<usize> {
    tracing::warn!(
        error.code = entry.code(),
        error.sender = entry.sender_fault(),
        "an item was not queued"
    );
    entry.id().parse().ok()
}

fn attributes(reference: &Reference) -> Result<HashMap<String, MessageAttributeValue>, PortError> {
    let named = reference.attributes();
    named.map(|(name, value)| Ok((name.to_owned(), text(SEND_ITEMS, value)?))).collect()
}

fn trace_header(
    trace: Option<&str>,
) -> Result<
    Option<HashMap<MessageSystemAttributeNameForSends, MessageSystemAttributeValue>>,
    PortError,
> {
    let Some(trace) = trace else { return Ok(None) };
    let name = MessageSystemAttributeNameForSends::AwsTraceHeader;
    Ok(Some(HashMap::from([(name, system_text(trace)?)])))
}

/// Rounded up: a message that comes back too early meets a run that is not due.
fn whole_seconds(wait: Duration) -> i32 {
    i32::try_from(wait.min(LONGEST_PUT_OFF).as_millis().div_ceil(1000)).unwrap_or_default()
}

fn text(action: &'static str, value: &str) -> Result<MessageAttributeValue, PortError> {
    let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
    value.map_err(PortError::invalid(action))
}

fn system_text(value: &str) -> Result<MessageSystemAttributeValue, PortError> {
    let value = MessageSystemAttributeValue::builder().data_type("String").string_value(value);
    value.build().map_err(PortError::invalid(SEND_ITEMS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds_and_never_above_what_sqs_takes() {
        for (millis, seconds) in [
            (0, 0),
            (1, 1),
            (1_000, 1),
            (1_001, 2),
            (43_199_001, 41_400),
            (43_200_001, 41_400),
            (u64::MAX, 41_400),
        ] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds, "{millis}");
        }
    }
}

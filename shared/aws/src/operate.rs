//! A deployed stack, as an operator's tools see it.
//!
//! Nothing here reads a secret. Looking at dead letters receives them: they are made visible again at
//! once, and until then nobody else sees them.

use std::time::Duration;

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sqs::types::QueueAttributeName as Name;
use bytes::Bytes;
use futures_util::future::join_all;
use hookdock_operate::ports::{Attended, DeadLetter, Depth, Names, Objects, Queues, RunAt, Runs};
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::pack::Pack;
use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::ledger::{EventRef, Fence, History, Run};
use hookdock_pipeline::model::names::{CellName, CellTag};
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use hookdock_pipeline::ports::{
    Cell, Cells, Conditional, Deliveries, Histories, Messages as _, Packs,
};

use crate::clients::{Connection, ProcessorClients};
use crate::dynamo::{DynamoAttention, DynamoHistories};
use crate::s3::{S3Deliveries, put_new};
use crate::sdk_errors::port_error;
use crate::sqs::SqsMessages;

const LIST: &str = "list the objects";
const READ: &str = "read the beginning of the delivery";
const KEEP: &str = "keep the object";
const SEND: &str = "queue the reference";
const DEAD_LETTERS: &str = "read the dead letters";
const DEPTH: &str = "count the messages";

/// How long a dead letter is hidden while it is looked at, should it not be shown again at once.
const A_LOOK: Duration = Duration::from_secs(30);

/// The names of a stack's parts: its outputs.
#[derive(Debug, Clone)]
pub struct StackNames {
    /// The ledger.
    pub table: String,
    /// The bucket of the deliveries.
    pub bucket: String,
    /// The queue; acts and counts need it.
    pub queue_url: Option<String>,
    /// The dead-letter queue.
    pub dead_letter_url: Option<String>,
}

/// A deployed stack.
#[derive(Debug, Clone)]
pub struct Operated {
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    names: StackNames,
    deliveries: S3Deliveries,
    histories: DynamoHistories,
    attention: DynamoAttention,
}

/// The stack with these names, as whom the SDK finds in this person's profile.
pub async fn operated(connection: &Connection, names: StackNames) -> Operated {
    let ProcessorClients { s3, sqs, dynamo } = ProcessorClients::new(connection).await;
    Operated {
        deliveries: S3Deliveries::new(s3.clone(), &names.bucket),
        histories: DynamoHistories::new(dynamo.clone(), &names.table),
        attention: DynamoAttention::new(dynamo, &names.table),
        s3,
        sqs,
        names,
    }
}

impl Operated {
    fn queue_url(&self, action: &'static str) -> Result<&str, PortError> {
        self.names.queue_url.as_deref().ok_or_else(|| {
            let missing = "say which queue it is: --queue-url, the stack's output EventQueueUrl";
            PortError::new(action, PortErrorKind::Invalid).with_source(missing)
        })
    }

    fn dead_letter_url(&self, action: &'static str) -> Result<&str, PortError> {
        self.names.dead_letter_url.as_deref().ok_or_else(|| {
            let missing = "say which queue it is: --dead-letter-url, the stack's output \
                DeadLetterQueueUrl";
            PortError::new(action, PortErrorKind::Invalid).with_source(missing)
        })
    }

    /// Messages that are visible, and those that are not.
    async fn waiting(&self, queue: &str) -> Result<(u64, u64), PortError> {
        let (visible, hidden, delayed) = (
            Name::ApproximateNumberOfMessages,
            Name::ApproximateNumberOfMessagesNotVisible,
            Name::ApproximateNumberOfMessagesDelayed,
        );
        let answer = self
            .sqs
            .get_queue_attributes()
            .queue_url(queue)
            .set_attribute_names(Some(vec![visible.clone(), hidden.clone(), delayed.clone()]))
            .send()
            .await
            .map_err(port_error(DEPTH))?;
        let count = |name| -> u64 {
            let counts = answer.attributes.as_ref();
            counts.and_then(|all| all.get(name)?.parse().ok()).unwrap_or_default()
        };
        Ok((count(&visible), count(&hidden).saturating_add(count(&delayed))))
    }
}

impl Deliveries for Operated {
    async fn read(&self, object: &ObjectKey) -> Result<Option<Bytes>, PortError> {
        self.deliveries.read(object).await
    }

    async fn pack(&self, pack: &Pack) -> Result<(), PortError> {
        self.deliveries.pack(pack).await
    }
}

impl Packs for Operated {
    async fn packs(&self, beginning: &str) -> Result<Vec<ObjectKey>, PortError> {
        self.deliveries.packs(beginning).await
    }
}

impl Histories for Operated {
    async fn history(&self, event: &EventRef) -> Result<Option<History>, PortError> {
        self.histories.history(event).await
    }
}

impl Objects for Operated {
    async fn names(&self, prefix: &str, after: &str) -> Result<Names, PortError> {
        let list = self.s3.list_objects_v2().bucket(&self.names.bucket);
        let listed =
            list.prefix(prefix).start_after(after).send().await.map_err(port_error(LIST))?;
        let more = listed.is_truncated.unwrap_or_default();
        let names = listed.contents.into_iter().flatten().filter_map(|object| object.key);
        Ok(Names { names: names.map(ObjectKey::listed).collect(), more })
    }

    async fn folders(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        let list = self.s3.list_objects_v2().bucket(&self.names.bucket);
        let mut pages = list.prefix(prefix).delimiter("/").into_paginator().send();
        let mut folders = Vec::new();
        while let Some(page) = pages.try_next().await.map_err(port_error(LIST))? {
            let found = page.common_prefixes.into_iter().flatten().filter_map(|found| found.prefix);
            let folder =
                |found: String| Some(found.strip_prefix(prefix)?.trim_end_matches('/').to_owned());
            folders.extend(found.filter_map(folder));
        }
        Ok(folders)
    }

    async fn keep(&self, object: &ObjectKey, bytes: Bytes) -> Result<Conditional<()>, PortError> {
        let put = || {
            let put = self.s3.put_object().bucket(&self.names.bucket).key(object.as_str());
            put.content_type("application/json").body(ByteStream::from(bytes.clone()))
        };
        put_new(KEEP, put).await
    }

    async fn beginning(
        &self,
        object: &ObjectKey,
        bytes: usize,
    ) -> Result<Option<Bytes>, PortError> {
        let get = self.s3.get_object().bucket(&self.names.bucket).key(object.as_str());
        match get.range(format!("bytes=0-{}", bytes.saturating_sub(1))).send().await {
            Ok(found) => {
                let body = found.body.collect().await.map_err(|error| {
                    PortError::new(READ, PortErrorKind::Unavailable).with_source(error)
                })?;
                Ok(Some(body.into_bytes()))
            }
            Err(SdkError::ServiceError(answer)) if answer.err().is_no_such_key() => Ok(None),
            Err(error) => Err(port_error(READ)(error)),
        }
    }
}

impl Cells for Operated {
    async fn cell(&self, name: &CellName) -> Result<Option<Cell>, PortError> {
        self.attention.cell(name).await
    }

    async fn swap(
        &self,
        name: &CellName,
        from: Option<&CellTag>,
        to: &Cell,
    ) -> Result<Conditional<Option<Cell>>, PortError> {
        self.attention.swap(name, from, to).await
    }
}

impl Runs for Operated {
    async fn runs(
        &self,
        state: Attended,
        before: Option<&RunAt>,
        most: usize,
    ) -> Result<Vec<Run>, PortError> {
        self.attention.runs(state, before, most).await
    }

    async fn count(&self, state: Attended) -> Result<u64, PortError> {
        self.attention.count(state).await
    }

    async fn move_run(&self, from: &Fence, to: &Run) -> Result<Conditional<Run>, PortError> {
        self.attention.move_run(from, to).await
    }
}

impl Queues for Operated {
    async fn send(&self, reference: &Reference) -> Result<(), PortError> {
        let queue = self.queue_url(SEND)?;
        let messages = SqsMessages::new(self.sqs.clone(), queue, "");
        match messages.send_items(std::slice::from_ref(reference), None).await?.is_empty() {
            true => Ok(()),
            false => Err(PortError::new(SEND, PortErrorKind::Throttled)),
        }
    }

    async fn dead_letters(&self, most: usize) -> Result<Vec<DeadLetter>, PortError> {
        let queue = self.dead_letter_url(DEAD_LETTERS)?;
        let (mut found, mut receipts) = (Vec::new(), Vec::new());
        while found.len() < most {
            let received = self
                .sqs
                .receive_message()
                .queue_url(queue)
                .max_number_of_messages(10)
                .visibility_timeout(i32::try_from(A_LOOK.as_secs()).unwrap_or(30))
                .message_attribute_names("All")
                .send()
                .await
                .map_err(port_error(DEAD_LETTERS))?;
            let messages = received.messages.unwrap_or_default();
            if messages.is_empty() {
                break;
            }
            for message in messages {
                receipts.extend(message.receipt_handle);
                let attributes = message.message_attributes.unwrap_or_default().into_iter();
                found.push(DeadLetter {
                    id: message.message_id.unwrap_or_default(),
                    body: message.body.unwrap_or_default(),
                    attributes: attributes
                        .filter_map(|(name, value)| Some((name, value.string_value?)))
                        .collect(),
                });
            }
        }
        let shown = receipts.iter().map(|receipt| {
            let change = self.sqs.change_message_visibility().queue_url(queue);
            change.receipt_handle(receipt).visibility_timeout(0).send()
        });
        // One that is not shown again now is when the look's time is over.
        join_all(shown).await;
        Ok(found)
    }

    async fn depth(&self) -> Result<Depth, PortError> {
        let (visible, hidden) = self.waiting(self.queue_url(DEPTH)?).await?;
        let (dead, looked_at) = self.waiting(self.dead_letter_url(DEPTH)?).await?;
        Ok(Depth { visible, hidden, dead_letters: dead.saturating_add(looked_at) })
    }
}

//! Deliveries in an S3 bucket, alone and in packs.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::put_object::PutObjectError;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use hookdock_pipeline::fault::{FaultKind, PortError};
use hookdock_pipeline::pack::Pack;
use hookdock_pipeline::ports::{Archive, Deliveries, Kept, Packs};
use hookdock_pipeline::sealed::{ObjectKey, SealedDelivery};

use crate::classify::port_error;

const STORE: &str = "store the delivery";
const PACK: &str = "pack the deliveries";
const READ: &str = "read the delivery";
const LIST: &str = "list the packs";

/// How long reading an object may take in all. The SDK's own limits end where the body begins.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// How often a put is made again while S3 has not decided between it and another.
const UNDECIDED: u32 = 5;

/// Deliveries in an S3 bucket.
#[derive(Debug, Clone)]
pub struct S3Archive {
    client: Client,
    bucket: String,
}

impl S3Archive {
    pub(crate) fn new(client: Client, bucket: &str) -> Self {
        Self { client, bucket: bucket.to_owned() }
    }
}

impl Archive for S3Archive {
    /// A plain put: the key holds the delivery's own id, so a second put of it, after an answer
    /// that got lost, writes the same bytes over themselves. A conditional one would be refused.
    async fn put(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        let key = &delivery.reference().object;
        self.store(STORE, key, "application/json", delivery.object()).await
    }

    async fn put_once(&self, delivery: &SealedDelivery) -> Result<Kept, PortError> {
        let key = delivery.reference().object.as_str();
        let put = || {
            let put = self.client.put_object().bucket(&self.bucket).key(key);
            put.content_type("application/json")
        };
        keep(STORE, put, delivery.object()).await
    }
}

impl Deliveries for S3Archive {
    async fn read(&self, object: &ObjectKey) -> Result<Option<Bytes>, PortError> {
        read(READ, &self.client, &self.bucket, object.as_str()).await
    }

    /// A plain put as well: the name follows from the content.
    async fn pack(&self, pack: &Pack) -> Result<(), PortError> {
        self.store(PACK, pack.object(), "application/jsonl", pack.lines()).await
    }
}

impl Packs for S3Archive {
    async fn packs(&self, beginning: &str) -> Result<Vec<ObjectKey>, PortError> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(beginning);
        let mut pages = list.into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.try_next().await.map_err(port_error(LIST))? {
            let listed = page.contents.into_iter().flatten().filter_map(|object| object.key);
            names.extend(listed.map(ObjectKey::listed));
        }
        Ok(names)
    }
}

impl S3Archive {
    async fn store(
        &self,
        action: &'static str,
        key: &ObjectKey,
        content_type: &str,
        object: &Bytes,
    ) -> Result<(), PortError> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key.as_str())
            .content_type(content_type)
            .body(ByteStream::from(object.clone()))
            .send()
            .await
            .map_err(port_error(action))?;
        Ok(())
    }
}

/// Puts an object unless there is one of that name. S3 decides which of several writers is first:
/// the others hear 412, or, while it has not decided yet, 409, which is not an answer
/// ("Conditional writes", S3 user guide, read 2026-11).
pub(crate) async fn keep(
    action: &'static str,
    put: impl Fn() -> PutObjectFluentBuilder + Send,
    object: &Bytes,
) -> Result<Kept, PortError> {
    let mut tries = 0_u32..UNDECIDED;
    loop {
        let put = put().if_none_match("*").body(ByteStream::from(object.clone()));
        match put.send().await {
            Ok(_) => return Ok(Kept::New),
            Err(error) => match code(&error) {
                Some("PreconditionFailed") => return Ok(Kept::Already),
                Some("ConditionalRequestConflict") if tries.next().is_some() => {}
                _ => return Err(port_error(action)(error)),
            },
        }
    }
}

fn code(error: &SdkError<PutObjectError>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

/// A whole object. `None`: it is not there.
pub(crate) async fn read(
    action: &'static str,
    client: &Client,
    bucket: &str,
    key: &str,
) -> Result<Option<Bytes>, PortError> {
    let whole = whole(action, client, bucket, key);
    let read = tokio::time::timeout(READ_WITHIN, whole).await;
    read.unwrap_or_else(|slow| Err(PortError::new(action, FaultKind::TimedOut).because(slow)))
}

async fn whole(
    action: &'static str,
    client: &Client,
    bucket: &str,
    key: &str,
) -> Result<Option<Bytes>, PortError> {
    match client.get_object().bucket(bucket).key(key).send().await {
        Ok(found) => {
            let body =
                found.body.collect().await.map_err(|error| {
                    PortError::new(action, FaultKind::Unavailable).because(error)
                })?;
            Ok(Some(body.into_bytes()))
        }
        // S3 says so only to those who may list the bucket; to others it says "denied".
        Err(SdkError::ServiceError(answer)) if answer.err().is_no_such_key() => Ok(None),
        Err(error) => Err(port_error(action)(error)),
    }
}

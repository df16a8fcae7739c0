//! Deliveries from an S3 bucket, alone and in packs.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::pack::Pack;
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use hookdock_pipeline::ports::{Conditional, Deliveries, Packs};

use crate::sdk_errors::port_error;

const PACK: &str = "pack the deliveries";
const READ: &str = "read the delivery";
const LIST: &str = "list the packs";

/// How often a put is made again while S3 has not decided between it and another.
const UNDECIDED: u32 = 5;

/// How long reading an object may take in all. The SDK's own limits end where the body begins.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// An S3 bucket as the processor sees it: something to read deliveries from, and to pack them into.
#[derive(Debug, Clone)]
pub struct S3Deliveries {
    client: Client,
    bucket: String,
}

impl S3Deliveries {
    pub(crate) fn new(client: Client, bucket: &str) -> Self {
        Self { client, bucket: bucket.to_owned() }
    }
}

impl Deliveries for S3Deliveries {
    async fn read(&self, object: &ObjectKey) -> Result<Option<Bytes>, PortError> {
        read(READ, &self.client, &self.bucket, object.as_str()).await
    }

    /// The name follows from the content: what is there already is the same pack.
    async fn pack(&self, pack: &Pack) -> Result<(), PortError> {
        put_new(PACK, || {
            self.client
                .put_object()
                .bucket(&self.bucket)
                .key(pack.object().as_str())
                .content_type("application/jsonl")
                .body(ByteStream::from(pack.lines().clone()))
        })
        .await
        .map(drop)
    }
}

impl Packs for S3Deliveries {
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

/// Puts an object that must be new; the bucket's policy takes no other. S3 decides which of several
/// writers is first: the others hear 412, or, while it has not decided yet, 409, which is not an
/// answer ("Conditional writes", S3 user guide, read 2026-11).
pub(crate) async fn put_new(
    action: &'static str,
    object: impl Fn() -> PutObjectFluentBuilder,
) -> Result<Conditional<()>, PortError> {
    let mut tries = 0_u32..UNDECIDED;
    loop {
        match object().if_none_match("*").send().await {
            Ok(_) => return Ok(Conditional::Written),
            Err(error) => match error.as_service_error().and_then(|error| error.code()) {
                Some("PreconditionFailed") => return Ok(Conditional::Refused(())),
                Some("ConditionalRequestConflict") if tries.next().is_some() => {}
                _ => return Err(port_error(action)(error)),
            },
        }
    }
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
    read.unwrap_or_else(|slow| {
        Err(PortError::new(action, PortErrorKind::TimedOut).with_source(slow))
    })
}

async fn whole(
    action: &'static str,
    client: &Client,
    bucket: &str,
    key: &str,
) -> Result<Option<Bytes>, PortError> {
    match client.get_object().bucket(bucket).key(key).send().await {
        Ok(found) => {
            let body = found.body.collect().await.map_err(|error| {
                PortError::new(action, PortErrorKind::Unavailable).with_source(error)
            })?;
            Ok(Some(body.into_bytes()))
        }
        // S3 says so only to those who may list the bucket; to others it says "denied".
        Err(SdkError::ServiceError(answer)) if answer.err().is_no_such_key() => Ok(None),
        Err(error) => Err(port_error(action)(error)),
    }
}

//! Deliveries from an S3 bucket, alone and in packs.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::pack::Pack;
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use hookdock_pipeline::ports::{Deliveries, Packs};

use crate::sdk_errors::port_error;

const PACK: &str = "pack the deliveries";
const READ: &str = "read the delivery";
const LIST: &str = "list the packs";

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

    /// A plain put: the name follows from the content.
    async fn pack(&self, pack: &Pack) -> Result<(), PortError> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(pack.object().as_str())
            .content_type("application/jsonl")
            .body(ByteStream::from(pack.lines().clone()))
            .send()
            .await
            .map_err(port_error(PACK))?;
        Ok(())
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

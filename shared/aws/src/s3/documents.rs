//! Documents in the bucket of the deliveries, under a prefix of their own.

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Conditional, Document, DocumentName, Documents};

use crate::s3::deliveries::{put_new, read};

const KEEP: &str = "keep the document";
const READ: &str = "read the document";

/// Documents in an S3 bucket: `documents/{name}`.
#[derive(Debug, Clone)]
pub(crate) struct S3Documents {
    client: Client,
    bucket: String,
}

impl S3Documents {
    pub(crate) fn new(client: Client, bucket: &str) -> Self {
        Self { client, bucket: bucket.to_owned() }
    }
}

#[async_trait]
impl Documents for S3Documents {
    async fn keep(&self, document: Document) -> Result<Conditional<()>, PortError> {
        put_new(KEEP, || {
            self.client
                .put_object()
                .bucket(&self.bucket)
                .key(key(&document.name))
                .content_type(document.content_type)
                .body(ByteStream::from(document.body.clone()))
        })
        .await
    }

    async fn read(&self, name: &DocumentName) -> Result<Option<Bytes>, PortError> {
        read(READ, &self.client, &self.bucket, &key(name)).await
    }
}

fn key(name: &DocumentName) -> String {
    format!("documents/{name}")
}

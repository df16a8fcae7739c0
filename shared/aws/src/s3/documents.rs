//! Documents in the bucket of the deliveries, under a prefix of their own.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Conditional, Document, DocumentName, Documents};

use crate::s3::deliveries::read;
use crate::sdk_errors::port_error;

const KEEP: &str = "keep the document";
const READ: &str = "read the document";

/// How often a put is made again while S3 has not decided between it and another.
const UNDECIDED: u32 = 5;

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

    /// S3 decides which of several writers is first: the others hear 412, or, while it has not
    /// decided yet, 409, which is not an answer ("Conditional writes", S3 user guide, read
    /// 2026-11).
    async fn put(&self, document: Document) -> Result<Conditional<()>, PortError> {
        let mut tries = 0_u32..UNDECIDED;
        loop {
            let put = self
                .client
                .put_object()
                .bucket(&self.bucket)
                .key(key(&document.name))
                .content_type(document.content_type)
                .if_none_match("*")
                .body(ByteStream::from(document.body.clone()));
            match put.send().await {
                Ok(_) => return Ok(Conditional::Written),
                Err(error) => match error.as_service_error().and_then(|error| error.code()) {
                    Some("PreconditionFailed") => return Ok(Conditional::Refused(())),
                    Some("ConditionalRequestConflict") if tries.next().is_some() => {}
                    _ => return Err(port_error(KEEP)(error)),
                },
            }
        }
    }
}

impl Documents for S3Documents {
    fn keep(&self, document: Document) -> BoxFuture<'_, Result<Conditional<()>, PortError>> {
        self.put(document).boxed()
    }

    fn read<'a>(
        &'a self,
        name: &'a DocumentName,
    ) -> BoxFuture<'a, Result<Option<Bytes>, PortError>> {
        async move { read(READ, &self.client, &self.bucket, &key(name)).await }.boxed()
    }
}

fn key(name: &DocumentName) -> String {
    format!("documents/{name}")
}

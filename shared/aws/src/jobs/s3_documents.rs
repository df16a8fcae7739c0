//! Documents in the bucket of the deliveries, under a prefix of their own.

use aws_sdk_s3::Client;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hookdock_pipeline::fault::PortError;
use hookdock_pipeline::ports::{Document, DocumentName, Documents, Kept};

use crate::s3_archive::{keep, read};

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

impl Documents for S3Documents {
    fn keep(&self, document: Document) -> BoxFuture<'_, Result<Kept, PortError>> {
        async move {
            let (key, kind) = (key(&document.name), document.content_type);
            let put = || self.client.put_object().bucket(&self.bucket).key(&key).content_type(kind);
            keep(KEEP, put, &document.body).await
        }
        .boxed()
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

//! The client as the port of jobs and of direct work.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::Web;
use http::{Request, Response};

use crate::call::send;
use crate::{Client, Limits};

impl Limits {
    /// The limits of a call that a job makes.
    pub const OF_JOBS: Self = Self {
        connect: Duration::from_secs(3),
        call: Duration::from_secs(15),
        answer: 1024 * 1024,
    };

    /// The limits of direct work: ingest ends it before them, and reads nothing of the answer.
    pub const OF_DIRECT_WORK: Self = Self {
        connect: Duration::from_millis(400),
        call: Duration::from_millis(1000),
        answer: 64 * 1024,
    };
}

#[async_trait]
impl Web for Client {
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, PortError> {
        send(self, "call", request).await
    }
}

//! The services that ingest calls.

use std::sync::Arc;

use hookdock_https::{Client, Reach, Trust};

use super::budget::Budget;
use super::call::Service;
use super::place;
use super::sign::{Signer, Style};
use crate::config::Access;
use crate::limits::{INGEST, INGEST_S3};

/// Larger than any answer that ingest asks for: a secret has 64 KiB at most.
const LARGEST_ANSWER: usize = 1 << 20;

/// What ingest calls. They share one set of connections.
#[derive(Debug)]
pub(crate) struct Services {
    /// The bucket of that name.
    pub(crate) bucket: Service,
    pub(crate) queue: Service,
    pub(crate) secrets: Service,
}

impl Services {
    pub(crate) fn new(access: &Access, bucket: &str) -> Self {
        Self::over(&Arc::new(client()), access, bucket)
    }

    fn over(http: &Arc<Client>, access: &Access, bucket: &str) -> Self {
        let service = |origin, style, limits| Service {
            http: Arc::clone(http),
            origin,
            signer: Signer::new(access, style),
            limits,
            budget: Budget::default(),
        };
        Self {
            bucket: service(place::bucket(access, bucket), Style::S3, INGEST_S3),
            queue: service(place::sqs(access), Style::Json("sqs"), INGEST),
            secrets: service(place::secrets(access), Style::Json("secretsmanager"), INGEST),
        }
    }
}

/// A service's endpoint in a VPC has a private address, and a stand-in speaks plain HTTP. No
/// sender chooses what is called here.
fn client() -> Client {
    let limits = hookdock_https::Limits {
        connect: INGEST.connect,
        call: INGEST_S3.attempt,
        answer: LARGEST_ANSWER,
    };
    Client::new(limits, Reach::AlsoPrivate, Trust::platform())
}

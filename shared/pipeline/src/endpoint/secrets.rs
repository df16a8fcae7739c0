//! The secrets of an endpoint.

use hookdock_signature::{EpochMillis, Secret};

#[derive(Debug, Clone)]
pub(super) struct LiveSecret {
    pub(super) secret: Secret,
    pub(super) not_after: Option<EpochMillis>,
}

//! The secrets of an endpoint.

use hookdock_signature::{EpochMillis, Secret};

#[derive(Debug, Clone)]
pub(super) struct LiveSecret {
    pub(super) secret: Secret,
    pub(super) not_after: Option<EpochMillis>,
}

pub(super) fn live(secrets: &[LiveSecret], at: EpochMillis) -> Vec<Secret> {
    let live = secrets.iter().filter(|secret| secret.not_after.is_none_or(|end| at <= end));
    live.map(|secret| secret.secret.clone()).collect()
}

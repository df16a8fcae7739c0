//! Notices to whoever has subscribed.

use async_trait::async_trait;
use derive_more::Debug;

use crate::ledger::EffectKey;
use crate::model::port_error::PortError;

/// One notice. Which topic it goes to is a setting of the port, not of the job.
#[derive(Clone, PartialEq, Eq, Debug)]
// It may be personal, and stays out of logs.
#[debug("Notice")]
pub struct Notice {
    /// One line.
    pub subject: String,
    /// Its text.
    pub text: String,
}

/// A topic to publish to.
#[async_trait]
pub trait Notices: Send + Sync {
    /// Publishes the notice. A topic that knows keys publishes no second time what it has
    /// published under this one.
    async fn publish(&self, notice: &Notice, effect: &EffectKey) -> Result<(), PortError>;
}

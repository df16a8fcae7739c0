//! E-mail.

use async_trait::async_trait;
use derive_more::Debug;

use crate::ledger::EffectKey;
use crate::model::port_error::PortError;

/// One e-mail, plain text. Who it is from is a setting of the port, not of the job.
#[derive(Clone, PartialEq, Eq, Debug)]
// All of it is personal, and stays out of logs.
#[debug("Email")]
pub struct Email {
    /// The address it goes to.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

/// The way to people's inboxes.
#[async_trait]
pub trait Mail: Send + Sync {
    /// Sends the e-mail. A service that knows keys is given this one and sends what it has sent
    /// under it no second time; SES knows none.
    async fn send(&self, email: &Email, effect: &EffectKey) -> Result<(), PortError>;
}

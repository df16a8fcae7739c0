//! E-mails and notices: they go nowhere, and can be looked at.

use async_trait::async_trait;
use hookdock_pipeline::job::EffectKey;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Email, Mail, Notice, Notices};
use redb::ReadableTable as _;
use serde::{Deserialize, Serialize};

use crate::Embedded;
use crate::store::{OUTBOX, from_bytes, to_bytes};

/// What would have been sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    /// An e-mail.
    Email {
        /// The address it goes to.
        to: String,
        /// Its subject.
        subject: String,
        /// Its text.
        text: String,
    },
    /// A notice.
    Notice {
        /// One line.
        subject: String,
        /// Its text.
        text: String,
    },
}

impl std::fmt::Debug for Sent {
    /// What was sent is personal, and stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Email { .. } => "Email",
            Self::Notice { .. } => "Notice",
        })
    }
}

/// Unlike SES, the outbox knows keys: what it holds under one is not sent again.
#[async_trait]
impl<S: Send + Sync> Mail for Embedded<S> {
    async fn send(&self, email: &Email, effect: &EffectKey) -> Result<(), PortError> {
        let Email { to, subject, text } = email.clone();
        self.put_out(effect, Sent::Email { to, subject, text }).await
    }
}

#[async_trait]
impl<S: Send + Sync> Notices for Embedded<S> {
    async fn publish(&self, notice: &Notice, effect: &EffectKey) -> Result<(), PortError> {
        let Notice { subject, text } = notice.clone();
        self.put_out(effect, Sent::Notice { subject, text }).await
    }
}

impl<S: Send + Sync> Embedded<S> {
    async fn put_out(&self, effect: &EffectKey, sent: Sent) -> Result<(), PortError> {
        let effect = effect.clone();
        let write = self.store.write("put it in the outbox", move |transaction| {
            let mut outbox = transaction.open_table(OUTBOX)?;
            if outbox.get(effect.as_str())?.is_none() {
                outbox.insert(effect.as_str(), to_bytes(&sent)?.as_slice())?;
            }
            Ok(())
        });
        write.await
    }
}

impl<S> Embedded<S> {
    /// What was sent, in the order of the effects' keys.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub fn sent(&self) -> Result<Vec<Sent>, PortError> {
        self.store.read("look into the outbox", |snapshot| {
            let outbox = snapshot.open_table(OUTBOX)?;
            outbox.iter()?.map(|entry| from_bytes(entry?.1.value())).collect()
        })
    }
}

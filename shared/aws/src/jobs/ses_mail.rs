//! E-mail through SES.

use async_trait::async_trait;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
use hookdock_pipeline::job::EffectKey;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Email, Mail};

use crate::sdk_errors::coded_error;

const SEND: &str = "send the e-mail";

/// The tag that SES repeats in the events of a message, so that two messages of one effect can be
/// told to be that.
const EFFECT_TAG: &str = "hookdock-effect";

/// E-mail from one address, through SES.
#[derive(Debug, Clone)]
pub(crate) struct SesMail {
    client: Client,
    from: String,
}

impl SesMail {
    pub(crate) fn new(client: Client, from: &str) -> Self {
        Self { client, from: from.to_owned() }
    }
}

#[async_trait]
impl Mail for SesMail {
    async fn send(&self, email: &Email, effect: &EffectKey) -> Result<(), PortError> {
        let to = Destination::builder().to_addresses(&email.to).build();
        let tag = MessageTag::builder().name(EFFECT_TAG).value(effect.as_str()).build();
        self.client
            .send_email()
            .from_email_address(&self.from)
            .destination(to)
            .content(content(email).map_err(PortError::invalid(SEND))?)
            .email_tags(tag.map_err(PortError::invalid(SEND))?)
            .send()
            .await
            // What SES says can name the address.
            .map_err(coded_error(SEND))?;
        Ok(())
    }
}

fn content(email: &Email) -> Result<EmailContent, BuildError> {
    let message = Message::builder()
        .subject(text(&email.subject)?)
        .body(Body::builder().text(text(&email.text)?).build())
        .build();
    Ok(EmailContent::builder().simple(message).build())
}

fn text(text: &str) -> Result<Content, BuildError> {
    Content::builder().charset("UTF-8").data(text).build()
}

//! Notices through an SNS topic.

use async_trait::async_trait;
use aws_sdk_sns::Client;
use hookdock_pipeline::job::EffectKey;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Notice, Notices};

use crate::sdk_errors::coded_error;

const PUBLISH: &str = "publish the notice";

/// What SNS takes as a subject: 99 characters of ASCII without line breaks ("Publish", SNS API
/// reference, read 2026-11).
const LONGEST_SUBJECT: usize = 99;

/// An SNS topic.
#[derive(Debug, Clone)]
pub(crate) struct SnsNotices {
    client: Client,
    topic: String,
}

impl SnsNotices {
    pub(crate) fn new(client: Client, topic: &str) -> Self {
        Self { client, topic: topic.to_owned() }
    }
}

#[async_trait]
impl Notices for SnsNotices {
    /// Only FIFO topics take keys, and they keep one for five minutes.
    async fn publish(&self, notice: &Notice, effect: &EffectKey) -> Result<(), PortError> {
        let mut call = self
            .client
            .publish()
            .topic_arn(&self.topic)
            .set_subject(subject(&notice.subject))
            .message(&notice.text);
        if self.topic.ends_with(".fifo") {
            call = call.message_group_id(effect.as_str()).message_deduplication_id(effect.as_str());
        }
        call.send().await.map_err(coded_error(PUBLISH))?;
        Ok(())
    }
}

/// What fits of a subject; the text of the notice has to say it all anyway.
fn subject(subject: &str) -> Option<String> {
    let fits = |c: &char| c.is_ascii_graphic() || *c == ' ';
    let fitting: String = subject.chars().filter(fits).take(LONGEST_SUBJECT).collect();
    let trimmed = fitting.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_cut_to_what_sns_takes() {
        assert_eq!(
            subject("A ticket: caf\u{e9}\r\nBcc: x").as_deref(),
            Some("A ticket: cafBcc: x")
        );
        assert_eq!(subject(&"x".repeat(200)).map(|subject| subject.len()), Some(99));
        assert_eq!(subject("\u{1f600} \n"), None);
    }
}

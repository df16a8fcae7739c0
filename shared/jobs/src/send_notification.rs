//! Any event: people are told of it, in Slack, by e-mail or through a topic.

use std::sync::Arc;

use hookdock_pipeline::job::{Context, Delivery, EffectKey, Failure, JobResult};
use hookdock_pipeline::model::slack::plain;
use hookdock_pipeline::ports::{Email, Notice};
use hookdock_signature::item_at;

use crate::api::tell_slack;
use crate::checked::one_line;
use crate::settings::{Notification, Target};

/// The longest value that is shown of a body, in characters.
const LONGEST_SHOWN: usize = 200;

/// One step: the target is told. A topic with keys tells nobody twice; Slack and SES know none,
/// and tell twice where a worker dies between the telling and the save.
///
/// # Errors
///
/// The target is unavailable.
pub async fn send_notification(
    cx: Context,
    notification: Arc<Notification>,
    delivery: Delivery,
) -> JobResult {
    let (subject, text) = wording(&delivery, &notification.show);
    cx.last_step("notify", async |step| {
        tell(&cx, &notification.to, subject, text, step.effect_key()).await
    })
    .await
}

async fn tell(
    cx: &Context,
    target: &Target,
    subject: String,
    text: String,
    key: &EffectKey,
) -> Result<(), Failure> {
    match target {
        Target::Slack(webhook) => {
            let text = format!("*{}*\n{}", plain(&subject), plain(&text));
            tell_slack(cx, webhook, &text).await
        }
        Target::Email(to) => {
            let (mail, email) = (cx.mail()?, Email { to: to.clone(), subject, text });
            cx.dependency("mail").call(async || Ok(mail.send(&email, key).await?)).await
        }
        Target::Topic {} => {
            let (topic, notice) = (cx.notices()?, Notice { subject, text });
            cx.dependency("topic").call(async || Ok(topic.publish(&notice, key).await?)).await
        }
    }
}

/// The subject, and a line for each value of the body that is to be shown and is there.
fn wording(delivery: &Delivery, show: &[String]) -> (String, String) {
    let what = delivery.event_type.as_ref().map_or("an event", |name| name.as_str());
    let subject = one_line(&format!("{what} at {}", delivery.endpoint));
    let shown = show.iter().filter_map(|pointer| {
        let value = item_at(delivery.event_bytes(), None, pointer)?;
        Some(format!("{}: {}", pointer.trim_start_matches('/'), short(&value)))
    });
    let mut lines: Vec<String> = shown.collect();
    lines.push(format!("delivery: {}", delivery.id));
    (subject, lines.join("\n"))
}

/// One line of a JSON value, so that no value can look like another line of the text. A string is
/// shown without its quotes, anything else as it was sent, and nothing is built of what is cut off.
fn short(value: &[u8]) -> String {
    let text = match serde_json::from_slice::<String>(value) {
        Ok(text) => text.into(),
        Err(_) => {
            let beginning = value.get(..LONGEST_SHOWN.saturating_mul(4)).unwrap_or(value);
            String::from_utf8_lossy(beginning)
        }
    };
    one_line(&text).chars().take(LONGEST_SHOWN).collect()
}

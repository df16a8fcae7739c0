//! Any event: people are told of it, in Slack, by e-mail or through a topic.

use std::sync::Arc;

use hookdock_pipeline::job::{Context, Delivery, EffectKey, Failure, JobResult};
use hookdock_pipeline::ports::{Email, Notice};
use serde_json::Value;

use crate::api::{plain, tell_slack};
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
    let body: Value = serde_json::from_slice(delivery.event_bytes()).unwrap_or_default();
    let shown = show.iter().filter_map(|pointer| {
        let value = body.pointer(pointer)?;
        Some(format!("{}: {}", pointer.trim_start_matches('/'), short(value)))
    });
    let mut lines: Vec<String> = shown.collect();
    lines.push(format!("delivery: {}", delivery.id));
    (subject, lines.join("\n"))
}

/// One line, so that no value can look like another line of the text.
fn short(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    one_line(&text).chars().take(LONGEST_SHOWN).collect()
}

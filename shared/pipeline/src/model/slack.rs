//! Texts for chats.

/// A text without Slack's markup: three characters have a meaning in it ("Formatting text for app
/// surfaces", Slack docs, read 2026-11). What a stranger wrote must not call people or hide a link.
#[must_use]
pub fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

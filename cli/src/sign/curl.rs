//! A request as a command for a shell.

use std::path::Path;

use serde::de::IgnoredAny;

use crate::output::quoted;
use crate::saved_request::SavedRequest;

/// A signed request, and the file that holds its body.
#[derive(Debug)]
pub(crate) struct Curl<'a> {
    pub(crate) request: &'a SavedRequest,
    pub(crate) body: Option<&'a Path>,
}

impl Curl<'_> {
    /// Everything that is not ours stands in single quotes, which no shell looks into.
    pub(crate) fn line(&self) -> String {
        let mut words = vec!["curl".to_owned()];
        if self.request.url.contains(['[', ']', '{', '}']) {
            words.push("--globoff".to_owned());
        }
        words.extend(["--url".to_owned(), quoted(&self.request.url)]);
        words.extend(self.headers().iter().map(|header| format!("--header {}", quoted(header))));
        words.push(format!("--data-binary {}", quoted(&self.data())));
        words.join(" ")
    }

    fn headers(&self) -> Vec<String> {
        let headers = &self.request.headers;
        let mut lines: Vec<_> = headers.iter().map(|(name, value)| line(name, value)).collect();
        if !headers.contains("content-type") {
            // Left alone, curl would say that it is a form.
            lines.push(format!("Content-Type: {}", media_type(&self.request.body)));
        }
        lines
    }

    fn data(&self) -> String {
        self.body.map(|path| format!("@{}", path.display())).unwrap_or_default()
    }
}

/// Curl takes a header without a value for one to leave out, unless it ends so.
fn line(name: &str, value: &str) -> String {
    if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") }
}

fn media_type(body: &[u8]) -> &'static str {
    match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) => "application/json",
        Err(_) => "application/octet-stream",
    }
}

//! What is not shown unless it is asked for: credentials, signatures and secrets by their names.
//!
//! What is stored stays as it is; this is the view alone.

use hookdock_signature::{catalog, describe};

/// What a name has in it whose value is not shown, in small letters without marks between words.
const MARKS: [&str; 14] = [
    "signature",
    "token",
    "secret",
    "password",
    "passwd",
    "authorization",
    "cookie",
    "hmac",
    "apikey",
    "privatekey",
    "accesskey",
    "credential",
    "jwt",
    "webhookkey",
];

/// Whether a value of that name is shown only where it is asked for.
pub(crate) fn is_secret(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    MARKS.iter().any(|mark| plain.contains(mark)) || plain == "auth" || name.ends_with("-Key")
}

/// The headers that the provider's schemes look at: a live signature can be sent again within its
/// tolerance.
pub(crate) fn signature_headers(provider: &str) -> Vec<String> {
    let Some(provider) = catalog::find(provider) else { return Vec::new() };
    let definition = describe::Definition::of(&provider);
    definition.headers().into_iter().map(str::to_ascii_lowercase).collect()
}

/// What stands for the value.
pub(crate) fn hidden(value: &str) -> String {
    format!("••• {} chars", value.chars().count())
}

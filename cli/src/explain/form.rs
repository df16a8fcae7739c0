//! Forms that were decoded on their way.

use form_urlencoded::byte_serialize;

use crate::explain::changes::BodyChange;

/// The forms that the body may have been.
pub(crate) fn variants(text: &str) -> Vec<(BodyChange, Vec<u8>)> {
    if text.trim_start().starts_with(['{', '[']) {
        // What GitHub and others put into a form's one field.
        let field = format!("payload={}", encoded(text));
        return vec![(BodyChange::FormFieldRestored, field.into_bytes())];
    }
    if !text.contains('=') {
        return Vec::new();
    }
    let plus = form(text);
    let percent = plus.replace('+', "%20");
    [plus, percent].map(|form| (BodyChange::FormEncoded, form.into_bytes())).into()
}

fn form(text: &str) -> String {
    let pairs = text.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) => format!("{}={}", encoded(name), encoded(value)),
        None => encoded(pair),
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

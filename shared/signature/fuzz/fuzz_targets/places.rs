//! No place that a definition can name makes a selector panic on any form or JSON body, and
//! what it finds is not empty.
//!
//! The place is on the first line, such as `json:a[0].b or form:c`, the URL on the second; after
//! a blank line comes the body.

#![no_main]

use hookdock_signature::{Headers, Provider, Request};
use hookdock_signature_fuzz::cut;
use libfuzzer_sys::fuzz_target;

const REST: &str = r#"
id = "acme"
name = "Acme"
trust = { scheme = "unconfirmed", delivery = "unconfirmed" }

[scheme]
kind = "token"
signature = { from = "header", name = "X-Token" }
"#;

fuzz_target!(|bytes: &[u8]| {
    let Some((head, body)) = cut(bytes) else { return };
    let (place, url) = head.split_once('\n').unwrap_or((head, ""));
    // The text forms of JSON's strings and TOML's are the same.
    let place = serde_json::Value::from(place);
    let definition = format!("{REST}\n[event_id]\nfrom = [{place}]");
    let Ok(provider) = Provider::from_toml(&definition) else { return };
    let request = Request { method: "POST", url, headers: &Headers::default(), body };
    let found = provider.event_id().expect("named").select(&request);
    assert!(!matches!(found, Ok(Some(found)) if found.value.is_empty()));
});

//! Whatever stands around a good signature, it is good for its own body alone, and a refusal
//! never blames the receiver.
//!
//! The first line is a provider's id, the others are the values of the headers that it would
//! send, in which `$` stands for the right value.

#![no_main]

use hookdock_signature::{Headers, Request, sign, verify};
use hookdock_signature_fuzz::{NOW, provider, secret};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let Some(provider) = lines.next().and_then(provider) else { return };
    let Some(message) = provider.scheme().message().filter(|text| text.contains("{body}")) else {
        return;
    };
    let mut headers = signed(message);
    let drafted = headers.clone();
    let draft =
        Request { method: "POST", url: "https://example.com/", headers: &drafted, body: b"{}" };
    let Ok(right) = sign(&provider, &secret(), &draft, NOW) else { return };
    let sent = right.into_iter().zip(lines);
    headers.extend(sent.map(|((name, right), line)| (name, line.replace('$', &right))));
    let request = Request { headers: &headers, ..draft };
    if let Err(rejection) = verify(&provider, &[secret()], &request, NOW) {
        assert!(!rejection.is_ours(), "{rejection}");
    }
    let altered = Request { body: b"[]", ..request };
    assert!(verify(&provider, &[secret()], &altered, NOW).is_err());
});

/// Headers that enter the message beside the time.
fn signed(message: &str) -> Headers {
    let named = message.split("{header:").skip(1).filter_map(|rest| rest.split('}').next());
    named.map(|name| (name, "msg_1")).collect()
}

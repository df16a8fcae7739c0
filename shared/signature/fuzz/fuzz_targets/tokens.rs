//! A token that was signed is good for one body at most, whatever its head and its claims say.
//!
//! The first line is a provider's id. After it come the token's head and its claims, on a line
//! each, and then, after a blank line, the body. A single line is a token as it is.

#![no_main]

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hookdock_signature::{Headers, Provider, Request, verify};
use hookdock_signature_fuzz::{NOW, SECRET, cut, provider, secret};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;

/// Where providers put tokens, and what some write before them.
const PLACES: [(&str, &str, &str); 8] = [
    ("fusionauth", "X-FusionAuth-Signature-JWT", ""),
    ("jira-connect", "Authorization", "JWT "),
    ("livekit", "Authorization", ""),
    ("messagebird", "MessageBird-Signature-JWT", ""),
    ("monday", "Authorization", ""),
    ("netlify", "X-Webhook-Signature", ""),
    ("qstash", "Upstash-Signature", ""),
    ("vonage", "Authorization", "Bearer "),
];

fuzz_target!(|bytes: &[u8]| {
    let Some((head, body)) = cut(bytes) else { return };
    let mut lines = head.split('\n');
    let place = lines.next().and_then(|id| PLACES.iter().find(|(known, ..)| *known == id));
    let Some((id, header, prefix)) = place else { return };
    let provider = provider(id).expect("listed");
    let token = match (lines.next(), lines.next()) {
        (Some(head), Some(claims)) => signed(head, claims),
        (Some(token), None) => token.to_owned(),
        (None, _) => return,
    };
    let headers = Headers::from_iter([(*header, format!("{prefix}{token}"))]);
    let longer = [body, b"."].concat();
    let accepted = [body, &longer].map(|body| is_accepted(&provider, &headers, body));
    let binds_the_body = provider.credential_headers().next().is_none();
    assert!(!(binds_the_body && accepted == [true; 2]), "{id}");
});

fn signed(head: &str, claims: &str) -> String {
    let [head, claims] = [head, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length");
    mac.update(format!("{head}.{claims}").as_bytes());
    let tag = BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{head}.{claims}.{tag}")
}

fn is_accepted(provider: &Provider, headers: &Headers, body: &[u8]) -> bool {
    let request = Request { method: "POST", url: "https://example.com/x?a=1", headers, body };
    verify(provider, &[secret()], &request, NOW).is_ok()
}

//! No answer of a provider that is asked for its keys panics, be it a JSON key set or a chain of
//! X.509 certificates, and what it yields can be used on the request or is refused.
//!
//! A request as for `verify`; its body is also what the provider answers.

#![no_main]

use hookdock_signature::{Keys, Secret, key_requests, verify_with};
use hookdock_signature_fuzz::{Input, NOW, secret};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(input) = Input::parse(bytes) else { return };
    // Some providers are asked at the address that the operator wrote.
    let instance = Secret::new("s1", "https://acme.example").expect("not empty");
    let (request, secrets) = (input.request(), [secret(), instance]);
    let mut keys = Keys::none();
    for wanted in key_requests(&input.provider, &secrets, &request) {
        assert!(wanted.source().url().starts_with("https://"));
        let answer = wanted.source().read(request.body, Vec::new, NOW);
        let found = answer.ok().and_then(|set| set.get(wanted.id()).cloned());
        if let Some(key) = found {
            keys.insert(wanted, key);
        }
    }
    // The sender may have made the key, so that it verifies is no fault.
    drop(verify_with(&input.provider, &secrets, &keys, &request, NOW));
});

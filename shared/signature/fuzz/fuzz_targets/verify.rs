//! No request panics, and none verifies under a secret that nobody can guess.

#![no_main]

use hookdock_signature::verify;
use hookdock_signature_fuzz::{Input, NOW, secret};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(input) = Input::parse(bytes) else { return };
    assert!(verify(&input.provider, &[secret()], &input.request(), NOW).is_err());
});

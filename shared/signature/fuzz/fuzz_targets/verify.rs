//! No request panics, and none verifies under a secret that nobody can guess.

#![no_main]

use hookdock_signature::{EpochMillis, Secret, verify};
use hookdock_signature_fuzz::Input;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(input) = Input::parse(bytes) else { return };
    let secret = Secret::new("s0", "b3b0c44298fc1c149afbf4c8996fb924").expect("not empty");
    let now = EpochMillis::new(1_795_302_439_000);
    assert!(verify(&input.provider, &[secret], &input.request(), now).is_err());
});

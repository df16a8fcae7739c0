//! No text makes a definition panic, and one that parses has an id that is a file's name.

#![no_main]

use hookdock_signature::Provider;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(provider) = Provider::from_toml(text) {
        assert!(!provider.id().is_empty() && !provider.id().contains(['/', '.']));
    }
});

//! No request makes a selector panic, and what it finds is not empty.

#![no_main]

use hookdock_signature::{RequestView, Selector};
use hookdock_signature_fuzz::Input;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(input) = Input::parse(bytes) else { return };
    let request = input.request();
    let view = RequestView::of(&request);
    let selectors = [input.provider.event_id(), input.provider.event_type()];
    for selected in selectors.into_iter().flatten().map(|one: &Selector| one.select_from(&view)) {
        if let Ok(Some(selected)) = selected {
            assert!(!selected.value.is_empty());
        }
    }
});

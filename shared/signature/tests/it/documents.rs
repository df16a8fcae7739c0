//! The table of providers is current.

#[path = "../../examples/providers/table.rs"]
mod table;

use std::collections::BTreeSet;

use hookdock_signature::catalog;

const PROVIDERS: &str = include_str!("../../PROVIDERS.md");

#[test]
fn the_table_of_providers_is_current() {
    let command =
        "cargo run -p hookdock-signature --example providers > shared/signature/PROVIDERS.md";
    assert!(table::document().unwrap() == PROVIDERS, "stale, run: {command}");
}

#[test]
fn the_page_has_the_card_of_every_provider_with_its_set_up() {
    for provider in catalog::ids().filter_map(catalog::find) {
        let head = format!("\n### {} ({})\n\n", provider.name(), provider.id());
        let (_, card) = PROVIDERS.split_once(&head).unwrap();
        let card = card.split("\n### ").next().unwrap();
        for row in ["- trust: ", "- set-up: At ", "- body: ", "- methods: "] {
            assert!(card.contains(row), "{}: {row}", provider.id());
        }
        assert_eq!(card.contains("- window: "), provider.window_seconds().is_some());
        assert_eq!(card.matches("- control: ").count(), provider.controls().len());
    }
}

#[test]
fn every_sender_is_shipped_or_has_a_reason_and_never_both() {
    let shipped: BTreeSet<&str> = catalog::ids().collect();
    let left_out = table::not_shipped().unwrap().provider;
    let ids: BTreeSet<&str> = left_out.iter().map(|one| &*one.id).collect();
    assert_eq!(ids.len(), left_out.len());
    assert!(left_out.is_sorted_by_key(|one| &one.id));
    assert_eq!(shipped.intersection(&ids).next(), None);
    for one in &left_out {
        assert!(one.reason.ends_with('.') && !one.name.is_empty(), "{}", one.id);
    }
}

//! What holds for every provider of the catalogue.

use hookdock_signature::{Provider, Trust, catalog};

use crate::support::{Vector, check, vectors};

#[test]
fn every_file_parses_and_is_named_after_its_id() {
    for id in catalog::ids() {
        let text = catalog::text(id).unwrap();
        let provider = Provider::from_toml(text).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(provider.id(), id);
        assert!(catalog::find(id).is_some(), "{id}");
    }
}

#[test]
fn every_file_says_where_it_comes_from() {
    for id in catalog::ids() {
        let provider = catalog::find(id).unwrap();
        assert!(!provider.sources().is_empty(), "{id}");
        for source in provider.sources() {
            assert!(is_year_and_month(&source.read), "{id}: {source:?}");
        }
    }
}

fn is_year_and_month(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let split = text.split_once('-');
    split.is_some_and(|(year, month)| {
        year.len() == 4 && month.len() == 2 && digits(year) && digits(month)
    })
}

#[test]
fn every_vector_is_accepted() {
    for id in catalog::ids() {
        let provider = catalog::find(id).unwrap();
        for vector in vectors(id) {
            assert_eq!(vector.expect, "accept", "{}", vector.id);
            check(&vector.id, &vector.case(provider.clone()), &Ok("s0"));
        }
    }
}

#[test]
fn every_provider_has_a_signature_that_was_not_made_here() {
    let outside = |vector: &Vector| vector.origin != "generated" || !vector.confirmed_by.is_empty();
    for id in catalog::ids() {
        assert!(vectors(id).iter().any(outside), "{id}");
    }
}

#[test]
fn every_vector_names_its_source() {
    for id in catalog::ids() {
        for vector in vectors(id) {
            assert!(!vector.source.is_empty() && is_year_and_month(&vector.read), "{}", vector.id);
            let trust = [Trust::Verified, Trust::ThirdParty, Trust::Unconfirmed];
            assert!(trust.iter().any(|trust| trust.as_str() == vector.trust), "{}", vector.id);
        }
    }
}

#[test]
fn the_first_four_are_there() {
    let ids: Vec<_> = catalog::ids().collect();
    for id in ["github", "shopify", "standard-webhooks", "stripe"] {
        assert!(ids.contains(&id), "{id}");
    }
    assert!(ids.is_sorted());
}

#[test]
fn an_unknown_id_finds_nothing() {
    for id in ["", "git", "GitHub", "../stripe", "github.toml"] {
        assert!(catalog::find(id).is_none(), "{id}");
    }
}

#[test]
fn the_first_four_say_how_long_they_wait() {
    let waits = [
        ("github", Some(10_000)),
        ("shopify", Some(5_000)),
        ("standard-webhooks", Some(15_000)),
        ("stripe", None),
    ];
    for (id, millis) in waits {
        let within = catalog::find(id).unwrap().answer_within();
        assert_eq!(within.map(|within| within.as_millis()), millis, "{id}");
    }
}

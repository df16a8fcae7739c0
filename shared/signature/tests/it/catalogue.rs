//! What holds for every provider of the catalogue.

use hookdock_signature::{Class, Provider, Trust, catalog};

use crate::support::{Case, Vector, check, is_verifiable, vectors};

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

#[test]
fn every_file_says_what_hangs_on_its_events() {
    for id in catalog::ids() {
        assert!(catalog::find(id).unwrap().class().is_some(), "{id}");
    }
    for (id, class) in [
        ("stripe", Class::Money),
        ("paypal", Class::Money),
        ("shopify", Class::Money),
        ("clerk", Class::Access),
        ("openai", Class::Ai),
        ("zendesk", Class::Customers),
        ("github", Class::Tools),
        ("standard-webhooks", Class::Any),
    ] {
        assert_eq!(catalog::find(id).unwrap().class(), Some(class), "{id}");
    }
}

#[test]
fn what_is_called_verified_was_read_somewhere() {
    for id in catalog::ids() {
        let provider = catalog::find(id).unwrap();
        let trust = provider.trust();
        let read = provider.sources().iter().any(|source| !source.what.starts_with("To be read: "));
        let claims = [trust.scheme, trust.delivery].contains(&Trust::Verified);
        assert!(read || !claims, "{id}");
    }
}

#[test]
fn a_definition_from_memory_says_so_to_whoever_opens_it() {
    for id in catalog::ids().filter(|id| *id != "generic-hmac") {
        let from_memory = catalog::find(id).unwrap().trust().scheme == Trust::Unconfirmed;
        let says_so = catalog::text(id).unwrap().contains("# The scheme is from memory.");
        assert_eq!(says_so, from_memory, "{id}");
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
        for vector in vectors(id).iter().filter(|_| is_verifiable(&provider)) {
            assert_eq!(vector.expect, "accept", "{}", vector.id);
            check(&vector.id, &vector.case(provider.clone()), &Ok("s0"));
        }
    }
}

#[test]
fn what_nobody_else_signed_is_marked_so() {
    let made_here =
        |vector: &Vector| vector.origin == "generated" && vector.confirmed_by.is_empty();
    for vector in catalog::ids().flat_map(vectors).filter(made_here) {
        assert_eq!(vector.trust, "unconfirmed", "{}", vector.id);
    }
}

#[test]
fn every_file_of_vectors_belongs_to_a_definition() {
    let folder = format!("{}/vectors", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let id = path.file_stem().unwrap().to_str().unwrap();
        assert!(catalog::find(id).is_some() && !vectors(id).is_empty(), "{id}");
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

#[test]
fn every_alternative_has_a_signed_example() {
    for id in catalog::ids() {
        let provider = catalog::find(id).unwrap();
        if provider.scheme().fetches_keys() || !is_verifiable(&provider) {
            // Signed with keys that the tests make: see `fetched_keys`.
            continue;
        }
        let cases: Vec<_> =
            vectors(id).iter().map(|vector| vector.case(provider.clone())).collect();
        let held = |case: &Case| case.verify().ok()?.alternative().map(str::to_owned);
        let held: Vec<_> = cases.iter().filter_map(held).collect();
        for alternative in provider.alternatives() {
            let name = alternative.alternative().unwrap().to_owned();
            assert!(held.contains(&name), "{id}: {name}");
        }
    }
}

#[test]
fn no_window_is_shorter_than_the_retries_that_carry_the_time_of_the_first_try() {
    let mut looked_at = Vec::new();
    for id in catalog::ids() {
        let provider = catalog::find(id).unwrap().with_windows_for_retries();
        for scheme in std::iter::once(provider.scheme()).chain(provider.alternatives()) {
            let Some(window) = scheme.tolerance_seconds() else { continue };
            if scheme.time_is_renewed_on_retry() == Some(false) {
                let retried_for = provider.delivery().retried_for_seconds;
                let retried_for = retried_for.unwrap_or_else(|| panic!("{id}: for how long?"));
                assert!(window >= retried_for, "{id}: {window} s, retried for {retried_for} s");
                looked_at.push(id);
            }
        }
    }
    looked_at.dedup();
    assert_eq!(looked_at, ["linear", "mailgun", "recharge"]);
}

#[test]
fn an_id_that_is_not_known_to_outlast_a_try_is_the_events_only_if_the_body_has_it() {
    let mut of_the_try = Vec::new();
    for id in catalog::ids() {
        let provider = catalog::find(id).unwrap();
        let Some(selector) = provider.event_id() else { continue };
        let expected = match provider.event_id_stable_on_retry() {
            Some(stable) => stable,
            None => selector.is_in_body(),
        };
        assert_eq!(provider.event_id_is_of_the_event(), expected, "{id}");
        if !expected {
            of_the_try.push(id);
        }
    }
    for id in ["supabase-auth", "linear", "woocommerce", "shipbob"] {
        assert!(of_the_try.contains(&id), "{id}");
    }
    for id in ["github", "standard-webhooks", "svix", "stripe", "shopify"] {
        assert!(!of_the_try.contains(&id), "{id}");
    }
}

#[test]
fn under_either_set_of_names_the_id_that_is_read_is_the_one_that_is_signed() {
    for id in ["clerk", "recall-ai", "resend", "seam", "stytch", "svix", "vanta"] {
        assert!(catalog::find(id).unwrap().event_id().unwrap().is_covered(), "{id}");
    }
}

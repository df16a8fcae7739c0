//! Samples are what their providers sign, and what the catalogue reads.

use hookdock_console::{Edits, Trigger};
use hookdock_signature::{EpochMillis, Secret, Trust, catalog, secret_fits, verify};
use serde::Deserialize;
use serde_json::Value;

use super::sample::{self, FOLDER};
use super::send::Signing;
use crate::saved_request::SavedRequest;

const NOW: EpochMillis = EpochMillis::new(1_796_000_000_000);

/// What a file says beside the sample, for readers.
#[derive(Deserialize)]
struct Written {
    source: Source,
    #[serde(rename = "type")]
    event_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    url: String,
    read: Option<String>,
    trust: Trust,
}

fn written(provider: &str, name: &str) -> Written {
    let text = std::fs::read(format!("{FOLDER}/{provider}/{name}.json")).expect("a file");
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{provider} {name}: {error}"))
}

/// All samples: the provider and the name.
fn all() -> Vec<(&'static str, String)> {
    let named = |provider| {
        let samples = sample::of(provider).unwrap_or_else(|error| panic!("{error:#}"));
        samples.into_iter().map(move |(name, _)| (provider, name))
    };
    sample::providers().flat_map(named).collect()
}

fn asked(provider: &str, name: &str, edits: Edits) -> Trigger {
    let (provider, event) = (provider.to_owned(), Some(name.to_owned()));
    Trigger { provider, event, edits, ..Trigger::default() }
}

fn signing(provider: &str) -> Signing {
    let provider = catalog::find(provider).expect("in the catalogue");
    let url = format!("https://hooks.example/webhooks/{}", provider.id());
    let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "user:password", "aGVsbG8="];
    let mut secrets = secrets.map(|text| Secret::new("s1", text).expect("a secret")).into_iter();
    let secret = secrets.find(|secret| secret_fits(&provider, secret));
    Signing { provider, secret, url }
}

fn signed(asked: &Trigger) -> SavedRequest {
    let request = signing(&asked.provider).request(asked, NOW);
    request.unwrap_or_else(|error| panic!("{} {:?}: {error:#}", asked.provider, asked.event))
}

fn is_valid(provider: &str, request: &SavedRequest) -> bool {
    let Signing { provider, secret, .. } = signing(provider);
    verify(&provider, &[secret.expect("one fits")], &request.request(), NOW).is_ok()
}

#[test]
fn every_sample_verifies_and_its_type_is_the_one_that_the_catalogue_finds() {
    for (provider, name) in all() {
        let request = signed(&asked(provider, &name, Edits::default()));
        assert!(is_valid(provider, &request), "{provider} {name}");
        let known = catalog::find(provider).expect("in the catalogue");
        let found = known.event_type().map(|selector| selector.select(&request.request()));
        let found = found.and_then(|found| found.expect("readable")).map(|found| found.value);
        let expected = written(provider, &name).event_type.unwrap_or_else(|| name.clone());
        let has_type = known.event_type().is_some();
        assert_eq!(found.as_deref(), has_type.then_some(&*expected), "{provider} {name}");
    }
}

#[test]
fn every_sample_has_an_id_where_the_catalogue_looks_for_one_and_no_slot_is_left() {
    for (provider, name) in all() {
        let id = "evt_of_a_test";
        let edits = Edits { id: Some(id.to_owned()), ..Edits::default() };
        let request = signed(&asked(provider, &name, edits));
        let known = catalog::find(provider).expect("in the catalogue");
        let found = known.event_id().map(|selector| selector.select(&request.request()));
        let found = found.map(|found| found.expect("readable"));
        assert!(!matches!(found, Some(None)), "{provider} {name} has no id");
        let text = String::from_utf8(request.body.clone()).expect("UTF-8");
        let headers: String = request.headers.iter().map(|(_, value)| value).collect();
        assert!(!text.contains("{{") && !headers.contains("{{"), "{provider} {name}: {text}");
        assert!(
            text.contains(id)
                || headers.contains(id)
                || text.contains("2026-")
                || text.contains("1767225600"),
            "{provider} {name}: nothing of it is new"
        );
    }
}

#[test]
fn the_same_id_makes_the_same_bytes_and_no_id_makes_another_event() {
    let given = || Edits { id: Some("evt_1".to_owned()), ..Edits::default() };
    let body = |edits| signed(&asked("stripe", "checkout.session.completed", edits)).body;
    assert_eq!(body(given()), body(given()));
    assert_ne!(body(Edits::default()), body(Edits::default()));
}

#[test]
fn every_sample_says_where_its_form_is_from_and_when_that_was_read() {
    for (provider, name) in all() {
        let Source { url, read, trust } = written(provider, &name).source;
        assert!(url.starts_with("https://"), "{provider} {name}");
        // What nobody has read is not confirmed, and the other way round.
        assert_eq!(read.is_none(), trust == Trust::Unconfirmed, "{provider} {name}");
    }
    assert!(sample::providers().count() >= 40);
}

#[test]
fn members_are_changed_added_and_left_out() {
    let check = |set: &[(&str, &str)], remove: &[&str], expected: Result<&str, &str>| {
        let edits = Edits {
            set: set.iter().map(|(at, value)| ((*at).to_owned(), (*value).to_owned())).collect(),
            remove: remove.iter().map(|at| (*at).to_owned()).collect(),
            body: Some(r#"{"a":{"b":1},"c":[1,2]}"#.to_owned()),
            ..Edits::default()
        };
        let made = signing("stripe").request(&asked("stripe", "invoice.paid", edits), NOW);
        let made = made.map(|request| String::from_utf8(request.body).expect("UTF-8"));
        match (made, expected) {
            (Ok(body), Ok(expected)) => assert_eq!(body, expected),
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (made, _) => panic!("{set:?} {remove:?}: {made:?}"),
        }
    };
    check(&[], &[], Ok(r#"{"a":{"b":1},"c":[1,2]}"#));
    check(&[("/a/b", "2")], &[], Ok(r#"{"a":{"b":2},"c":[1,2]}"#));
    check(&[("/a/x", "words")], &["/c"], Ok(r#"{"a":{"b":1,"x":"words"}}"#));
    check(&[("/c/-", "true")], &["/c/0"], Ok(r#"{"a":{"b":1},"c":[2,true]}"#));
    check(&[("/x/y", "1")], &[], Err("no object at \"/x\""));
    check(&[], &["/x"], Err("nothing at \"/x\""));
    check(&[], &["/c/9"], Err("nothing at \"/c/9\""));
}

#[test]
fn a_signature_that_is_to_be_wrong_or_old_is_refused() {
    for (provider, name) in all() {
        let bad = Trigger { bad_signature: true, ..asked(provider, &name, Edits::default()) };
        assert!(!is_valid(provider, &signed(&bad)), "{provider} {name}");
        let stale = Trigger { stale_seconds: 86_400, ..asked(provider, &name, Edits::default()) };
        match signing(provider).request(&stale, NOW) {
            Ok(request) => assert!(!is_valid(provider, &request), "{provider} {name}"),
            Err(error) => assert!(error.to_string().contains("signs no time"), "{error}"),
        }
    }
}

#[test]
fn a_body_that_is_json_stays_as_it_was_written_if_nothing_is_changed() {
    let edits = Edits { body: Some("{ \"b\": 1, \"a\": 2 }".to_owned()), ..Edits::default() };
    let request = signed(&Trigger { event: None, ..asked("stripe", "", edits) });
    assert_eq!(request.body, b"{ \"b\": 1, \"a\": 2 }");
    assert!(serde_json::from_slice::<Value>(&request.body).is_ok());
}

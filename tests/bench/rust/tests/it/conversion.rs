//! Requests that are made of events: the facts behind "Why not `lambda_http`?" in docs/design/ingest.md
//! (`lambda_http` 1.3.2, `aws_lambda_events` 1.2.1).

use std::panic;

use lambda_http::{RequestExt as _, request};
use serde_json::{Value, json};

use super::event;

/// The request of `lambda_http`.
fn theirs(changes: &[(&str, Value)]) -> lambda_http::Request {
    request::from_str(&event(changes)).expect("an event")
}

/// The URL that ingest reads, and its headers.
fn ours(changes: &[(&str, Value)]) -> (String, Vec<(String, String)>) {
    let event: hookdock_ingest::HttpEvent =
        serde_json::from_str(&event(changes)).expect("an event");
    let incoming = event.into_incoming(None).expect("a request");
    let headers = incoming.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    (incoming.url, headers.collect())
}

fn values<'a>(headers: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    let named = headers.iter().filter(|(found, _)| found == name);
    named.map(|(_, value)| value.as_str()).collect()
}

/// What both say of the URL `https://{host}{path}?{query}`: ingest says it as it was sent.
fn check(host: &str, path: &str, query: &str, expected: &str) {
    let changes = [
        ("/headers/host", json!(host)),
        ("/rawPath", json!(path)),
        ("/rawQueryString", json!(query)),
    ];
    assert_eq!(theirs(&changes).uri().to_string(), expected);
    let question = if query.is_empty() { "" } else { "?" };
    assert_eq!(ours(&changes).0, format!("https://{host}{path}{question}{query}"));
}

#[test]
fn a_query_with_a_character_that_no_uri_has_panics_here_and_is_a_url_to_ingest() {
    for query in ["a=<b>", "a=\"b\"", "a=b c", "a=\u{7f}"] {
        let changes = [("/rawQueryString", json!(query))];
        let panicked = panic::catch_unwind(|| theirs(&changes)).expect_err(query);
        let message = panicked.downcast_ref::<String>().expect("a text");
        assert!(message.starts_with("failed to build request"), "{query}: {message}");
        let (url, _) = ours(&changes);
        assert!(url.ends_with(&format!("/webhooks/github?{query}")), "{url}");
    }
}

#[test]
fn a_query_that_a_uri_may_have_stays_as_it_was_sent() {
    for query in ["a=%2F+c&b=%3Cb%3E", "a=%7e&b=%2f%2F", "a=%zz&b=%", "a={b}|c^`", "a=caf\u{e9}"] {
        let url = format!("https://hooks.example/webhooks/github?{query}");
        check("hooks.example", "/webhooks/github", query, &url);
    }
}

#[test]
fn other_parts_of_a_url_are_rewritten_here_and_stay_as_they_were_sent_to_ingest() {
    for (host, path, query, expected) in [
        ("hooks.example", "/webhooks/../x", "", "https://hooks.example/x"),
        ("hooks.example", "/webhooks/%2e%2e/x", "", "https://hooks.example/x"),
        ("hooks.example", "/webhooks/a b", "", "https://hooks.example/webhooks/a%20b"),
        ("hooks.example", "/webhooks/<b>", "", "https://hooks.example/webhooks/%3Cb%3E"),
        ("hooks.example", "/webhooks/caf\u{e9}", "", "https://hooks.example/webhooks/caf%C3%A9"),
        ("hooks.example", "/webhooks/a\\b", "", "https://hooks.example/webhooks/a/b"),
        ("hooks.example", "/webhooks/a#b", "", "https://hooks.example/webhooks/a"),
        ("hooks.example", "/webhooks/a", "b#c", "https://hooks.example/webhooks/a?b"),
        ("hooks.example:443", "/webhooks/a", "", "https://hooks.example/webhooks/a"),
        ("Hooks.Example", "/webhooks/a", "", "https://hooks.example/webhooks/a"),
    ] {
        check(host, path, query, expected);
    }
}

/// The path alone can still be had as it came; the query cannot.
#[test]
fn the_path_is_also_handed_out_as_it_was_sent() {
    let request = theirs(&[("/rawPath", json!("/webhooks/../x"))]);
    assert_eq!(request.raw_http_path(), "/webhooks/../x");
}

#[test]
fn a_header_outside_of_ascii_is_the_same_bytes_here_and_to_ingest() {
    for value in ["caf\u{e9}", "\u{65e5}\u{672c}", "a\tb"] {
        let changes = [("/headers/x-name", json!(value))];
        assert_eq!(theirs(&changes).headers()["x-name"].as_bytes(), value.as_bytes());
        assert_eq!(values(&ours(&changes).1, "x-name"), [value]);
    }
}

#[test]
fn a_header_that_http_cannot_have_fails_the_event_here_and_is_kept_by_ingest() {
    let changes = [("/headers/x-name", json!("a\nb"))];
    assert!(request::from_str(&event(&changes)).is_err());
    assert_eq!(values(&ours(&changes).1, "x-name"), ["a\nb"]);
}

#[test]
fn a_repeated_header_is_the_value_that_the_gateway_has_joined_here_and_to_ingest() {
    let changes = [("/headers/x-name", json!("one,two")), ("/cookies", json!(["a=1", "b=2"]))];
    let (theirs, (_, ours)) = (theirs(&changes), ours(&changes));
    for (name, expected) in [("x-name", "one,two"), ("cookie", "a=1; b=2")] {
        let joined: Vec<_> = theirs.headers().get_all(name).iter().collect();
        assert_eq!(joined, [expected], "{name}");
        assert_eq!(values(&ours, name), [expected], "{name}");
    }
}

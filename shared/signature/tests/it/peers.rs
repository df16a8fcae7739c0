//! What other projects believe of each provider, as requests of our own.
//!
//! The idea of a row is somebody else's, be it a survey, another verifier or a page; secret, body
//! and signature were made for it by Python. So a definition that drifts from what is known of its
//! provider fails here, although it agrees with itself.

use std::collections::{BTreeMap, BTreeSet};

use hookdock_signature::{
    EpochMillis, Headers, Provider, Rejection, Request, Secret, catalog, verify,
};
use serde::Deserialize;

const URL: &str = "https://example.com/hooks/x?tenant=1";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    provider: String,
    idea: String,
    secret: String,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    url: Option<String>,
    headers: BTreeMap<String, String>,
    body: String,
    now_ms: i64,
    /// `accept`, or the code of the refusal.
    expect: String,
}

fn rows() -> Vec<Row> {
    serde_json::from_str(include_str!("peers.json")).unwrap()
}

impl Row {
    fn provider(&self) -> Provider {
        let provider = catalog::find(&self.provider).unwrap();
        let settings = self.settings.iter();
        settings.fold(provider, |provider, (name, value)| provider.configure(name, value).unwrap())
    }

    fn verdict(&self, body: &[u8]) -> &'static str {
        let headers: Headers = self.headers.clone().into_iter().collect();
        let url = self.url.as_deref().unwrap_or(URL);
        let request = Request { method: "POST", url, headers: &headers, body };
        let secret = Secret::new("s0", &*self.secret).unwrap();
        let verdict = verify(&self.provider(), &[secret], &request, EpochMillis::new(self.now_ms));
        verdict.as_ref().map_or_else(Rejection::code, |_| "accept")
    }
}

#[test]
fn every_request_that_others_would_send_or_refuse_is_judged_so() {
    for row in rows() {
        let verdict = row.verdict(row.body.as_bytes());
        assert_eq!(verdict, row.expect, "{}: {}", row.provider, row.idea);
    }
}

#[test]
fn none_of_them_is_accepted_with_another_body_where_the_body_is_signed() {
    for row in rows().iter().filter(|row| row.expect == "accept") {
        let provider = row.provider();
        let binds = |message: &str| message.contains("{body}");
        if provider.scheme().message().is_some_and(binds) && row.idea != "the bare token" {
            let longer = format!("{} ", row.body);
            assert_ne!(row.verdict(longer.as_bytes()), "accept", "{}: {}", row.provider, row.idea);
        }
    }
}

#[test]
fn they_are_about_most_of_the_catalogue() {
    let providers: BTreeSet<String> = rows().into_iter().map(|row| row.provider).collect();
    assert!(providers.len() >= 200, "{}", providers.len());
}

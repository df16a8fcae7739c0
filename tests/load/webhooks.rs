//! Webhooks as GitHub sends them, each another event.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use hookdock_signature::{EpochMillis, Headers, Secret, catalog, sign};
use http::Request;
use http_body_util::Full;
use serde_json::json;

use crate::stubs::SECRET;

/// One body and its signature, under ever new ids.
pub(crate) struct Webhooks {
    body: Bytes,
    signature: Vec<(String, String)>,
    endpoint: &'static str,
    count: AtomicUsize,
}

impl Webhooks {
    pub(crate) fn to(endpoint: &'static str, bytes: usize) -> Self {
        let filling = "x".repeat(bytes.saturating_sub(48));
        let body = json!({ "action": "opened", "issue": { "title": filling } }).to_string();
        let secret = Secret::new("s1", SECRET).expect("not empty");
        let github = catalog::find("github").expect("in the catalogue");
        let draft = hookdock_signature::Request {
            method: "POST",
            url: "http://127.0.0.1/webhooks/github",
            headers: &Headers::default(),
            body: body.as_bytes(),
        };
        let signature = sign(&github, &secret, &draft, EpochMillis::new(0)).expect("signed");
        Self { body: body.into(), signature, endpoint, count: AtomicUsize::new(0) }
    }

    pub(crate) fn next(&self) -> Request<Full<Bytes>> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let mut request = Request::post(format!("/webhooks/{}", self.endpoint))
            .header("host", "127.0.0.1")
            .header("content-type", "application/json")
            .header("user-agent", "GitHub-Hookshot/044aadd")
            .header("x-github-event", "issues")
            .header("x-github-delivery", format!("72d3162e-cc78-11e3-81ab-{number:012}"));
        for (name, value) in &self.signature {
            request = request.header(name, value);
        }
        request.body(Full::new(self.body.clone())).expect("a request")
    }
}

//! What strangers try with handshakes.

use http::StatusCode;
use serde_json::Value;

use crate::asking::{Ask, Outcome, play};

const X: &str = "provider = 'x'\nsecrets = ['x secret']";
const ZOOM: &str = "provider = 'zoom'\nsecrets = ['zoom secret']";
const LINKEDIN: &str = "provider = 'linkedin'\nsecrets = ['linkedin secret']";
const SMARTCAR: &str = "provider = 'smartcar'\nsecrets = ['smartcar token']";
const BRAINTREE: &str =
    "provider = 'braintree'\nsecrets = ['private key']\nsettings.public_key = 'public_key'";
const META: &str = "provider = 'meta'\nsecrets = ['app secret']\nsettings.verify_token = 'v3rify'";
const SHARED: &str = "provider = '*'\nsecrets = ['s']";

async fn refused(endpoint: &str, ask: Ask, status: u16, code: &str) {
    let outcome = play(endpoint, &ask).await;
    let found = (outcome.answer.status().as_u16(), outcome.lines[0]["reason.code"].as_str());
    assert_eq!(found, (status, Some(code)), "{ask:?}");
    assert_eq!(outcome.stored, 0, "{ask:?}");
}

async fn answered(endpoint: &str, ask: Ask) -> Outcome {
    let outcome = play(endpoint, &ask).await;
    assert_eq!(outcome.answer.status(), StatusCode::OK, "{ask:?}");
    outcome
}

fn field(outcome: &Outcome, name: &str) -> String {
    let answer: Value = serde_json::from_str(outcome.body()).expect("JSON");
    answer[name].as_str().expect("a text").to_owned()
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_challenge_signs_no_event_of_x() {
    for body in ["abc", "12345", "A", "true", "MGYzZGYz+/3A="] {
        let query = format!("?crc_token={}", body.replace('+', "%2B").replace('=', "%3D"));
        let mac = field(&answered(X, Ask::get(&query)).await, "response_token");
        let event = Ask::post("", body).with("x-twitter-webhooks-signature", &mac);
        refused(X, event, 401, "like_a_challenge").await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_challenge_signs_no_event_of_smartcar() {
    let ask = r#"{"eventType":"VERIFY","payload":{"challenge":"abc"}}"#;
    let mac = field(&answered(SMARTCAR, Ask::post("", ask)).await, "challenge");
    let event = Ask::post("", "abc").with("SC-Signature", &mac);
    refused(SMARTCAR, event, 401, "like_a_challenge").await;
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_challenge_signs_no_event_of_linkedin() {
    let ask = Ask::get("?challengeCode=abc");
    let mac = field(&answered(LINKEDIN, ask).await, "challengeResponse");
    // What is signed begins with `hmacsha256=`, which no challenge can.
    refused(LINKEDIN, Ask::post("", "abc").with("X-LI-Signature", &mac), 401, "mismatch").await;
    let prefixed = Ask::get("?challengeCode=hmacsha256%3Dabc");
    refused(LINKEDIN, prefixed, 400, "handshake_malformed").await;
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_challenge_signs_no_event_of_braintree() {
    let challenge = "20f9f8ed05f77439fe955c977e4c8a53";
    let outcome = answered(BRAINTREE, Ask::get(&format!("?bt_challenge={challenge}"))).await;
    let signature = outcome.body().replace('|', "%7C");
    let event = format!("bt_signature={signature}&bt_payload={challenge}");
    refused(BRAINTREE, Ask::post("", &event), 401, "like_a_challenge").await;
    // The other form that is accepted ends a line, which no challenge does.
    let event = format!("bt_signature={signature}&bt_payload={challenge}%0A");
    refused(BRAINTREE, Ask::post("", &event), 401, "mismatch").await;
}

#[tokio::test(start_paused = true)]
async fn zoom_answers_nobody_whom_it_cannot_verify_and_never_what_it_signs() {
    let ask = |token: &str| {
        format!(r#"{{"event":"endpoint.url_validation","payload":{{"plainToken":"{token}"}}}}"#)
    };
    refused(ZOOM, Ask::post("", &ask("abc")), 401, "missing_header").await;
    for token in ["v0:1800000000:{}", "v0:1", "a.b", "{}"] {
        let signed = Ask::signed("zoom", "zoom secret", &ask(token));
        refused(ZOOM, signed, 400, "handshake_malformed").await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_key_is_used_on_what_could_be_an_event() {
    let long = "a".repeat(129);
    for challenge in ["%7B%22id%22%3A1%7D", "a.b", "a:b", "a%20b", "%5B1%5D", "caf%C3%A9", &long] {
        for (endpoint, name) in
            [(X, "crc_token"), (LINKEDIN, "challengeCode"), (BRAINTREE, "bt_challenge")]
        {
            let ask = Ask::get(&format!("?{name}={challenge}"));
            refused(endpoint, ask, 400, "handshake_malformed").await;
        }
    }
    for short in ["abcdef", "20f9f8ed05f77439fe9", "20f9f8ed05f77439fe955c977e4c8a530"] {
        let ask = Ask::get(&format!("?bt_challenge={short}"));
        refused(BRAINTREE, ask, 400, "handshake_malformed").await;
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_a_browser_would_run_is_reflected() {
    let script = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let meta = format!("?hub.mode=subscribe&hub.verify_token=v3rify&hub.challenge={script}");
    refused(META, Ask::get(&meta), 400, "handshake_malformed").await;
    for (provider, ask) in [
        ("dropbox", Ask::get(&format!("?challenge={script}"))),
        ("nylas", Ask::get(&format!("?challenge={script}"))),
        ("microsoft-graph", Ask::post(&format!("?validationToken={script}"), "")),
        ("sharepoint", Ask::post(&format!("?validationtoken={script}"), "")),
        ("okta", Ask::get("").with("X-Okta-Verification-Challenge", "<script>")),
        ("front", Ask::post("", "").with("X-Front-Challenge", "<script>")),
        ("monday", Ask::post("", r#"{"challenge":"<script>"}"#)),
        ("tebex", Ask::post("", r#"{"type":"validation.webhook","id":"<script>"}"#)),
    ] {
        refused(SHARED, ask.to(provider), 400, "handshake_malformed").await;
    }
    let plain = answered(SHARED, Ask::get("?challenge=a%22%26%3B").to("dropbox")).await;
    assert_eq!(plain.body(), "a\"&;");
    assert_eq!(plain.answer.headers()["content-type"], "text/plain");
    assert_eq!(plain.answer.headers()["x-content-type-options"], "nosniff");
}

#[tokio::test(start_paused = true)]
async fn a_line_end_in_a_challenge_does_not_reach_a_header_or_a_log() {
    let ask = Ask::get("?challenge=a%0D%0ASet-Cookie%3A%20b").to("dropbox");
    refused(SHARED, ask, 400, "handshake_malformed").await;
    let ask = Ask::get("?challenge=a%00b").to("dropbox");
    refused(SHARED, ask, 400, "handshake_malformed").await;
}

#[tokio::test(start_paused = true)]
async fn a_verify_token_has_to_be_right_and_set_and_there_once() {
    let ask = |rest: &str| Ask::get(&format!("?hub.mode=subscribe&hub.challenge=1{rest}"));
    for rest in ["", "&hub.verify_token=", "&hub.verify_token=v3rif", "&hub.verify_token=V3RIFY"] {
        refused(META, ask(rest), 403, "handshake_unexpected").await;
    }
    let twice = ask("&hub.verify_token=v3rify&hub.verify_token=v3rify");
    refused(META, twice, 400, "handshake_repeated").await;
    for unset in ["", "\nsettings.verify_token = ' '"] {
        let endpoint = format!("provider = 'meta'\nsecrets = ['app secret']{unset}");
        refused(&endpoint, ask("&hub.verify_token="), 403, "handshake_not_set").await;
        refused(&endpoint, ask("&hub.verify_token=%20"), 403, "handshake_not_set").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_verify_token_signs_nothing_and_a_secret_is_no_verify_token() {
    let event = |secret| Ask::signed("meta", secret, r#"{"object":"page"}"#);
    refused(META, event("v3rify"), 401, "mismatch").await;
    assert_eq!(play(META, &event("app secret")).await.stored, 1);
    let ask = "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=app%20secret";
    refused(META, Ask::get(ask), 403, "handshake_unexpected").await;
}

#[tokio::test(start_paused = true)]
async fn a_part_that_is_repeated_makes_the_handshake_nobodys() {
    for (endpoint, query, code) in [
        (SHARED, "?challenge=a&challenge=a", "handshake_repeated"),
        (X, "?crc_token=a&crc_token=b", "handshake_repeated"),
    ] {
        refused(endpoint, Ask::get(query).to("dropbox"), 400, code).await;
    }
    let mode = "?hub.mode=subscribe&hub.mode=subscribe&hub.challenge=1&hub.verify_token=v3rify";
    refused(META, Ask::get(mode), 400, "not_a_handshake").await;
    let header = Ask::get("").to("okta").with("X-Okta-Verification-Challenge", "a");
    let header = header.with("X-Okta-Verification-Challenge", "b");
    refused(SHARED, header, 400, "handshake_repeated").await;
}

#[tokio::test(start_paused = true)]
async fn a_challenge_that_is_too_long_is_not_answered() {
    let ask = Ask::get(&format!("?challenge={}", "a".repeat(257))).to("dropbox");
    refused(SHARED, ask, 400, "handshake_malformed").await;
    let ask = Ask::get(&format!("?challenge={}", "a".repeat(256))).to("dropbox");
    answered(SHARED, ask).await;
}

#[tokio::test(start_paused = true)]
async fn a_body_too_large_for_a_handshake_is_not_looked_into() {
    let ask = |length| {
        let padding = "a".repeat(length);
        Ask::post("", &format!(r#"{{"challenge":"abc","padding":"{padding}"}}"#)).to("monday")
    };
    answered(SHARED, ask(1000)).await;
    refused(SHARED, ask(4096), 401, "missing_header").await;
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_comes_signed_is_answered_only_then() {
    for (provider, body) in [
        ("slack", r#"{"type":"url_verification","challenge":"abc"}"#),
        ("xero", r#"{"events":[]}"#),
        ("line", r#"{"events":[]}"#),
        ("asana", r#"{"events":[]}"#),
        ("intercom", r#"{"topic":"ping"}"#),
        ("google-health", r#"{"type":"verification"}"#),
    ] {
        refused(SHARED, Ask::post("", body).to(provider), 401, "missing_header").await;
        refused(SHARED, Ask::signed(provider, "guessed", body), 401, "mismatch").await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_secret_there_is_no_answer_under_one() {
    let endpoint = "provider = 'x'\nsecrets = ['']";
    refused(endpoint, Ask::get("?crc_token=abc"), 401, "handshake_no_secret").await;
}

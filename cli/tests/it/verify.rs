//! `hookdock verify`: verdicts, files and exit codes.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::{self, file, folder, run, stderr, stdout};

/// The example of GitHub's documentation.
fn published() -> Value {
    json!({
        "method": "POST",
        "url": "https://hooks.example/github",
        "headers": { "X-Hub-Signature-256":
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" },
        "body": "Hello, World!",
    })
}

fn verify(folder: &Path, request: &str, more: &[&str]) -> Output {
    let secret = file(folder, "secret.txt", "It's a Secret to Everybody\n");
    let request = file(folder, "request.json", request);
    let own = ["verify", "--provider", "github", "--secret-file", &secret, "--request", &request];
    run(&[&own[..], more].concat())
}

#[test]
fn the_published_example_is_valid_in_every_form_of_file() {
    let folder = folder("verify-forms");
    let signature = published()["headers"]["X-Hub-Signature-256"].clone();
    for (key, value) in [
        ("method", json!("POST")),
        ("headers", json!([["x-hub-signature-256", signature]])),
        ("headers", json!({ "X-HUB-SIGNATURE-256": [signature], "Accept": ["a", "b"] })),
        ("url", Value::Null),
    ] {
        let mut request = published();
        request[key] = value;
        let output = verify(&folder, &request.to_string(), &[]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    let mut request = published();
    request.as_object_mut().expect("an object").remove("body");
    request["body_base64"] = json!("SGVsbG8sIFdvcmxkIQ==");
    assert_eq!(verify(&folder, &request.to_string(), &[]).status.code(), Some(0));
}

#[test]
fn every_secret_is_tried_and_the_one_that_matched_is_named() {
    let folder = folder("verify-secrets");
    let other = file(&folder, "other.txt", "another");
    let output = verify(&folder, &published().to_string(), &["--secret-file", &other, "--json"]);
    let report = support::json(&output);
    assert_eq!(report["valid"], true);
    assert!(report["secret"].as_str().expect("a path").ends_with("secret.txt"));
    let reversed = ["--secret-file", &other];
    assert_eq!(verify(&folder, &published().to_string(), &reversed).status.code(), Some(0));
}

#[test]
fn exit_codes_tell_not_valid_from_failed_and_from_wrong_usage() {
    let folder = folder("verify-codes");
    let mut wrong = published();
    wrong["body"] = json!("Hello, World?");
    let output = verify(&folder, &wrong.to_string(), &[]);
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(
        stdout(&output),
        "not valid: no signature matches (mismatch; github, hmac-sha256)\n"
    );
    assert_eq!(stderr(&output), "--explain says why\n");
    assert_eq!(verify(&folder, "{}", &[]).status.code(), Some(1));
    assert_eq!(verify(&folder, "{}", &["--nope"]).status.code(), Some(2));
    let text = stdout(&run(&["verify", "--help"]));
    assert!(text.contains("0 valid, 4 not valid, 1 failed, 2 wrong usage"), "{text}");
}

#[test]
fn a_file_that_is_missing_is_named_with_why_and_what_to_do_next() {
    let folder = folder("verify-missing");
    let secret = file(&folder, "secret.txt", "secret");
    let missing = folder.join("missing");
    let missing = missing.to_str().expect("UTF-8");
    for (secret, request, next) in [
        (missing, "-", "the secret is read from a file: put it in"),
        (&*secret, missing, "`hookdock verify --help` shows the form of a request"),
    ] {
        let own = ["verify", "--provider", "github", "--secret-file", secret];
        let said = stderr(&run(&[&own[..], &["--request", request]].concat()));
        let what = format!("hookdock: failed to read {missing}: No such file or directory");
        assert!(said.starts_with(&what), "{said}");
        assert!(said.contains(&format!("; {next}")), "{said}");
    }
}

#[test]
fn a_file_that_is_no_request_is_explained_without_its_content() {
    let folder = folder("verify-files");
    for (text, said) in [
        ("\"hidden\"", "it has to be a JSON object"),
        ("{\"method\": \"hidden\"}", "missing field `headers`"),
        ("{\"headers\": {}, \"bodyBase64\": \"hidden\"}", "unknown field `bodyBase64`"),
        ("{\"headers\": \"hidden\"}", "`headers` has to be a map"),
        ("{\"headers\": [[\"a\", \"hidden\", \"b\"]]}", "`headers` has to be a map"),
        ("{\"headers\": {\"a\": 1}}", "header \"a\" is not a string"),
        ("{\"headers\": {\"a b\": \"hidden\"}}", "cannot be a header's name"),
        ("{\"headers\": {}, \"body\": {\"a\": \"hidden\"}}", "the exact text that was received"),
        ("{\"headers\": {}, \"body_base64\": \"hidden!\"}", "`body_base64` is not base64"),
        ("{\"headers\": {}, \"body\": \"hidden\", \"body_base64\": \"\"}", "leave one out"),
        ("{\"headers\": {}", "line 1"),
    ] {
        let output = verify(&folder, text, &[]);
        let all = stderr(&output);
        assert!(all.contains(said), "{said} in {all}");
        assert!(all.contains("request.json"), "{all}");
        assert!(!all.contains("hidden"), "{all}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn json_says_what_was_found() {
    let folder = folder("verify-json");
    let mut wrong = published();
    wrong["body"] = json!("Hello, World!\n");
    let report = support::json(&verify(
        &folder,
        &wrong.to_string(),
        &["--explain", "--json", "--now", "1795302439"],
    ));
    assert_eq!(report["valid"], false);
    assert_eq!(report["now"], "2026-11-21T23:07:19Z");
    assert_eq!(report["reason"], json!({ "code": "mismatch", "text": "no signature matches" }));
    let findings = report["findings"].as_array().expect("a list");
    let all: Vec<_> = findings.iter().map(|told| told["finding"].clone()).collect();
    assert_eq!(
        all,
        [
            json!({ "kind": "check", "failed": "signature" }),
            json!({
                "kind": "header", "name": "X-Hub-Signature-256", "role": "signature",
                "count": "once",
                "shape": { "form": "hex", "prefix": "sha256=", "digits": 64 },
                "expected": { "form": "hex", "prefix": "sha256=", "digits": 64 },
            }),
            json!({ "kind": "match", "changes": [
                { "of": "body", "how": { "change": "trailing_newline_removed" } },
            ] }),
        ]
    );
    assert!(findings.iter().all(|told| told["text"].is_string() && told["label"].is_string()));
}

#[test]
fn what_cannot_be_judged_is_a_failure_and_not_a_verdict() {
    let folder = folder("verify-unjudged");
    let output = verify(&folder, &published().to_string(), &["--setting", "a=b"]);
    assert!(stderr(&output).contains("the settings of github are: none"), "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(1));
    let mut request = published();
    request["url"] = Value::Null;
    let (secret, request) =
        (file(&folder, "s.txt", "secret"), file(&folder, "r.json", request.to_string()));
    for (id, name) in [("square", "Square"), ("twilio", "Twilio"), ("monday", "monday.com")] {
        let own = ["verify", "--provider", id, "--secret-file", &secret, "--request", &request];
        let output = run(&own);
        let said = format!("no `url`, which {name} signs");
        assert!(stderr(&output).contains(&said), "{}", stderr(&output));
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn a_method_that_hookdock_would_refuse_is_warned_of() {
    let folder = folder("verify-method");
    let mut request = published();
    let warnings = |request: &Value| {
        let output = verify(&folder, &request.to_string(), &["--json"]);
        (output.status.code(), support::json(&output)["warnings"].clone())
    };
    assert_eq!(warnings(&request), (Some(0), json!([])));
    request["method"] = json!("PUT");
    let said = "the method is PUT, and GitHub uses POST: Hookdock answers 405 and checks nothing";
    assert_eq!(warnings(&request), (Some(0), json!([said])));
    let text = stdout(&verify(&folder, &request.to_string(), &[]));
    assert!(text.contains(&format!("\n  warning  {said}")), "{text}");
}

//! Every provider that a shared secret can sign for: signed, verified, spoilt and explained.

use std::path::Path;

use hookdock_signature::catalog;
use serde_json::{Value, json};

use crate::support::{self, file, folder, run, stderr, stdout};
use crate::wrong::long_parts;

/// Good as text, as base64 and as hexadecimal.
const SECRET: &str = "686f6f6b646f636b2064656d6f2073656372657420303120616e6420";

const BODY: &str = r#"{"id":"evt_1","created_at":"1795302439","note":"hidden-in-the-body"}"#;

/// The arguments that fill in what a provider's definition leaves open.
fn particulars(id: &str) -> Vec<String> {
    let card = support::json(&run(&["providers", id, "--json"]));
    let list = |key: &str| card["provider"][key].as_array().cloned().unwrap_or_default();
    let headers = list("headers").into_iter().filter_map(|name| {
        let name = name.as_str()?.to_owned();
        Some(["--header".to_owned(), format!("{name}: 1795302439")])
    });
    let open = |setting: &Value| setting["default"].is_null();
    let settings = list("settings").into_iter().filter(open).filter_map(|setting| {
        let name = setting["name"].as_str()?.to_owned();
        Some(["--setting".to_owned(), format!("{name}=X-Value")])
    });
    headers.chain(settings).flatten().collect()
}

fn sign(folder: &Path, id: &str, body: &str, more: &[String]) -> Option<Value> {
    let (secret, body) = (file(folder, "secret.txt", SECRET), file(folder, "body", body));
    let mut arguments = vec!["sign", "--json", "--provider", id, "--secret-file", &secret];
    arguments.extend(["--body", &body, "--at", "1795302439"]);
    arguments.extend(more.iter().map(String::as_str));
    serde_json::from_slice(&run(&arguments).stdout).ok()
}

#[test]
fn all_that_is_signed_verifies_and_all_that_is_spoilt_is_explained_without_a_secret() {
    let ids: Vec<&str> = catalog::ids().collect();
    let signed: usize = std::thread::scope(|scope| {
        let checks = ids
            .chunks(ids.len().div_ceil(4))
            .map(|ids| scope.spawn(move || ids.iter().filter(|id| is_explained(id)).count()));
        let checks: Vec<_> = checks.collect();
        checks.into_iter().map(|check| check.join().expect("no panic")).sum()
    });
    assert!(signed * 2 > ids.len(), "{signed} of {}", ids.len());
}

/// Whether a shared secret can sign for this provider; if it can, everything is checked.
fn is_explained(id: &str) -> bool {
    let folder = folder(&format!("whole-catalogue-{id}"));
    let more = particulars(id);
    let Some(request) = sign(&folder, id, BODY, &more) else { return false };
    assert_eq!(verify(&folder, id, &request, &more).0, Some(0), "{id}");

    let mut spoilt = request.clone();
    let body = BODY.replace("evt_1", "evt_2");
    spoilt["body"] = json!(body);
    let (code, said) = verify(&folder, id, &spoilt, &more);
    let scheme = catalog::find(id).expect("listed").scheme().name();
    // A token says nothing about the body.
    let is_token = matches!(scheme, "token" | "basic");
    assert_eq!(code, Some(if is_token { 0 } else { 4 }), "{id}: {said}");

    let expected = sign(&folder, id, &body, &more).expect("signed before");
    let signatures = [&request, &expected].map(|request| long_parts(&request["headers"]));
    let hidden = ["hidden-in-the-body".to_owned(), SECRET.to_owned()].into_iter();
    for text in hidden.chain(signatures.into_iter().flatten()) {
        assert!(!said.contains(&text), "{id}: {text} in\n{said}");
    }
    std::fs::remove_dir_all(folder).expect("removed");
    true
}

fn verify(folder: &Path, id: &str, request: &Value, more: &[String]) -> (Option<i32>, String) {
    let (secret, request) =
        (folder.join("secret.txt"), file(folder, "request.json", request.to_string()));
    let secret = secret.to_str().expect("UTF-8");
    let mut arguments = vec!["verify", "--provider", id, "--secret-file", secret];
    arguments.extend(["--request", &request, "--now", "1795302439", "--explain", "--json"]);
    let settings = more.chunks(2).filter(|pair| pair[0] == "--setting").flatten();
    arguments.extend(settings.map(String::as_str));
    let output = run(&arguments);
    (output.status.code(), format!("{}{}", stdout(&output), stderr(&output)))
}

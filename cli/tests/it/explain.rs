//! `hookdock verify --explain` on requests that are wrong in a known way. That none of them shows
//! a secret, a signature or the body is checked for each in `wrong.rs`.

use hookdock_signature::catalog;

use crate::wrong::Wrong;

const COMPACT: &str =
    r#"{"id":"evt_1","note":"hidden-in-the-body é","list":[1.0,{}],"path":"a/b"}"#;
const SPACED: &str =
    r#"{"id": "evt_1", "note": "hidden-in-the-body \u00e9", "list": [1.0, {}], "path": "a/b"}"#;
const SLASHED: &str =
    r#"{"id":"evt_1","note":"hidden-in-the-body \u00e9","list":[1.0,{}],"path":"a\/b"}"#;
const INDENTED: &str = r#"{
  "id": "evt_1",
  "note": "hidden-in-the-body é",
  "list": [
    1.0,
    {}
  ],
  "path": "a/b"
}"#;

const EITHER: &str = "either the secret is not the one that signed, or the body was changed";
const STANDARD_SECRET: &str = "whsec_aG9va2RvY2sgZGVtbyBzZWNyZXQgMDE=";

#[test]
fn a_changed_byte() {
    let body = COMPACT.replace("evt_1", "evt_2");
    let said = Wrong::stripe("byte", COMPACT).body(&body).explained();
    said.says(
        "mismatch",
        &[
            "Stripe-Signature (the signature): with the fields t, v1, which is the right form",
            "the time stated is 2026-11-21T23:07:19Z, now; 300 s are allowed",
            EITHER,
            "each endpoint in the dashboard has its own",
        ],
    );
}

#[test]
fn json_that_was_parsed_and_written_again() {
    for (name, signed, received, how) in [
        ("compact", COMPACT, SPACED, "written without blanks and with letters instead of escapes"),
        ("python", SPACED, COMPACT, "a blank after each comma and colon and with \\u escapes for"),
        ("php", SLASHED, COMPACT, "with escaped slashes and \\u escapes for what is not ASCII"),
        ("indented", INDENTED, COMPACT, "written indented by two spaces"),
        ("from-indented", COMPACT, INDENTED, "written without blanks"),
    ] {
        let said = Wrong::stripe(&format!("json-{name}"), signed).body(received).explained();
        said.says("mismatch", &["the signature matches once the JSON is written", how]);
        said.says("mismatch", &["verify the bytes as they came in, before anything parses them"]);
        said.does_not_say(EITHER);
    }
}

#[test]
fn json_whose_keys_were_sorted() {
    let signed = r#"{"type":"a","id":"b","created":1,"data":"hidden-in-the-body"}"#;
    let received = r#"{"created":1,"data":"hidden-in-the-body","id":"b","type":"a"}"#;
    let said = Wrong::stripe("sorted", signed).body(received).explained();
    said.says("mismatch", &[EITHER, "the keys of the JSON are in the order of the alphabet"]);
}

#[test]
fn the_ends_of_lines_and_of_the_body() {
    let lines = INDENTED.replace('\n', "\r\n");
    for (name, signed, received, how) in [
        (
            "newline",
            COMPACT,
            &*format!("{COMPACT}\n"),
            "the newline at the end of the body is removed",
        ),
        (
            "no-newline",
            &*format!("{COMPACT}\n"),
            COMPACT,
            "a newline is added at the end of the body",
        ),
        ("crlf", INDENTED, &*lines, "the line ends of the body are LF instead of CRLF"),
        ("lf", &*lines, INDENTED, "the line ends of the body are CRLF instead of LF"),
        ("mark", COMPACT, &*format!("\u{feff}{COMPACT}"), "byte-order mark"),
    ] {
        let said = Wrong::github(&format!("ends-{name}"), signed).body(received).explained();
        said.says("mismatch", &["the signature matches once", how]);
    }
}

#[test]
fn a_body_that_was_encoded_or_decoded() {
    let base64 = "eyJub3RlIjoiaGlkZGVuLWluLXRoZS1ib2R5In0=";
    let json = r#"{"note":"hidden-in-the-body"}"#;
    let form = "payload=%7B%22note%22%3A%22hidden-in-the-body%22%7D";
    let latin1 = "{\"note\":\"hidden-in-the-body Ã©\"}";
    for (name, signed, received, how) in [
        ("base64", json, base64, "the body is decoded from base64: API Gateway"),
        ("string", json, r#""{\"note\":\"hidden-in-the-body\"}""#, "taken out of a JSON string"),
        ("payload", form, json, "the JSON encoded in its field `payload`"),
        ("form", "a=b+c&note=%C3%A9", "a=b c&note=é", "the fields of the form are encoded again"),
        (
            "latin1",
            "{\"note\":\"hidden-in-the-body é\"}",
            latin1,
            "read as UTF-8 instead of Latin-1",
        ),
    ] {
        let said = Wrong::github(&format!("coded-{name}"), signed).body(received).explained();
        said.says("mismatch", &["the signature matches once", how]);
    }
    let said = Wrong::github("empty", json).body("").explained();
    said.says("mismatch", &[EITHER, "the body is empty"]);
}

#[test]
fn a_request_that_is_too_old_or_too_early() {
    let said = Wrong::stripe("stale", COMPACT).seconds_later(600).explained();
    said.says(
        "stale",
        &[
            "the signature is right, but the time it was made at is too far from now",
            "2026-11-21T23:07:19Z, 600 s ago; 300 s are allowed",
            "give the time it came in at with --now",
        ],
    );
    said.does_not_say(EITHER);
    let said = Wrong::stripe("early", COMPACT).seconds_later(-301).explained();
    said.says("from_the_future", &["301 s in the future", "this machine's clock is slow"]);
}

#[test]
fn a_time_in_milliseconds() {
    let milliseconds = |headers: Vec<(String, String)>| {
        let changed =
            |(name, value): (String, String)| (name, value.replace("1795302439", "1795302439000"));
        headers.into_iter().map(changed).collect()
    };
    let said = Wrong::stripe("ms", COMPACT).headers(milliseconds).explained();
    said.says(
        "mismatch",
        &[
            "the time stated is 2026-11-21T23:07:19Z",
            "the time is in milliseconds, and has to be in seconds",
            "the signature matches once the time is written in seconds",
        ],
    );
    let headers = ["webhook-id: msg_1"];
    let said = Wrong::new("ms-header", "standard-webhooks", STANDARD_SECRET, COMPACT, &headers)
        .headers(milliseconds)
        .explained();
    said.says(
        "mismatch",
        &[
            "webhook-timestamp (the time): 13 digits",
            "the signature matches once the time is written in seconds",
        ],
    );
}

#[test]
fn a_header_that_is_missing() {
    let said =
        Wrong::github("missing", COMPACT).renamed("X-Hub-Signature-256", "X-None").explained();
    said.says(
        "missing_header",
        &[
            "does not have every part that the scheme needs",
            "X-Hub-Signature-256 (the signature): missing; it would be `sha256=` and 64 hex digits",
            "no secret is set at GitHub",
        ],
    );
    let headers = ["webhook-id: msg_1"];
    let said = Wrong::new("missing-id", "standard-webhooks", STANDARD_SECRET, COMPACT, &headers)
        .renamed("webhook-id", "X-None")
        .explained();
    said.says("missing_header", &["webhook-id (part of what is signed): missing"]);
}

#[test]
fn another_header_in_its_place() {
    for (name, found, how) in [
        (
            "legacy",
            "X-Hub-Signature",
            "X-Hub-Signature is there instead of X-Hub-Signature-256: an older form",
        ),
        (
            "cgi",
            "HTTP_X_HUB_SIGNATURE_256",
            "HTTP_X_HUB_SIGNATURE_256 is there instead of X-Hub-Signature-256: a web server passes",
        ),
        ("unknown", "X-Own-Signature", "X-Own-Signature is there instead of X-Hub-Signature-256"),
    ] {
        let said = Wrong::github(name, COMPACT).renamed("X-Hub-Signature-256", found).explained();
        said.says("missing_header", &["X-Hub-Signature-256 (the signature): missing", how]);
    }
}

#[test]
fn a_header_that_is_repeated() {
    let twice = |headers: Vec<(String, String)>| headers.iter().chain(&headers).cloned().collect();
    let said = Wrong::github("repeated", COMPACT).headers(twice).explained();
    said.says(
        "repeated_header",
        &[
            "X-Hub-Signature-256 (the signature): there more than once, and has to be there once",
            "wrote the header twice",
        ],
    );
}

#[test]
fn a_signature_that_was_cut_off() {
    let cut = |headers: Vec<(String, String)>| {
        let cut = |(name, mut value): (String, String)| {
            value.pop();
            (name, value)
        };
        headers.into_iter().map(cut).collect()
    };
    let said = Wrong::github("cut", COMPACT).headers(cut).explained();
    said.says(
        "malformed_header",
        &[
            "`sha256=` and 63 hex digits, and has to be `sha256=` and 64 hex digits",
            "the value was cut off",
        ],
    );
}

#[test]
fn two_things_at_once() {
    let said = Wrong::stripe("two", COMPACT)
        .body(&format!("{COMPACT}\n"))
        .secret("\"whsec_a_secret_that_Stripe_has\"")
        .explained();
    said.says(
        "mismatch",
        &[
            "the newline at the end of the body is removed",
            ", and the secret in",
            "loses the quotation marks",
        ],
    );
}

#[test]
fn another_provider() {
    let said = Wrong::stripe("other", COMPACT).taken_for("github").explained();
    said.says(
        "missing_header",
        &[
            "Stripe-Signature is there instead of X-Hub-Signature-256",
            "the signature is valid for another provider with this secret: try --provider stripe",
        ],
    );
    let said = Wrong::stripe("other-secret", COMPACT)
        .taken_for("github")
        .secret("another secret, guessed")
        .explained();
    said.says(
        "missing_header",
        &["the headers are those of another provider: try --provider stripe"],
    );
}

#[test]
fn one_of_many_providers_with_the_same_scheme() {
    let headers = ["webhook-id: msg_1"];
    let said = Wrong::new("family", "standard-webhooks", STANDARD_SECRET, COMPACT, &headers)
        .taken_for("stripe")
        .explained();
    said.says("missing_header", &["this secret: try --provider standard-webhooks or"]);
}

#[test]
fn a_url_behind_a_proxy() {
    let square = |name| Wrong::new(name, "square", "a secret that Square has", COMPACT, &[]);
    for (name, url, how) in [
        ("url-http", "http://hooks.example/webhooks/x?a=b", "the URL begins with https"),
        ("url-port", "https://hooks.example:443/webhooks/x?a=b", "the URL has no port"),
    ] {
        let said = square(name).url(url).explained();
        said.says("mismatch", &["the signature matches once", how, "behind a proxy is another"]);
    }
}

#[test]
fn a_usual_cause_of_the_catalogue_is_of_a_refusal_that_can_happen() {
    let reasons = ["mismatch", "missing_header", "malformed_secret"];
    let providers: Vec<_> = catalog::ids().filter_map(catalog::find).collect();
    let mut causes = providers.iter().flat_map(|provider| &provider.delivery().usual_causes);
    assert!(causes.clone().count() >= 11);
    let wrong = causes.find(|(reason, _)| !reasons.contains(&reason.as_str()));
    assert_eq!(wrong, None);
}

#[test]
fn the_headers_of_a_proxy_are_tried_and_named() {
    let forwarded = |host: &'static str| {
        move |mut headers: Vec<(String, String)>| {
            headers.push(("x-forwarded-proto".to_owned(), "https".to_owned()));
            headers.push(("X-Forwarded-Host".to_owned(), format!("{host}, inner.example")));
            headers
        }
    };
    let seen = "http://127.0.0.1:9000/webhooks/x?a=b";
    let square = |name| Wrong::new(name, "square", "a secret that Square has", COMPACT, &[]);
    let said = square("forwarded").url(seen).headers(forwarded("hooks.example")).explained();
    said.says(
        "mismatch",
        &["the URL is the one that X-Forwarded-Proto and X-Forwarded-Host state: `hookdock dev`"],
    );
    let said = square("forwarded-wrong").url(seen).headers(forwarded("other.example")).explained();
    let tried =
        "X-Forwarded-Proto, X-Forwarded-Host: the URL that they state does not match either";
    said.says("mismatch", &[tried]);
    let said = Wrong::github("forwarded-unsigned", COMPACT)
        .secret("another secret")
        .headers(forwarded("other.example"))
        .explained();
    said.does_not_say("X-Forwarded");
}

#[test]
fn a_body_of_which_only_parts_are_signed_is_not_blamed() {
    let said =
        Wrong::new("favro", "favro", "a secret", r#"{"payloadId":"hidden-in-the-body"}"#, &[])
            .secret("another secret")
            .explained();
    said.says(
        "mismatch",
        &["what is signed under this secret; of the body, only parts are signed"],
    );
    said.does_not_say("of this body");
    said.does_not_say("the body was changed");
}

#[test]
fn a_multipart_body_is_explained() {
    let multipart = |mut headers: Vec<(String, String)>| {
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        headers.push(("Content-Type".to_owned(), "multipart/form-data; boundary=x".to_owned()));
        headers
    };
    let said = Wrong::github("multipart", "--x\r\nhidden-in-the-body\r\n--x--\r\n")
        .body("--y\r\nhidden-in-the-body\r\n--y--\r\n")
        .headers(multipart)
        .explained();
    said.says("mismatch", &["the body is multipart: its exact bytes count, the boundaries among"]);
}

#[test]
fn a_body_that_was_compressed_on_its_way_is_explained() {
    // `printf '{"note":"hidden-in-the-body"}' | gzip -n9 | base64 -w0`
    let gzip = "H4sIAAAAAAACA6tWyssvSVWyUsrITElJzdPNzNMtyUjVTcpPqVSqBQDXwSFpHQAAAA==";
    let said =
        Wrong::github("gzip", r#"{"note":"hidden-in-the-body"}"#).body_base64(gzip).explained();
    said.says("mismatch", &["the signature matches once the body is decompressed (gzip)"]);
}

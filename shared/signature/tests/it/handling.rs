//! The small types keep their promises.

use hookdock_signature::{
    EpochMillis, EpochSeconds, Headers, Rejection, Repeated, Request, Secret,
};

#[test]
fn a_secret_does_not_print_itself() {
    let secret = Secret::new("s1", "hunter2").unwrap();
    assert!(!format!("{secret:?} {secret:#?}").contains("hunter2"));
}

#[test]
fn a_request_does_not_print_what_may_be_a_token() {
    let headers = Headers::from_iter([("Authorization", "hunter2")]);
    let url = "https://e.x/hook?key=hunter2";
    let request = Request { method: "POST", url, headers: &headers, body: b"hunter2" };
    let expected = r#"Request { method: "POST", url: "https://e.x/hook", headers: ["Authorization"], body_bytes: 7 }"#;
    assert_eq!(format!("{request:?}"), expected);
}

#[test]
fn headers_keep_order_repeats_and_spelling() {
    let headers = Headers::from_iter([("B", "1"), ("a", "2"), ("b", "3")]);
    assert_eq!(headers.iter().collect::<Vec<_>>(), [("B", "1"), ("a", "2"), ("b", "3")]);
    assert_eq!(headers.single("B"), Err(Repeated));
    assert_eq!(headers.single("A"), Ok(Some("2")));
    assert_eq!(headers.single("c"), Ok(None));
}

#[test]
fn time_does_not_overflow() {
    assert_eq!(EpochSeconds::new(i64::MAX).to_millis().get(), i64::MAX);
    assert_eq!(EpochSeconds::new(i64::MIN).saturating_add(-1).get(), i64::MIN);
    assert_eq!(EpochMillis::new(i64::MAX).saturating_since(EpochMillis::new(-1)), i64::MAX);
    assert_eq!(EpochMillis::new(-1).to_seconds().get(), -1);
}

#[test]
fn codes_are_stable_and_say_whose_fault_it_is() {
    let name = || "n".to_owned();
    let rows = [
        (Rejection::NoSecret, "no_secret", true),
        (Rejection::MalformedSecret { id: name() }, "malformed_secret", true),
        (Rejection::MissingSetting { name: name() }, "missing_setting", true),
        (Rejection::Unsupported { what: name() }, "unsupported", true),
        (Rejection::MissingHeader { name: name() }, "missing_header", false),
        (Rejection::RepeatedHeader { name: name() }, "repeated_header", false),
        (Rejection::MalformedHeader { name: name() }, "malformed_header", false),
        (Rejection::MissingField { name: name() }, "missing_field", false),
        (Rejection::RepeatedField { name: name() }, "repeated_field", false),
        (Rejection::MalformedField { name: name() }, "malformed_field", false),
        (Rejection::BodyNotJson, "body_not_json", false),
        (Rejection::UnknownVersion { name: name() }, "unknown_version", false),
        (Rejection::TooManySignatures { name: name() }, "too_many_signatures", false),
        (Rejection::MalformedTimestamp, "malformed_timestamp", false),
        (Rejection::Mismatch, "mismatch", false),
        (Rejection::Stale { skew_seconds: 1 }, "stale", false),
        (Rejection::FromTheFuture { skew_seconds: 1 }, "from_the_future", false),
    ];
    for (rejection, code, ours) in rows {
        assert_eq!((rejection.code(), rejection.is_ours()), (code, ours));
    }
}

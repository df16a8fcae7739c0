//! Refusals of the schemes that are code.

use hookdock_signature::{EpochMillis, Provider, Rejection};

use crate::rows::{
    MISMATCH, Row, again, check_all, cut, malformed, missing, repeated, swap, unknown,
};
use crate::support::{Case, case, check};

fn no_field(name: &str) -> Result<&'static str, Rejection> {
    Err(Rejection::MissingField { name: name.to_owned() })
}

fn bad_field(name: &str) -> Result<&'static str, Rejection> {
    Err(Rejection::MalformedField { name: name.to_owned() })
}

fn body(case: &mut Case, from: &str, to: &str) {
    let text = String::from_utf8(case.body.clone()).unwrap();
    assert!(text.contains(from), "{from}");
    case.body = text.replace(from, to).into_bytes();
}

fn url(case: &mut Case, from: &str, to: &str) {
    assert!(case.url.contains(from), "{from}");
    case.url = case.url.replace(from, to);
}

/// What every scheme refuses whose signature is in a header.
#[track_caller]
pub(crate) fn check_header(id: &'static str, header: &'static str) {
    let good = case(id);
    let changed = |change: &dyn Fn(&mut Case)| {
        let mut case = good.clone();
        change(&mut case);
        case
    };
    check(id, &good, &Ok("s0"));
    check(id, &changed(&|case| case.remove(header)), &missing(header));
    check(id, &changed(&|case| case.set(header, "")), &malformed(header));
    check(id, &changed(&|case| case.set(header, "=")), &malformed(header));
    check(id, &changed(&|case| again(case, header)), &repeated(header));
    check(id, &changed(&|case| cut(case, header, 0, 4)), &malformed(header));
    check(id, &changed(&|case| case.secrets[0].insert(0, 'x')), &MISMATCH);
    check(id, &changed(&|case| case.secrets.insert(0, "other".to_owned())), &Ok("s1"));
    check(id, &changed(&|case| case.secrets.clear()), &Err(Rejection::NoSecret));
}

#[test]
fn twilio() {
    const HEADER: &str = "X-Twilio-Signature";
    check_header("twilio-form-1", HEADER);
    check_header("twilio-json-1", HEADER);
    let form = "twilio-form-1";
    let json = "twilio-json-1";
    check_all(vec![
        ("a value", form, |case| body(case, "Digits=1234", "Digits=1235"), MISMATCH),
        ("a name", form, |case| body(case, "Digits", "digits"), MISMATCH),
        ("another field", form, |case| case.body.extend(b"&A=1"), MISMATCH),
        ("the same field again", form, |case| case.body.extend(b"&Digits=1234"), Ok("s0")),
        ("the same name, another value", form, |case| case.body.extend(b"&Digits=1"), MISMATCH),
        (
            "another order",
            form,
            |case| {
                body(case, "CallSid=CA1234567890ABCDE&", "");
                body(case, "&Digits=", "&CallSid=CA1234567890ABCDE&Digits=");
            },
            Ok("s0"),
        ),
        ("the query", form, |case| url(case, "foo=1", "foo=2"), MISMATCH),
        ("the host", form, |case| url(case, "mycompany", "yourcompany"), MISMATCH),
        ("http", form, |case| url(case, "https", "http"), MISMATCH),
        ("with its own port", form, |case| url(case, ".com/", ".com:443/"), Ok("s0")),
        ("another port", form, |case| url(case, ".com/", ".com:8443/"), MISMATCH),
        ("a fragment", form, |case| case.url.push_str("#rc=3"), Ok("s0")),
        ("the JSON", json, |case| body(case, "value", "other"), MISMATCH),
        ("the digest", json, |case| url(case, "0a1ff", "0a1fe"), MISMATCH),
        ("no digest", json, |case| url(case, "bodySHA256", "bodySHA1"), MISMATCH),
        ("no digits", json, |case| url(case, "=0a1ff", "=zz1ff"), MISMATCH),
        (
            "two digests",
            json,
            |case| case.url.push_str("&bodySHA256=00"),
            Err(Rejection::RepeatedField { name: "bodySHA256".to_owned() }),
        ),
        ("no URL at all", form, |case| case.url.clear(), MISMATCH),
    ]);
}

#[test]
fn plivo() {
    const HEADER: &str = "X-Plivo-Signature-V3";
    const MAIN: &str = "X-Plivo-Signature-Ma-V3";
    const NONCE: &str = "X-Plivo-Signature-V3-Nonce";
    for id in ["plivo-gen-1", "plivo-gen-2", "plivo-gen-3"] {
        check_header(id, HEADER);
    }
    let both = "plivo-gen-1";
    check_all(vec![
        ("no nonce", both, |case| case.remove(NONCE), missing(NONCE)),
        ("another nonce", both, |case| case.set(NONCE, "1"), MISMATCH),
        ("the main account's", both, |case| case.rename(HEADER, MAIN), Ok("s0")),
        ("an empty one of that", both, |case| case.add(MAIN, " "), Ok("s0")),
        ("a short one of that", both, |case| case.add(MAIN, "AAAA"), Ok("s0")),
        ("two signatures", both, |case| swap(case, HEADER, "=", "=,AAAA"), Ok("s0")),
        ("a value", both, |case| body(case, "Text=a", "Text=b"), MISMATCH),
        ("the order of the form", both, |case| body(case, "To=%2B15551234567&", ""), MISMATCH),
        (
            "the order of the query",
            both,
            |case| url(case, "tenant=1&a=2", "a=2&tenant=1"),
            Ok("s0"),
        ),
        ("the query", both, |case| url(case, "a=2", "a=3"), MISMATCH),
        ("a form that was not there", "plivo-gen-3", |case| case.body.extend(b"a=1"), MISMATCH),
    ]);
}

#[test]
fn contentful() {
    const HEADER: &str = "x-contentful-signature";
    const LIST: &str = "x-contentful-signed-headers";
    const TIME: &str = "x-contentful-timestamp";
    check_header("contentful-gen-1", HEADER);
    check_header("contentful-gen-2", HEADER);
    let good = "contentful-gen-2";
    check_all(vec![
        ("the body", good, |case| body(case, "evt_123", "evt_124"), MISMATCH),
        ("the method", good, |case| case.method = "PUT".to_owned(), MISMATCH),
        ("the path", good, |case| url(case, "/hooks/x", "/hooks/y"), MISMATCH),
        ("the query", good, |case| url(case, "tenant=1", "tenant=2"), MISMATCH),
        ("the host is not signed", good, |case| url(case, "example", "example2"), Ok("s0")),
        ("a signed header", good, |case| case.set("x-contentful-topic", "other"), MISMATCH),
        ("no signed header", good, |case| case.remove("content-type"), malformed(LIST)),
        (
            "a signed header twice",
            good,
            |case| again(case, "content-type"),
            repeated("content-type"),
        ),
        ("no list", good, |case| case.remove(LIST), missing(LIST)),
        ("a list without the time", good, |case| case.set(LIST, LIST), malformed(LIST)),
        ("a list without itself", good, |case| case.set(LIST, TIME), malformed(LIST)),
        ("another time", good, |case| case.set(TIME, "1795302439001"), MISMATCH),
        ("no time", good, |case| case.remove(TIME), malformed(LIST)),
        ("just young enough", good, |case| case.now_ms += 30_000, Ok("s0")),
        ("too old", good, |case| case.now_ms += 30_001, Err(Rejection::Stale { skew_seconds: 31 })),
        ("just old enough", good, |case| case.now_ms -= 30_000, Ok("s0")),
        (
            "too young",
            good,
            |case| case.now_ms -= 30_001,
            Err(Rejection::FromTheFuture { skew_seconds: 31 }),
        ),
    ]);
}

#[test]
fn the_age_of_a_scheme_in_code_is_limited_as_any_other() {
    let mut case = case("contentful-gen-2");
    let signed_ms = case.now_ms;
    case.now_ms += 90_000;
    check("the definition's limit", &case, &Err(Rejection::Stale { skew_seconds: 90 }));
    case.provider = case.provider.with_tolerance_seconds(90);
    let proof = case.verify().unwrap();
    assert_eq!(proof.tolerance_seconds(), Some(90));
    assert_eq!(proof.provider_timestamp(), Some(EpochMillis::new(signed_ms)));
}

const ADYEN: &str = "additionalData.hmacSignature";

#[test]
fn adyen() {
    let good = "adyen-1";
    let mut rows: Vec<Row> = vec![
        ("as sent", good, |_| {}, Ok("s0")),
        ("reference", good, |case| body(case, "7914073381342284", "7914073381342285"), MISMATCH),
        ("amount", good, |case| body(case, "1130", "1131"), MISMATCH),
        ("currency", good, |case| body(case, "EUR", "USD"), MISMATCH),
        (
            "success",
            good,
            |case| body(case, r#""success":"true""#, r#""success":"false""#),
            MISMATCH,
        ),
        ("merchant", good, |case| body(case, "TestMerchant", "Other"), MISMATCH),
        (
            "amount with a fraction",
            good,
            |case| body(case, "1130", "11.3"),
            bad_field("amount.value"),
        ),
        (
            "what is not signed",
            good,
            |case| body(case, r#""live":"false""#, r#""live":"true""#),
            Ok("s0"),
        ),
        (
            "no item",
            good,
            |case| case.body = br#"{"notificationItems":[]}"#.to_vec(),
            no_field("notificationItems"),
        ),
        ("no signature", good, |case| body(case, "hmacSignature", "other"), no_field(ADYEN)),
        ("truncated", good, |case| body(case, "iCWo0=", "iCW"), bad_field(ADYEN)),
        ("no JSON", good, |case| case.body.clear(), Err(Rejection::BodyNotJson)),
        ("secret", good, |case| case.secrets = vec!["AA".repeat(32)], MISMATCH),
    ];
    rows.push((
        "secret that is no hex",
        good,
        |case| case.secrets = vec!["x".to_owned()],
        Err(Rejection::MalformedSecret { id: "s0".to_owned() }),
    ));
    check_all(rows);
}

#[test]
fn one_bad_item_spoils_an_adyen_batch() {
    let good = case("adyen-1");
    let root: serde_json::Value = serde_json::from_slice(&good.body).unwrap();
    let item = root["notificationItems"][0].to_string();
    let forged = item.replace("1130", "1131");
    for (items, expected) in [
        ([item.clone(), item.clone()], Ok("s0")),
        ([item.clone(), forged.clone()], MISMATCH),
        ([forged, item], MISMATCH),
    ] {
        let mut case = good.clone();
        case.body = format!(r#"{{"notificationItems":[{}]}}"#, items.join(",")).into_bytes();
        check("batch", &case, &expected);
    }
}

#[test]
fn mercado_pago() {
    const HEADER: &str = "x-signature";
    const ID: &str = "x-request-id";
    check_header("mercado-pago-gen-1", HEADER);
    let good = "mercado-pago-gen-1";
    check_all(vec![
        ("the id in small letters", "mercado-pago-gen-2", |_| {}, Ok("s0")),
        ("the id", good, |case| url(case, "ORD01ABC", "ORD01ABD"), MISMATCH),
        ("no id", good, |case| url(case, "data.id", "data"), MISMATCH),
        ("the request's id", good, |case| case.set(ID, "req-2"), MISMATCH),
        ("no request id", good, |case| case.remove(ID), MISMATCH),
        ("a separator in the id", good, |case| case.set(ID, "req;1"), malformed(HEADER)),
        ("the time", good, |case| swap(case, HEADER, "1795302439", "1795302440"), MISMATCH),
        ("no time", good, |case| swap(case, HEADER, "ts=", "tt="), malformed(HEADER)),
        ("no number", good, |case| swap(case, HEADER, "ts=1", "ts=x"), malformed(HEADER)),
        ("only v2", good, |case| swap(case, HEADER, "v1=", "v2="), unknown(HEADER)),
        ("what is not signed", good, |case| case.body.clear(), Ok("s0")),
    ]);
}

#[test]
fn a_member_of_the_body_is_signed_as_it_is_written() {
    let (treezor, exact) = ("treezor-gen-1", "exact-online-gen-1");
    const TREEZOR: &str = "object_payload_signature";
    check_all(vec![
        ("as sent", treezor, |_| {}, Ok("s0")),
        ("as sent", exact, |_| {}, Ok("s0")),
        ("the same, written otherwise", treezor, |case| body(case, "\\/x", "/x"), MISMATCH),
        ("a blank", exact, |case| body(case, "{\"Topic\":", "{ \"Topic\":"), MISMATCH),
        ("a blank before it", exact, |case| body(case, ":{\"Topic\":", ": {\"Topic\":"), Ok("s0")),
        ("a value", treezor, |case| body(case, "\"n\":1", "\"n\":2"), MISMATCH),
        ("what is not signed", treezor, |case| body(case, "user.create", "user.update"), Ok("s0")),
        ("no signature", treezor, |case| body(case, TREEZOR, "other"), no_field(TREEZOR)),
        ("no payload", exact, |case| body(case, "Content", "other"), no_field("Content")),
        (
            "truncated",
            exact,
            |case| body(case, "\"HashCode\":\"", "\"HashCode\":\"A"),
            bad_field("HashCode"),
        ),
        ("no JSON", treezor, |case| case.body.truncate(9), Err(Rejection::BodyNotJson)),
        ("secret", treezor, |case| case.secrets[0].push('x'), MISMATCH),
    ]);
}

#[test]
fn dropbox_sign() {
    const HASH: &str = "event.event_hash";
    let (form, json) = ("dropbox-sign-gen-1", "dropbox-sign-gen-2");
    check_all(vec![
        ("as sent", form, |_| {}, Ok("s0")),
        ("as JSON", json, |_| {}, Ok("s0")),
        ("the time", form, |case| body(case, "1795302439", "1795302440"), MISMATCH),
        ("the type", json, |case| body(case, "_signed", "_sent"), MISMATCH),
        ("no hash", json, |case| body(case, "event_hash", "hash"), no_field(HASH)),
        (
            "another part",
            form,
            |case| body(case, "name=\"json\"", "name=\"other\""),
            no_field("json"),
        ),
        (
            "no boundary",
            form,
            |case| case.set("Content-Type", "multipart/form-data"),
            malformed("Content-Type"),
        ),
        (
            "another boundary",
            form,
            |case| swap(case, "Content-Type", "XbOuNd", "Y"),
            no_field("json"),
        ),
        (
            "two parts",
            form,
            |case| {
                let twice = case.body.repeat(2);
                case.body = twice;
            },
            Err(Rejection::RepeatedField { name: "json".to_owned() }),
        ),
        ("secret", form, |case| case.secrets[0].push('x'), MISMATCH),
    ]);
}

#[test]
fn a_module_that_does_not_exist_is_no_definition() {
    let text = crate::support::definition("[scheme]\nkind = \"code\"\nmodule = \"nobody\"");
    let error = Provider::from_toml(&text).unwrap_err();
    assert!(
        error.to_string().contains("unknown variant `nobody`, expected one of `adyen`"),
        "{error}"
    );
}

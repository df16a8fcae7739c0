//! Requests that somebody made out of others. The digests are Python's.

use hookdock_signature::Rejection;

use crate::rows::missing;
use crate::support::{Case, case, check, provider};

/// A request with one header, at 1000 s.
fn sent(provider: hookdock_signature::Provider, header: &str, value: &str, body: &[u8]) -> Case {
    Case {
        provider,
        secrets: vec!["k".to_owned()],
        method: "POST".to_owned(),
        url: "https://h.example/x".to_owned(),
        headers: vec![(header.to_owned(), value.to_owned())],
        body: body.to_vec(),
        now_ms: 1_000_000,
    }
}

#[test]
fn what_is_too_old_for_one_scheme_does_not_pass_by_one_that_knows_no_time() {
    let definition = r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "{ts}.{body}"
        [scheme.signature]
        from = "header"
        name = "X-Timed"
        [scheme.timestamp]
        from = "header"
        name = "X-Time"
        unit = "s"
        tolerance_seconds = 300
        [[alternatives]]
        name = "timeless"
        [alternatives.scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "{body}"
        [alternatives.scheme.signature]
        from = "header"
        name = "X-Timeless"
    "#;
    let timed = "dffbc2557cb360d8a87c2fbbf465de108bdca6df5f684e0ffa98cdbd4cd183fa";
    let timeless = "c3a92ff9e274cdcce27a58c15a78ec6dcbbdbd0038a87e7a11baef2028fd8bff";
    let mut case = sent(provider(definition), "X-Timed", timed, br#"{"a":1}"#);
    case.add("X-Time", "1000");
    case.add("X-Timeless", timeless);
    check("in time", &case, &Ok("s0"));
    case.now_ms += 301_000;
    check("replayed", &case, &Err(Rejection::Stale { skew_seconds: 301 }));
}

#[test]
fn a_plain_digest_cannot_be_carried_on_over_appended_bytes() {
    let recharge = hookdock_signature::catalog::find("recharge").unwrap();
    let digest = "4ed5735b909287c033fbde2843493f0ecff8b1516bacf03f19f6b3d9fe5b509b";
    let body = b"{\"id\":1}\x80\x00&evil=1";
    let mut case = sent(recharge, "X-Recharge-Hmac-Sha256", digest, body);
    case.secrets = vec!["shpss".to_owned()];
    check("the digest is right", &case, &Err(Rejection::Mismatch));
}

#[test]
fn a_part_of_plivos_form_cannot_be_moved_into_the_nonce() {
    let mut case = case("plivo-gen-2");
    case.set("X-Plivo-Signature-V3", "kubPurE7K2da93Ay5mBODtx183TLxamV0REQaLTaIN8=");
    case.body = b"From=%2B1&Text=see+a.b&To=%2B2".to_vec();
    case.set("X-Plivo-Signature-V3-Nonce", "N");
    check("as sent", &case, &Ok("s0"));
    case.body = b"From=%2B1&Text=see+a".to_vec();
    case.set("X-Plivo-Signature-V3-Nonce", "bTo+2.N");
    let name = "X-Plivo-Signature-V3-Nonce".to_owned();
    check("cut", &case, &Err(Rejection::MalformedHeader { name }));
}

#[test]
fn a_plivo_get_has_no_body_that_nobody_signed() {
    let mut case = case("plivo-gen-3");
    case.method = "GET".to_owned();
    check("as sent", &case, &Ok("s0"));
    case.body = b"Text=evil".to_vec();
    check("with a body", &case, &Err(Rejection::Mismatch));
}

#[test]
fn a_livekit_participant_cannot_send_webhooks_with_the_own_token() {
    let mut case = case("livekit-gen-1");
    case.body.clear();
    let token = concat!(
        "eyJhbGciOiJIUzI1NiJ9.",
        "eyJpc3MiOiJBUElrZXkxIiwibmJmIjoxNzk1MzAyNDI5LCJleHAiOjE3OTUzMDI3MzksInZpZGVvIjp7InJvb21Kb2luIjp0cnVlfX0.",
        "-o9Z5vSbururIPMUXqCGZsy1kPRz2nlSGBJk0CzB-ZI"
    );
    case.set("Authorization", token);
    assert!(case.verify().is_err(), "{:?}", case.verify());
}

#[test]
fn what_a_caller_wrote_does_not_become_twilios_digest_of_the_body() {
    let mut case = case("twilio-json-1");
    case.url = concat!(
        "https://h.example/x?tenant=1AccountSidAC1Body&bodySHA256=",
        "a2af987a163f4f45e9a349097cfa9df8f7b71f7982edd1627e18ae14ef28fa2f&z=From+15"
    )
    .to_owned();
    case.body = br#"{"paid":true}"#.to_vec();
    case.set("X-Twilio-Signature", "hP3FYevSBFQpx2LubKtOPf+4Abo=");
    check("the signature is right", &case, &Err(Rejection::Mismatch));
}

#[test]
fn a_stranger_cannot_make_a_refusal_look_like_our_fault() {
    let mut case = case("gitlab-signing-token-gen-1");
    case.secrets = vec!["my-token!".to_owned()];
    check("the secret is no key of that scheme", &case, &Err(Rejection::Mismatch));
}

#[test]
fn an_id_under_the_other_familys_name_is_not_read() {
    let mut sent = case("svix-gen-1");
    sent.add("webhook-id", "msg_of_the_attacker");
    check("beside the right one", &sent, &Ok("s0"));
    let headers = sent.headers();
    let id = sent.provider.event_id().unwrap().select(&sent.request(&headers)).unwrap().unwrap();
    assert_eq!((&*id.value, id.covered), ("msg_1", true));
    sent.remove("webhook-id");
    for part in ["id", "timestamp", "signature"] {
        sent.rename(&format!("svix-{part}"), &format!("webhook-{part}"));
    }
    check("instead of it", &sent, &Ok("s0"));
    let headers = sent.headers();
    let id = sent.provider.event_id().unwrap().select(&sent.request(&headers)).unwrap().unwrap();
    assert_eq!((&*id.value, id.covered), ("msg_1", true));
    sent.add("svix-id", "msg_of_the_attacker");
    check("beside the signed one", &sent, &missing("svix-signature"));
}

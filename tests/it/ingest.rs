//! What a sender is answered, and what is kept.

use bytes::Bytes;
use hookdock_jobs::{Settings, registry};
use hookdock_pipeline::delivery::identity::{Flag, IgnoreCause, KeySource};
use hookdock_pipeline::delivery::incoming::Incoming;
use hookdock_pipeline::delivery::stored::{BodyEncoding, StoredDelivery};
use hookdock_tests::faults::Call;
use hookdock_tests::logs::Logs;
use hookdock_tests::requests::{Draft, request};
use hookdock_tests::stack::{START, Stack};
use http::{Response, StatusCode};

fn stack() -> Stack {
    Stack::with(registry(Settings::default()))
}

fn body(answer: &Response<Bytes>) -> &str {
    std::str::from_utf8(answer.body()).expect("UTF-8")
}

fn stored(stack: &Stack, answer: &Response<Bytes>) -> Bytes {
    let id = answer.headers()["x-hookdock-delivery"].to_str().expect("ASCII");
    stack.local.stored(&id.parse().expect("an id")).expect("memory").expect("stored").1
}

/// Refused: this status, this body, and nothing is kept.
async fn refused(stack: &Stack, request: Incoming, status: u16, text: &str) {
    let answer = stack.send(request).await;
    assert_eq!((answer.status().as_u16(), body(&answer)), (status, text));
    assert_eq!(stack.local.objects().expect("memory"), [""; 0]);
    assert_eq!(stack.local.backlog().expect("memory"), 0);
}

/// The header that a GitHub signature travels in.
const SIGNATURE: &str = "X-Hub-Signature-256";

const NOT_FOUND: &str = r#"{"error":"not found"}"#;
const REFUSED: &str = r#"{"error":"signature refused"}"#;

#[tokio::test(start_paused = true)]
async fn a_signed_webhook_is_answered_200_after_it_was_stored_and_queued() {
    let stack = stack();
    let answer = stack.post(&Draft::checkout("evt_1", "cs_1")).await;
    assert_eq!((answer.status(), body(&answer)), (StatusCode::OK, ""));
    assert_eq!(stack.plan.calls(), [Call::Find, Call::Put, Call::Send]);
    assert_eq!(stack.local.backlog().expect("memory"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_can_answer_202_with_an_id_that_finds_the_delivery() {
    let stack = stack();
    let draft = Draft::stripe("accounts/acme", "whsec_acme", r#"{"id":"evt_1","account":"acme"}"#);
    let answer = stack.post(&draft).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let id = answer.headers()["x-hookdock-delivery"].to_str().expect("ASCII");
    assert_eq!(body(&answer), format!(r#"{{"accepted":true,"requestId":"{id}"}}"#));
    stored(&stack, &answer);
}

#[tokio::test(start_paused = true)]
async fn the_stored_delivery_has_all_that_is_known_of_it() {
    let stack = stack();
    let draft = Draft::checkout("evt_1", "cs_1");
    let answer = stack.post(&draft).await;
    let object = stored(&stack, &answer);
    let stored = StoredDelivery::parse(&object).expect("readable");
    assert_eq!(stored.version, 1);
    assert_eq!(stored.endpoint.as_str(), "stripe");
    assert_eq!(stored.provider, "stripe");
    assert_eq!(stored.tenant, None);
    assert_eq!(stored.event.id.as_ref().map(|id| id.as_str()), Some("evt_1"));
    assert_eq!(stored.event.key_source, KeySource::SignedId);
    let event_type = stored.event.event_type.as_ref().map(|name| name.as_str());
    assert_eq!(event_type, Some("checkout.session.completed"));
    assert_eq!(stored.received_at.to_string(), "2027-01-15T08:00:00Z");
    let sent_at = stored.provider_timestamp.map(|time| time.to_string());
    assert_eq!(sent_at.as_deref(), Some("2027-01-15T08:00:00Z"));
    assert_eq!(stored.verification.secret_id, "s1");
    assert_eq!(stored.verification.tolerance_seconds, Some(300));
    assert_eq!(stored.method, "POST");
    assert_eq!(stored.url, "https://hooks.example/webhooks/stripe");
    assert_eq!(stored.body_encoding, BodyEncoding::Text);
}

#[tokio::test(start_paused = true)]
async fn headers_are_stored_in_order_with_repeats_and_with_their_names_as_the_host_wrote_them() {
    let stack = stack();
    let draft = Draft::checkout("evt_1", "cs_1").with("X-A", "1").with("x-b", "2").with("X-A", "3");
    let answer = stack.post(&draft).await;
    let object = stored(&stack, &answer);
    let headers = StoredDelivery::parse(&object).expect("readable").headers();
    let headers: Vec<_> = headers.iter().take(3).collect();
    assert_eq!(headers, [("X-A", "1"), ("x-b", "2"), ("X-A", "3")]);
}

#[tokio::test(start_paused = true)]
async fn the_names_of_objects_are_ours_alone() {
    let stack = stack();
    stack.post(&Draft::checkout("../../evt", "cs_1")).await;
    let names = stack.local.objects().expect("memory");
    assert!(names[0].starts_with("deliveries/stripe/2027/01/15/08/dlv_"), "{names:?}");
    assert!(!names[0].contains("evt"), "{names:?}");
}

#[tokio::test(start_paused = true)]
async fn any_body_is_stored_byte_for_byte() {
    let every_byte: Vec<u8> = (0..=255).collect();
    for sent in [
        &every_byte[..],
        b"",
        b"\xff\xfe not UTF-8",
        b"payload=%7B%22a%22%3A1%7D&x=1",
        b"<?xml version=\"1.0\"?><a>\r\n</a>\n",
        b"{\"a\": 1 }\n",
        "\u{feff}{\"caf\u{e9}\": \"\u{1f980}\"}".as_bytes(),
    ] {
        let stack = stack();
        let answer = stack.post(&Draft::github(sent.to_vec())).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let object = stored(&stack, &answer);
        let kept = StoredDelivery::parse(&object).expect("readable").body_bytes().expect("a body");
        assert_eq!(kept, sent);
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_endpoint_looks_like_no_webhook_url() {
    for path in [
        "/webhooks/nobody",
        "/webhooks/nobody/acme",
        "/webhooks/UPPER",
        "/webhooks/",
        "/",
        "/favicon.ico",
    ] {
        refused(&stack(), request("POST", path), 404, NOT_FOUND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn another_method_is_answered_405_with_the_one_that_is_allowed() {
    for method in ["GET", "PUT", "DELETE", "HEAD", "PATCH", "post", "PO ST", ""] {
        let stack = stack();
        let request = request(method, "/webhooks/stripe");
        let answer = stack.send(request.clone()).await;
        assert_eq!(answer.headers()["allow"], "POST");
        refused(&stack, request, 405, r#"{"error":"method not allowed"}"#).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_over_the_limit_is_refused_whole_and_at_the_limit_it_is_taken() {
    let stack = stack();
    let draft = Draft::github(vec![b'x'; 100_001]);
    let too_large = r#"{"error":"payload too large"}"#;
    refused(&stack, draft.signed(START), 413, too_large).await;
    let answer = stack.post(&Draft::github(vec![b'x'; 100_000])).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_signature_that_is_missing_malformed_wrong_stale_or_repeated_is_refused() {
    let draft = Draft::github("{}");
    let with = |value| draft.clone().with(SIGNATURE, value).unsigned();
    let signed = draft.signed(START);
    let signature = signed.headers.single(SIGNATURE).expect("once").expect("signed");
    let mut repeated = signed.clone();
    repeated.headers.extend([("x-hub-signature-256", signature)]);
    let stale = Draft::checkout("evt_1", "cs_1").signed(START.saturating_add(-301_000));
    let early = Draft::checkout("evt_1", "cs_1").signed(START.saturating_add(301_000));
    let forged = Draft { secret: "guessed".to_owned(), ..draft.clone() }.signed(START);
    for request in [
        draft.unsigned(),
        with(""),
        with("sha256="),
        with("sha256=zz"),
        with("sha1=00"),
        repeated,
        stale,
        early,
        forged,
    ] {
        refused(&stack(), request, 401, REFUSED).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_one_log_line_with_its_reason_and_nothing_the_sender_wrote() {
    let draft = Draft::github("{\"card\": \"4242\"}").with("X-Secret", "hunter2");
    let unsigned = draft.unsigned();
    let forged = Draft { secret: "guessed".to_owned(), ..draft.clone() }.signed(START);
    let stale = Draft::checkout("evt_1", "cs_1").signed(START.saturating_add(-301_000));
    let large = Draft::github(vec![b'x'; 100_001]).signed(START);
    let unknown = request("POST", "/webhooks/nobody");
    for (request, endpoint, code) in [
        (unsigned, "github", "missing_header"),
        (forged, "github", "mismatch"),
        (stale, "stripe", "stale"),
        (large, "github", "too_large"),
        (unknown, "nobody", "unknown_endpoint"),
    ] {
        let (stack, logs) = (stack(), Logs::capture());
        let answer = stack.send(request).await;
        let lines = logs.lines();
        assert_eq!(lines.len(), 1, "{}", logs.text());
        assert_eq!(lines[0]["reason.code"], code);
        assert_eq!(lines[0]["endpoint"], endpoint);
        let id = answer.headers()["x-hookdock-delivery"].to_str().expect("ASCII");
        assert_eq!(lines[0]["delivery.id"], id);
        for secret in ["hunter2", "4242", "github secret", "guessed", "sha256="] {
            assert!(!logs.text().contains(secret), "{secret} in {}", logs.text());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_accepted_is_logged_with_the_event_it_carries() {
    let (stack, logs) = (stack(), Logs::capture());
    stack.post(&Draft::checkout("evt_1", "cs_1")).await;
    stack.drain().await;
    let lines = logs.lines();
    let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str()).collect();
    assert_eq!(messages, [Some("delivery accepted"), Some("run settled")], "{}", logs.text());
    for line in &lines {
        assert_eq!(line["event.key"], stack.event().event_key.as_str());
        assert_eq!(line["event.type"], "checkout.session.completed");
        assert_eq!(line["delivery.id"], stack.event().first_delivery.as_str());
    }
    assert!(!logs.text().contains("cus_1"), "{}", logs.text());
}

#[tokio::test(start_paused = true)]
async fn an_empty_secret_accepts_nobody() {
    let empty_key = "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    let headers = [(SIGNATURE, empty_key)].into_iter().collect();
    let request = Incoming { headers, ..request("POST", "/webhooks/open") };
    refused(&stack(), request, 401, REFUSED).await;
}

#[tokio::test(start_paused = true)]
async fn json_that_was_written_anew_is_refused() {
    let draft = Draft::github(r#"{"b": 1, "a": 2}"#);
    let mut request = draft.signed(START);
    let value: serde_json::Value = serde_json::from_slice(&draft.body).expect("JSON");
    request.body = value.to_string().into();
    refused(&stack(), request, 401, REFUSED).await;
}

#[tokio::test(start_paused = true)]
async fn one_tenants_secret_does_not_open_anothers_url() {
    let stack = stack();
    let acme = Draft::order("acme", "acme secret");
    assert_eq!(stack.post(&acme).await.status(), StatusCode::OK);
    let crossed = Draft::order("acme", "globex secret").signed(START);
    let answer = stack.send(crossed).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

/// What a sender sees: all but the delivery's id, which is new each time.
fn seen(mut answer: Response<Bytes>) -> String {
    answer.headers_mut().remove("x-hookdock-delivery").expect("an id");
    format!("{answer:?}")
}

#[tokio::test(start_paused = true)]
async fn an_unknown_tenant_is_answered_like_a_wrong_signature_at_a_known_one() {
    let unsigned = |method: &str, path: &str| request(method, path);
    let signed = |path: &str, secret: &str| {
        let draft = Draft { path: path.to_owned(), ..Draft::order("acme", secret) };
        draft.signed(START)
    };
    let large =
        |path: &str| Incoming { body: Bytes::from(vec![b'x'; 4_500_001]), ..request("POST", path) };
    let stack = stack();
    for unknown in ["/webhooks/orders/nobody", "/webhooks/orders"] {
        let known = "/webhooks/orders/globex";
        for (at_unknown, at_known) in [
            (unsigned("GET", unknown), unsigned("GET", known)),
            (unsigned("POST", unknown), unsigned("POST", known)),
            (large(unknown), large(known)),
            (signed(unknown, "guessed"), signed(known, "guessed")),
            (signed(unknown, "acme secret"), signed(known, "acme secret")),
        ] {
            let at_unknown = seen(stack.send(at_unknown).await);
            assert_eq!(at_unknown, seen(stack.send(at_known).await), "{unknown}");
        }
    }
    assert_eq!(stack.local.objects().expect("memory"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn no_tenants_secret_opens_a_url_that_is_not_registered() {
    for (path, secret) in [
        ("/webhooks/orders/nobody", "acme secret"),
        ("/webhooks/orders/nobody", "globex secret"),
        ("/webhooks/orders", "acme secret"),
    ] {
        let draft = Draft { path: path.to_owned(), ..Draft::order("acme", secret) };
        refused(&stack(), draft.signed(START), 401, REFUSED).await;
    }
    for (path, secret) in [
        ("/webhooks/accounts/nobody", "whsec_accounts"),
        ("/webhooks/accounts/nobody", "whsec_acme"),
        ("/webhooks/stripe/acme", "whsec_test"),
    ] {
        let draft = Draft { path: path.to_owned(), ..Draft::stripe("", secret, "{}") };
        refused(&stack(), draft.signed(START), 401, REFUSED).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_event_of_two_tenants_is_two_events() {
    let stack = stack();
    stack.post(&Draft::order("acme", "acme secret")).await;
    stack.post(&Draft::order("globex", "globex secret")).await;
    stack.drain().await;
    assert_eq!(stack.local.events().expect("memory").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_json_where_json_is_expected_is_kept_and_flagged() {
    for sent in ["not JSON", "{\"id\": \"evt_1\"", "<a/>", "id=evt_1", "", "[".repeat(200).as_str()]
    {
        let stack = stack();
        let answer = stack.post(&Draft::stripe("stripe", "whsec_test", sent)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let object = stored(&stack, &answer);
        let kept = StoredDelivery::parse(&object).expect("readable").body_bytes().expect("a body");
        assert_eq!(kept, sent);
        stack.drain().await;
        let event = stack.event();
        assert!(event.flags.contains(&Flag::BodyNotJson), "{event:?}");
        assert_eq!(event.ignored, Some(IgnoreCause::NoJob));
    }
}

#[tokio::test(start_paused = true)]
async fn event_types_off_the_list_are_flagged_and_ignored_ones_never_run() {
    for (event_type, flag, ignored) in [
        ("checkout.session.completed", None, None),
        ("charge.failed", Some(Flag::EventTypeUnknown), Some(IgnoreCause::NoJob)),
        ("ping", Some(Flag::EventTypeIgnored), Some(IgnoreCause::EventTypeIgnored)),
    ] {
        let stack = stack();
        let body = format!(r#"{{"id":"evt_1","type":"{event_type}"}}"#);
        let answer = stack.post(&Draft::stripe("picky", "whsec_picky", &body)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        stack.drain().await;
        let event = stack.event();
        assert_eq!((event.flags.first().copied(), event.ignored), (flag, ignored), "{event_type}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_whose_body_names_another_tenant_is_held_back() {
    let stack = stack();
    let body = r#"{"id":"evt_1","type":"checkout.session.completed","account":"globex"}"#;
    stack.post(&Draft::stripe("accounts/acme", "whsec_acme", body)).await;
    stack.drain().await;
    let event = stack.event();
    assert_eq!(event.ignored, Some(IgnoreCause::TenantMismatch));
    assert_eq!(event.flags, [Flag::TenantMismatch]);
}

#[tokio::test(start_paused = true)]
async fn the_tenant_can_come_from_the_signed_body() {
    let stack = stack();
    let body = r#"{"id":"evt_1","type":"t","account":"globex"}"#;
    stack.post(&Draft::stripe("accounts", "whsec_accounts", body)).await;
    stack.drain().await;
    assert_eq!(stack.event().tenant.map(String::from).as_deref(), Some("globex"));
}

#[tokio::test(start_paused = true)]
async fn an_unsigned_id_alone_does_not_make_the_event() {
    let stack = stack();
    let first = Draft::github(r#"{"a":1}"#);
    stack.post(&first).await;
    stack.post(&first).await;
    stack.drain().await;
    assert_eq!(stack.event().deliveries, 2, "the same id and body is the same event");
    stack.post(&Draft::github(r#"{"a":2}"#)).await;
    stack.drain().await;
    assert_eq!(stack.local.events().expect("memory").len(), 2, "another body is another event");
    let mut renamed = Draft::github(r#"{"a":1}"#);
    renamed.headers[1].1 = "another-delivery".to_owned();
    stack.post(&renamed).await;
    stack.drain().await;
    assert_eq!(stack.local.events().expect("memory").len(), 3, "another id is another event");
}

/// A call of Supabase's, whose id and time are new on each try.
fn code(id: &str, otp: &str) -> Draft {
    let body = format!(r#"{{"user":{{"id":"u1"}},"sms":{{"otp":"{otp}"}}}}"#);
    let draft = Draft::to("codes", "supabase-auth", &body);
    let secret = "v1,whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".to_owned();
    Draft { secret, ..draft }.with("webhook-id", id)
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_new_on_each_try_is_not_the_events() {
    let stack = stack();
    let mut keys = Vec::new();
    for draft in [code("try-1", "561166"), code("try-2", "561166"), code("other", "998877")] {
        let answer = stack.post(&draft).await;
        let object = stored(&stack, &answer);
        let event = StoredDelivery::parse(&object).expect("readable").event;
        assert_eq!(event.key_source, KeySource::Body);
        assert_eq!(event.id.map(|id| id.to_string()), Some(draft.headers[0].1.clone()));
        keys.push(event.key);
    }
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2]);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_takes_what_its_own_window_allows_and_keeps_the_window() {
    let stack = stack();
    let late = |seconds: i64| {
        let draft = Draft::stripe("patient", "whsec_patient", r#"{"id":"evt_1","type":"a"}"#);
        draft.signed(START.saturating_add(-1000 * seconds))
    };
    let answer = stack.send(late(7200)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let object = stored(&stack, &answer);
    let kept = StoredDelivery::parse(&object).expect("readable").verification;
    assert_eq!(kept.tolerance_seconds, Some(7200));
    assert_eq!(stack.send(late(7201)).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn the_log_of_a_late_request_names_its_age_and_the_limit() {
    let stack = stack();
    let logs = Logs::capture();
    let late = Draft::checkout("evt_1", "cs_1").signed(START.saturating_add(-301_000));
    refused(&stack, late, 401, REFUSED).await;
    let told = logs.lines()[0]["error"].as_str().expect("a text").to_owned();
    assert_eq!(told, "the window is 300 s: the signature is 301 s old");
}

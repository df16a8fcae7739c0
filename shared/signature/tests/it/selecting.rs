//! Event ids and types are found where each provider puts them.

use hookdock_signature::{Headers, Provider, Request, SelectError, Selected, Selector, catalog};

use crate::support::provider;

type Row = (&'static str, &'static [(&'static str, &'static str)], &'static str, Outcome);
type Outcome = Result<Option<Selected>, SelectError>;

fn select(selector: Option<&Selector>, headers: &[(&str, &str)], body: &str) -> Outcome {
    let headers = Headers::from_iter(headers.iter().copied());
    let url = "https://example.com/x?q=from-query";
    let request = Request { method: "POST", url, headers: &headers, body: body.as_bytes() };
    selector.unwrap().select(&request)
}

fn found(value: &str, covered: bool) -> Outcome {
    Ok(Some(Selected { value: value.to_owned(), covered }))
}

fn named(id: &str) -> Provider {
    catalog::find(id).unwrap()
}

#[test]
fn the_first_four_have_an_event_id() {
    let rows: [Row; 8] = [
        ("github", &[("x-github-delivery", "72d3162e")], "", found("72d3162e", false)),
        ("github", &[], "{}", Ok(None)),
        ("stripe", &[], r#"{"id":"evt_1"}"#, found("evt_1", true)),
        ("stripe", &[], "id=evt_1", Err(SelectError::BodyNotJson)),
        ("stripe", &[], r#"{"id":null}"#, Ok(None)),
        ("standard-webhooks", &[("webhook-id", "msg_1")], "", found("msg_1", true)),
        (
            "shopify",
            &[("X-Shopify-Event-Id", "e1"), ("X-Shopify-Webhook-Id", "w1")],
            "",
            found("e1", false),
        ),
        ("shopify", &[("shopify-event-id", "e2")], "", found("e2", false)),
    ];
    for (id, headers, body, expected) in rows {
        assert_eq!(select(named(id).event_id(), headers, body), expected, "{id} {body}");
    }
}

#[test]
fn the_first_four_have_an_event_type() {
    const EVENT: (&str, &str) = ("X-GitHub-Event", "issues");
    let rows: [Row; 9] = [
        ("github", &[EVENT], r#"{"action":"opened"}"#, found("issues.opened", false)),
        ("github", &[EVENT], r#"{"ref":"main"}"#, found("issues", false)),
        ("github", &[EVENT], "payload=%7B%7D", found("issues", false)),
        ("github", &[EVENT], r#"{"action":{}}"#, found("issues", false)),
        ("github", &[], r#"{"action":"opened"}"#, Ok(None)),
        ("stripe", &[], r#"{"type":"charge.succeeded"}"#, found("charge.succeeded", true)),
        ("standard-webhooks", &[], r#"{"type":"a.b"}"#, found("a.b", true)),
        ("shopify", &[("X-Shopify-Topic", "orders/create")], "", found("orders/create", false)),
        ("shopify", &[("shopify-topic", "orders/create")], "", found("orders/create", false)),
    ];
    for (id, headers, body, expected) in rows {
        assert_eq!(select(named(id).event_type(), headers, body), expected, "{id} {body}");
    }
}

#[test]
fn a_repeated_header_is_no_id() {
    let headers = [("X-GitHub-Delivery", "a"), ("x-github-delivery", "a")];
    let repeated = SelectError::Repeated { name: "X-GitHub-Delivery".to_owned() };
    assert_eq!(select(named("github").event_id(), &headers, ""), Err(repeated));
}

#[test]
fn coverage_follows_the_message() {
    let rows = [
        ("{body}", "json:id", true),
        ("{body}", "form:id", true),
        ("{body}", "header:X-Id", false),
        ("{body}", "query:q", false),
        ("{url}{body}", "query:q", true),
        ("{header:x-id}.{body}", "header:X-Id", true),
        ("{json:id}", "json:id", true),
        ("{json:id}", "json:other", false),
        ("{form:id}", "form:id", true),
        ("{form:id}", "form:other", false),
        // Names and values run together, so they can be cut elsewhere.
        ("{sorted_form}", "form:id", false),
    ];
    for (message, from, covered) in rows {
        let provider = with_id(message, from, "");
        let body = if from.starts_with("json") { r#"{"id":1,"other":1}"# } else { "id=1&other=1" };
        let selected = select(provider.event_id(), &[("x-id", "1")], body).unwrap().unwrap();
        assert_eq!(selected.covered, covered, "{message} {from}");
    }
}

#[test]
fn what_one_alternative_leaves_out_is_not_covered() {
    let alternative = "[[alternatives]]\nname = \"b\"\nscheme = { message = \"{url}\" }";
    let provider = with_id("{body}", "json:id", alternative);
    assert_eq!(select(provider.event_id(), &[], r#"{"id":"a"}"#), found("a", false));
}

#[test]
fn paths_reach_into_lists_and_numbers() {
    let rows = [
        ("json:a.b-c", r#"{"a":{"b-c":"x"}}"#, found("x", true)),
        ("json:a[1].b", r#"{"a":[0,{"b":7}]}"#, found("7", true)),
        ("json:[0].id", r#"[{"id":true}]"#, found("true", true)),
        ("json:a[0][1]", r#"{"a":[[1,2]]}"#, found("2", true)),
        ("json:id", r#"{"id":18446744073709551615}"#, found("18446744073709551615", true)),
        ("json:id", r#"{"id":1.5}"#, Ok(None)),
        ("json:id", r#"{"id":""}"#, Ok(None)),
        ("json:a.b", r#"{"a":[]}"#, Ok(None)),
        ("json:missing or json:id", r#"{"id":"second"}"#, found("second", true)),
    ];
    for (from, body, expected) in rows {
        assert_eq!(select(with_id("{body}", from, "").event_id(), &[], body), expected, "{from}");
    }
}

fn with_id(message: &str, from: &str, more: &str) -> Provider {
    provider(&format!(
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "{message}"
        signature = {{ from = "header", name = "S" }}
        [event_id]
        from = ["{from}"]
        {more}
        "#
    ))
}

#[test]
fn an_id_with_a_part_missing_is_none_and_a_type_goes_without() {
    let more = "[event_type]\nfrom = [\"json:a\", \"json:b\"]";
    let provider = with_id("{body}", "json:a\", \"json:b", more);
    let both = r#"{"a":1,"b":2}"#;
    assert_eq!(select(provider.event_id(), &[], both), found("1.2", true));
    assert_eq!(select(provider.event_id(), &[], r#"{"a":1}"#), Ok(None));
    assert_eq!(select(provider.event_type(), &[], both), found("1.2", true));
    assert_eq!(select(provider.event_type(), &[], r#"{"a":1}"#), found("1", true));
    assert_eq!(provider.event_id().unwrap().to_string(), "json:a + json:b");
}

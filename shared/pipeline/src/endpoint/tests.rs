//! What a written endpoint has to be, and what the checked one says.

use super::*;

fn check(json: &str) -> Result<Endpoint, Vec<String>> {
    let id = "stripe".parse().expect("a name");
    Endpoint::from_json(&id, json.as_bytes()).map_err(|problems| problems.problems)
}

#[test]
fn the_documented_secret_is_a_usable_endpoint() {
    let endpoint =
        check(r#"{"version": 1, "provider": "github", "secrets": [{"id": "s1", "value": "..."}]}"#)
            .expect("usable");
    assert_eq!(endpoint.provider().id(), "github");
    assert_eq!(endpoint.max_body_bytes(), 4_194_304);
}

#[test]
fn every_problem_is_reported_at_once() {
    let problems = check(
        r#"{"version": 2, "provider": "nobody", "max_body_bytes": 99000000,
            "secrets": [{"id": "s1", "value": "x", "not_after": "soon"}],
            "tenants": {"a/b": {"secrets": []}}, "events": {"ignore": ["a*b"]}, "tenant_from": "account"}"#,
    )
    .expect_err("problems");
    assert_eq!(problems.len(), 8, "{problems:#?}");
}

#[test]
fn what_a_provider_leaves_open_has_to_be_set_and_nothing_else() {
    let problems = |settings: &str| {
        let json = r#"{"version": 1, "provider": "generic-hmac", "settings": SETTINGS,
            "secrets": [{"id": "s1", "value": "x"}]}"#;
        check(&json.replace("SETTINGS", settings)).err().unwrap_or_default()
    };
    assert_eq!(problems(r#"{"header": "X-Signature"}"#), [""; 0]);
    let missing = problems("{}");
    assert!(missing[0].starts_with("setting \"header\" is missing"), "{missing:?}");
    let unknown = problems(r#"{"header": "X-Signature", "colour": "red"}"#);
    assert!(unknown[0].contains("has no setting colour"), "{unknown:?}");
}

#[test]
fn a_secret_is_awaited_only_from_a_provider_that_hands_one_over() {
    let json = r#"{"version": 1, "provider": "asana", "capture": true}"#;
    assert!(matches!(check(json).expect("usable").capture(), Capture::Awaited));
    let problems = check(&json.replace("asana", "github")).expect_err("a problem");
    assert_eq!(problems, ["capture: the provider hands no secret over"]);
}

#[test]
fn deliveries_are_objects_unless_their_endpoint_says_inline() {
    let store = |store: &str| {
        let json = r#"{"version": 1, "provider": "github", STORE
            "secrets": [{"id": "s1", "value": "x"}]}"#;
        check(&json.replace("STORE", store)).map(|endpoint| endpoint.store())
    };
    assert_eq!(store(""), Ok(Store::Object));
    assert_eq!(store(r#""store": "object","#), Ok(Store::Object));
    assert_eq!(store(r#""store": "inline","#), Ok(Store::Inline));
    assert!(store(r#""store": "queue","#).is_err());
    assert_eq!(
        store(r#""store": "inline", "direct": {"kind": "log"},"#),
        Err(vec![
            "store: a direct endpoint queues no message that could hold a delivery".to_owned()
        ])
    );
}

#[test]
fn an_unreadable_endpoint_never_quotes_its_secret() {
    for json in [
        r#"{"version": 1, "provider": "github", "secrets": "hunter2"}"#,
        r#"{"version": 1, "provider": "github", "hunter2": 1}"#,
        "hunter2",
    ] {
        let problems = check(json).expect_err("not usable");
        assert!(!format!("{problems:?}").contains("hunter2"), "{problems:?}");
    }
}

#[test]
fn an_empty_secret_is_no_secret() {
    let endpoint = check(
        r#"{"version": 1, "provider": "github", "secrets": [
            {"id": "s1", "value": " "}, {"id": "s2", "value": "x"}]}"#,
    )
    .expect("usable");
    let live = endpoint.secrets(None, EpochMillis::new(0)).expect("registered");
    assert_eq!(live.iter().map(Secret::id).collect::<Vec<_>>(), ["s2"]);
}

#[test]
fn an_endpoint_without_own_secrets_serves_its_tenants_only() {
    let endpoint = check(
        r#"{"version": 1, "provider": "shopify",
            "tenants": {"acme": {"secrets": [{"id": "s1", "value": "x"}]}}}"#,
    )
    .expect("usable");
    let at = EpochMillis::new(0);
    assert!(endpoint.secrets(None, at).is_none());
    assert!(endpoint.secrets(Some(&"acme".parse().expect("a name")), at).is_some());
    assert!(endpoint.secrets(Some(&"other".parse().expect("a name")), at).is_none());
}

#[test]
fn a_secret_is_not_tried_after_its_end() {
    let endpoint = check(
        r#"{"version": 1, "provider": "github", "secrets": [
            {"id": "old", "value": "x", "not_after": "2026-11-21T00:00:00Z"},
            {"id": "new", "value": "y"}]}"#,
    )
    .expect("usable");
    let live = |millis| endpoint.secrets(None, EpochMillis::new(millis)).expect("some").len();
    assert_eq!(live(1_795_219_200_000), 2);
    assert_eq!(live(1_795_219_200_001), 1);
}

#[test]
fn the_ignore_list_wins_over_the_accept_list() {
    let endpoint = check(
        r#"{"version": 1, "provider": "github", "secrets": [{"id": "s1", "value": "x"}],
            "events": {"accept": ["push", "issues.*"], "ignore": ["issues.deleted"]}}"#,
    )
    .expect("usable");
    for (event_type, expected) in [
        ("push", Expected::Yes),
        ("issues.opened", Expected::Yes),
        ("issues.deleted", Expected::Ignored),
        ("star", Expected::No),
    ] {
        assert_eq!(endpoint.expects(&event_type.parse().expect("a type")), expected);
    }
}

#[test]
fn a_window_can_be_widened_within_bounds_and_not_narrowed() {
    let window = |provider: &str, seconds: u32| {
        let json = r#"{"version": 1, "provider": "PROVIDER", "window_seconds": SECONDS,
            "secrets": [{"id": "s1", "value": "x"}]}"#;
        let json = json.replace("PROVIDER", provider).replace("SECONDS", &seconds.to_string());
        check(&json).map(|endpoint| endpoint.provider().window_seconds())
    };
    assert_eq!(window("stripe", 300), Ok(Some(300)));
    assert_eq!(window("stripe", 345_600), Ok(Some(345_600)));
    let bounds = "window_seconds must be from 300, the provider's own, to 345600";
    assert_eq!(window("stripe", 299), Err(vec![bounds.to_owned()]));
    assert_eq!(window("stripe", 345_601), Err(vec![bounds.to_owned()]));
    // As long as its retries, which carry the time of the first try.
    assert_eq!(window("linear", 25_860), Ok(Some(25_860)));
    let none = "window_seconds: the provider states no time that is checked";
    assert_eq!(window("github", 300), Err(vec![none.to_owned()]));
}

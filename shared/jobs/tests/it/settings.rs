//! The settings are one document, in TOML or in JSON, and what they hold is not shown.

use hookdock_jobs::settings::UnusableSettings;
use hookdock_jobs::{Settings, registry};

use crate::world::read;

const EXAMPLE: &str = include_str!("../../../../infra/jobs.example.toml");

fn names(settings: Settings) -> Vec<String> {
    registry(settings).jobs().map(|job| job.name().as_str().to_owned()).collect()
}

#[test]
fn a_job_without_its_settings_is_off() {
    let names: Vec<_> =
        registry(Settings::default()).jobs().map(|job| job.name().as_str().to_owned()).collect();
    assert_eq!(names, ["fulfil_order"]);
}

#[test]
fn the_example_has_every_job_on() {
    assert_eq!(
        names(read(EXAMPLE)),
        [
            "fulfil_order",
            "triage_ticket",
            "sync_customer_stripe",
            "sync_customer_shopify",
            "send_notification_pushes",
            "send_notification_refunds",
            "send_notification_shop",
            "deliver_orders",
        ]
    );
}

#[test]
fn json_says_the_same_as_toml() {
    let value: serde_json::Value = toml::from_str(EXAMPLE).expect("TOML");
    let read_json = Settings::from_json(&value.to_string()).expect("usable");
    assert_eq!(read_json, read(EXAMPLE));
}

#[test]
fn no_secret_is_shown() {
    let shown = format!("{:?}", read(EXAMPLE));
    for secret in ["crm-token", "zendesk-token", "services/T000", "crm.example.com"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

fn check(json: &str, place_and_reason: &str) {
    let error: UnusableSettings = Settings::from_json(json).expect_err("not usable");
    let text = format!("the jobs' settings are not right at {place_and_reason}");
    assert_eq!(error.to_string(), text, "{json}");
}

#[test]
fn what_cannot_be_used_is_named_by_its_key_with_the_reason_and_no_value_is_quoted() {
    check(r#"{}"#, "line 1, column 2: .: missing field `version`");
    check(r#"{"version": 2}"#, "line 1, column 14: version: this code reads version 1");
    check(
        r#"{"version": 1, "sync_customer": {"crm": "hunter2"}}"#,
        "line 1, column 49: sync_customer.crm: a table is expected here, and a string is there",
    );
    check(
        r#"{"version": 1, "sync_customer": {"crm": {"url": "http://", "token": "hunter2"}}}"#,
        "line 1, column 57: sync_customer.crm.url: not a URL",
    );
    check(
        r#"{"version": 1, "send_notification": {"a": {"endpoint": "*", "events": "hunter2"}}}"#,
        "line 1, column 79: send_notification.a.events: a list is expected here, and a string is there",
    );
    check(r#"{"version": 1} {"#, "line 1, column 16: .: trailing characters");
    for crm in ["crm.example.com", "ftp://crm.example.com", "https://", "not a url"] {
        let api = format!(r#"{{"url": "{crm}", "token": "hunter2"}}"#);
        let json = format!(r#"{{"version": 1, "sync_customer": {{"crm": {api}}}}}"#);
        let error = Settings::from_json(&json).expect_err("not usable").to_string();
        assert!(!error.contains("hunter2") && !error.contains("example"), "{error}");
    }
    for name in ["Pushes", "a b", ""] {
        let notification = r#"{"endpoint": "*", "to": {"topic": {}}}"#;
        let json =
            format!(r#"{{"version": 1, "send_notification": {{"{name}": {notification}}}}}"#);
        assert!(Settings::from_json(&json).is_err(), "{name:?}");
    }
}

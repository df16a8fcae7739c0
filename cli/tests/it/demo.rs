//! `hookdock demo`.

use serde_json::Value;

use crate::support::run;

#[test]
fn the_demonstration_shows_eight_right_outcomes() {
    let output = run(&["demo", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["right"], true, "{report:#}");
    let rows = report["rows"].as_array().expect("rows");
    let states: Vec<_> = rows.iter().map(|row| row["state"].as_str().expect("a state")).collect();
    assert_eq!(
        states,
        ["done", "done", "done", "done", "done", "refused", "refused", "dead"],
        "{report:#}"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_demonstration_is_a_table_for_a_person() {
    let output = run(&["demo"]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    for part in ["a Stripe checkout", "refused", "dead", "deliveries/github/", "8 of 8 outcomes"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

//! The threat model names the test of each guard, and each is there.

use std::collections::BTreeSet;
use std::fs;

use super::page::{Page, root};
use super::text_of;

/// A test, and the file that it is in: ``[`name`](path)``.
struct Named<'a> {
    test: &'a str,
    file: &'a str,
}

/// The tests that a text names.
fn named(text: &str) -> Vec<Named<'_>> {
    let parts = text.split("[`").skip(1);
    let named = parts.filter_map(|part| {
        let (test, rest) = part.split_once("`](")?;
        let (file, _) = rest.split_once(')')?;
        Some(Named { test, file })
    });
    named.collect()
}

/// Whether the file has a function of this name that is marked as a test, or is one by its name.
fn has(source: &str, test: &str) -> bool {
    let lines: Vec<&str> = source.lines().collect();
    lines.iter().enumerate().any(|(place, line)| {
        let line = line.trim_start();
        let in_python = line.starts_with(&format!("def {test}("));
        let in_rust = [format!("fn {test}("), format!("async fn {test}(")];
        let before = lines[..place].iter().rev().map(|line| line.trim_start());
        let mut marks = before.take_while(|line| line.starts_with("#["));
        let mut marked = || marks.any(|mark| mark.contains("test]") || mark.contains("test("));
        in_python || (in_rust.iter().any(|start| line.starts_with(start.as_str())) && marked())
    })
}

/// Whether it is a row of the table of guards: it says what an attacker cannot do.
fn is_guard(line: &str) -> bool {
    line.starts_with("| ") && line.matches(" | ").count() == 1 && !line.starts_with("| ---")
}

#[test]
fn every_guard_of_the_threat_model_has_a_test_that_is_there() {
    let text = text_of("SECURITY.md");
    let all = named(&text);
    let different: BTreeSet<&str> = all.iter().map(|named| named.test).collect();
    assert!(different.len() >= 50, "{}", different.len());
    for Named { test, file } in &all {
        let source = fs::read_to_string(root().join(file)).unwrap_or_default();
        assert!(has(&source, test), "{file} has no test {test}");
    }
    let guards = text.lines().filter(|line| is_guard(line) && !line.ends_with("| test |"));
    let without: Vec<&str> =
        guards.filter(|line| !line.contains("[`") && !line.contains("`tests/run ")).collect();
    assert_eq!(without, [""; 0]);
}

#[test]
fn a_test_that_is_not_there_is_noticed() {
    let rust = "    #[tokio::test]\n    #[expect(x)]\n    async fn one() {\n#[test]\nfn two() {}\nfn three() {}";
    for (test, expected) in [("one", true), ("two", true), ("three", false), ("tw", false)] {
        assert_eq!(has(rust, test), expected, "{test}");
    }
    assert!(has("def test_a(stack: Stack) -> None:", "test_a"));
    let named = named("| x | [`one`](a.rs), [`two`](b.rs) |");
    assert_eq!(
        named.iter().map(|named| (named.test, named.file)).collect::<Vec<_>>(),
        [("one", "a.rs"), ("two", "b.rs")]
    );
}

#[test]
fn the_security_step_runs_the_tests_that_the_threat_model_names() {
    let step = text_of("tests/run");
    assert!(
        step.contains("SECURITY.md") && step.contains("no_request_of_anybody_breaks_a_promise")
    );
    assert!(Page::all().iter().any(|page| page.name() == "SECURITY.md"));
}

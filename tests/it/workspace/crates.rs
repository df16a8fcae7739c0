//! Which crate of the workspace stands on which, and where else that is written down.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::{cargo, root};

/// Who depends on whom, in names without the `hookdock-` of all of them.
type Edges = BTreeSet<(String, String)>;

/// By Cargo: of the kinds of dependencies that are asked for.
fn dependencies(kinds: &[Option<&str>]) -> Edges {
    let text = cargo(&["metadata", "--locked", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&text).expect("JSON");
    let mut edges = Edges::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
        let wanted = dependencies.filter(|other| kinds.contains(&other["kind"].as_str()));
        let names = wanted.filter_map(|other| short(&other["name"]));
        edges.extend(names.filter_map(|other| Some((short(&package["name"])?, other))));
    }
    edges
}

fn short(name: &Value) -> Option<String> {
    name.as_str()?.strip_prefix("hookdock-").map(str::to_owned)
}

/// By ARCHITECTURE.md: `one -> other`, line for line.
fn diagram(page: &str) -> Edges {
    let (_, section) = page.split_once("\n## Crates\n").expect("a section on the crates");
    let (_, block) = section.split_once("```text\n").expect("a diagram");
    let (lines, _) = block.split_once("```").expect("its end");
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    let edge = |line: &str| {
        let (from, to) = line.split_once(" -> ").expect(line);
        (from.to_owned(), to.to_owned())
    };
    lines.map(edge).collect()
}

/// By deny.toml: who may name each crate of ours.
fn allowed(text: &str) -> Edges {
    let deny: Value = toml::from_str(text).expect("TOML");
    let mut edges = Edges::new();
    for entry in deny["bans"]["deny"].as_array().expect("entries") {
        let wrappers = entry["wrappers"].as_array().into_iter().flatten();
        let to = short(&entry["crate"]);
        edges.extend(wrappers.filter_map(short).filter_map(|from| Some((from, to.clone()?))));
    }
    edges
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).expect("a text")
}

/// The arrows that one of the two lacks.
fn compare(said: &Edges, real: &Edges) {
    let arrows = |one: &Edges, other: &Edges| {
        let arrows = one.difference(other).map(|(from, to)| format!("{from} -> {to}"));
        arrows.collect::<Vec<_>>().join("\n")
    };
    let (missing, false_ones) = (arrows(real, said), arrows(said, real));
    assert!(said == real, "not said:\n{missing}\nsaid, and not so:\n{false_ones}");
}

#[test]
fn the_diagram_of_the_crates_shows_what_each_is_built_from() {
    compare(&diagram(&read("ARCHITECTURE.md")), &dependencies(&[None]));
}

#[test]
fn each_crate_may_be_named_by_those_that_name_it_and_by_no_other() {
    compare(&allowed(&read("deny.toml")), &dependencies(&[None, Some("dev"), Some("build")]));
}

#[test]
fn a_diagram_is_read_line_for_line() {
    let page =
        "# A\n\n```text\nx -> y\n```\n\n## Crates\n\nText.\n\n```text\na -> b\n\nb -> c\n```\n";
    let edges = [("a", "b"), ("b", "c")].map(|(from, to)| (from.to_owned(), to.to_owned()));
    assert_eq!(diagram(page), edges.into());
}

#[test]
#[should_panic(expected = "not said:\na -> c\nsaid, and not so:\na -> b")]
fn an_arrow_that_is_missing_and_one_that_is_false_are_named() {
    let edge = |to: &str| Edges::from([("a".to_owned(), to.to_owned())]);
    compare(&edge("b"), &edge("c"));
}
